/* drawing_labels.c: what adaptation is worth in labelled images, the paper's S1 Fig. */
#include "drawings.h"

#include "figure.h"
#include "figure_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether no earlier row has the site. */
static bool new_site(const results *r, int row) {
  for (int i = 0; i < row; i++) {
    if (strcmp(r->labelled[i].site, r->labelled[row].site) == 0) return false;
  }
  return true;
}

static void add_row(buffer *out, int panel, const char *site, const char *kind, const char *name) {
  buffer_add(out, "\n%d\t", panel);
  tsv_name(out, site);
  buffer_add(out, "\t%s\t", kind);
  tsv_name(out, name);
}

/* ---- names on the lines ---------------------------------------------------------------------- */

enum { HIGHEST = 104 }; /* of the axis: room for a name above 100 */

/* The AUC that the height of a name takes; all panels have one axis, from the lowest value. */
static double name_height(const results *r) {
  double lowest = 100;
  for (int i = 0; i < r->labelleds; i++) {
    lowest = fmin(lowest, fmin(r->labelled[i].m.auc, r->labelled[i].m.low));
  }
  for (int i = 0; i < r->n; i++) lowest = fmin(lowest, r->pair[i].m[ADAPTED].low);
  return 0.075 * (HIGHEST - lowest);
}

static bool is_above(const results *r, int a, int b) {
  const double x = r->pair[a].m[ADAPTED].auc, y = r->pair[b].m[ADAPTED].auc;
  return x > y || (x == y && a < b);
}

/* Where a line's name stands: above its line, or below the name of the line above it. */
static double place_name(const results *r, int row, double height) {
  const pair *p = &r->pair[row];
  double place = p->m[ADAPTED].auc + height / 2;
  int next = -1;
  for (int i = 0; i < r->n; i++) {
    if (strcmp(r->pair[i].target, p->target) != 0 || !is_above(r, i, row)) continue;
    if (next < 0 || is_above(r, next, i)) next = i;
  }
  return next < 0 ? place : fmin(place, place_name(r, next, height) - height);
}

/* One site's curve, then the adapted classifiers that are tested there. */
static void add_panel(buffer *out, const results *r, int panel, const char *site) {
  const double height = name_height(r);
  for (int i = 0; i < r->labelleds; i++) {
    const labelled *l = &r->labelled[i];
    if (strcmp(l->site, site) != 0) continue;
    add_row(out, panel, site, "labels", site);
    tsv_column(out, l->count);
    tsv_measure(out, &l->m);
    tsv_column(out, NAN);
  }
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (strcmp(p->target, site) != 0) continue;
    add_row(out, panel, site, "adapted", p->source);
    tsv_column(out, p->equivalent.value > 0 ? p->equivalent.value : NAN);
    tsv_measure(out, &p->m[ADAPTED]);
    tsv_column(out, place_name(r, i, height));
  }
}

static char *labels_table(const results *r, int *panels) {
  buffer out = {0};
  *panels = 0;
  buffer_add(&out, "panel\tsite\tkind\tname\tcount\tauc\tlow\thigh\tname_at");
  for (int i = 0; i < r->labelleds; i++) {
    if (new_site(r, i)) add_panel(&out, r, ++*panels, r->labelled[i].site);
  }
  buffer_add(&out, "\n");
  return out.text;
}

/* first, last: of the counts.  A row of another panel or kind is not drawn; gnuplot breaks down
 * where none of a plot's rows is, so what was adapted is drawn only where something was. */
static const char labels_panel[] =
    "set title '%s' offset 0,-0.6\n"
    "plot table using ($1 == %d && strcol(3) eq 'labels' ? $5 : NaN):6 with lines lw 2 lc rgb "
    "'#0072B2' notitle, \\\n"
    "  '' using ($1 == %d && strcol(3) eq 'labels' ? $5 : NaN):6:7:8 with yerrorbars pt 7 ps 0.6 "
    "lw 1 lc rgb '#0072B2' notitle";
static const char adapted_lines[] =
    ", \\\n  '' using ($1 == %d && strcol(3) eq 'adapted' ? first : NaN):6:(last-first):(0) "
    "with vectors nohead lw 2 dt 2 lc rgb '#009E73' notitle, \\\n"
    "  '' using ($1 == %d && strcol(3) eq 'adapted' ? last : NaN):9:(sprintf('from %%s', "
    "strcol(4))) with labels right notitle, \\\n"
    "  '' using ($1 == %d && strcol(3) eq 'adapted' ? $5 : NaN):6 with points pt 6 ps 1.5 lw 3 lc "
    "rgb '#D55E00' notitle";

static bool any_adapted(const results *r, const char *site) {
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (strcmp(p->target, site) == 0 && isfinite(p->m[ADAPTED].auc)) return true;
  }
  return false;
}

static char *labels_plot(const results *r, int panels) {
  buffer out = {0};
  double first = INFINITY, last = 0;
  for (int i = 0; i < r->labelleds; i++) {
    first = fmin(first, r->labelled[i].count);
    last = fmax(last, r->labelled[i].count);
  }
  buffer_add(&out,
             "first = %g\nlast = %g\nset multiplot layout %d,2\nset border 3\nset tics nomirror\n"
             "set grid lt 1 lw 0.5 lc rgb '#c8c8c8'\nset logscale x\nset xrange [%g:%g]\n"
             "set format x '%%g'\nset xlabel 'labelled images' offset 0,0.5\nset ylabel 'AUC, per "
             "cent'\nset yrange [*:%d]\n",
             first / 1.3, last * 1.3, (panels + 1) / 2, first / 1.3, last * 1.3, HIGHEST);
  for (int i = 0, k = 0; i < r->labelleds; i++) {
    if (!new_site(r, i)) continue;
    char *site = tsv_quoted(r->labelled[i].site);
    k++;
    buffer_add(&out, labels_panel, site, k, k);
    if (any_adapted(r, r->labelled[i].site)) buffer_add(&out, adapted_lines, k, k, k);
    buffer_add(&out, "\n");
    free(site);
  }
  buffer_add(&out, "unset multiplot\n");
  return out.text;
}

int drawing_labels(const results *r, report_files *files, char **svg) {
  int panels;
  char *table = labels_table(r, &panels), *plot = labels_plot(r, panels);
  const figure f = {.name = "labels",
                    .title = "Curves of AUC by the number of labelled images of the target, with "
                             "the AUC of the adapted classifiers as dashed lines and circles where "
                             "they meet; the table below has the numbers",
                    .width = 900,
                    .height = 400 * ((panels + 1) / 2),
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
  free(plot);
  free(table);
  return status;
}
