/* drawing_reliability.c: whether probabilities are right, the paper's S2 Fig. */
#include "drawings.h"

#include "figure.h"
#include "figure_table.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_name[] = {"before", "after", "scaled"};
enum { KINDS = 3 }; /* BEFORE, AFTER, SCALED */

/* A share of fewer images is hardly known. */
static bool is_drawn(const reliability_bin *b) { return b->n >= RELIABILITY_FEWEST; }

/* Whether anything of the three is drawn. */
static bool has_bins(const pair *p) {
  for (int k = 0; k < KINDS; k++) {
    const reliability *c = &p->reliability[k];
    for (int i = 0; i < c->bins; i++) {
      if (is_drawn(&c->bin[i])) return true;
    }
  }
  return false;
}

static int count_panels(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += has_bins(&r->pair[i]);
  return n;
}

static void add_curve(buffer *out, const pair *p, int panel, int kind) {
  const reliability *c = &p->reliability[kind];
  for (int i = 0; i < c->bins; i++) {
    const reliability_bin *b = &c->bin[i];
    if (!is_drawn(b)) continue;
    buffer_add(out, "\n%d\t", panel);
    tsv_pair(out, p);
    buffer_add(out, "\t%s", kind_name[kind]);
    tsv_column(out, b->confidence);
    tsv_column(out, b->accuracy);
    tsv_column(out, b->n);
  }
}

static char *reliability_table(const results *r) {
  buffer out = {0};
  int panel = 0;
  buffer_add(&out, "panel\tpair\tkind\tconfidence\taccuracy\timages");
  for (int i = 0; i < r->n; i++) {
    if (!has_bins(&r->pair[i])) continue;
    panel++;
    for (int k = 0; k < KINDS; k++) add_curve(&out, &r->pair[i], panel, k);
  }
  buffer_add(&out, "\n");
  return out.text;
}

static const char reliability_head[] =
    "set multiplot layout %d,3 title 'dashed: before adaptation; solid: after; dotted: after, with "
    "temperature'\n"
    "set border 3\n"
    "set tics nomirror 0.5\n"
    "set size square\n"
    "set xrange [0:1]\n"
    "set yrange [0:1]\n"
    "set xlabel 'probability' offset 0,0.5\n"
    "set ylabel 'observed share' offset 1,0\n"
    "set grid lt 1 lw 0.5 lc rgb '#c8c8c8'\n";

static const char *const curve_style[] = {
    "dt 2 pt 6 lc rgb '#E69F00'", "dt 1 pt 7 lc rgb '#009E73'", "dt 3 pt 6 lc rgb '#0072B2'"};

static void put_panel(buffer *out, const pair *p, int panel) {
  char *source = tsv_quoted(p->source), *target = tsv_quoted(p->target);
  buffer_add(out, "set title '%s → %s' offset 0,-0.6\nplot x with lines lc rgb 'black' notitle",
             source, target);
  for (int k = 0; k < KINDS; k++) {
    buffer_add(
        out,
        ", \\\n  table using ($1 == %d && strcol(3) eq '%s' ? $4 : NaN):5 with linespoints ps "
        "0.5 lw 2 %s notitle",
        panel, kind_name[k], curve_style[k]);
  }
  buffer_add(out, "\n");
  free(source);
  free(target);
}

static char *reliability_plot(const results *r, int rows) {
  buffer out = {0};
  int panel = 0;
  buffer_add(&out, reliability_head, rows);
  for (int i = 0; i < r->n; i++) {
    if (has_bins(&r->pair[i])) put_panel(&out, &r->pair[i], ++panel);
  }
  buffer_add(&out, "unset multiplot\n");
  return out.text;
}

int drawing_reliability(const results *r, report_files *files, char **svg) {
  const int panels = count_panels(r), rows = (panels + 2) / 3;
  *svg = NULL;
  if (panels == 0) return 0;
  char *table = reliability_table(r), *plot = reliability_plot(r, rows);
  const figure f = {.name = "calibration",
                    .title = "Reliability curves of each pair before and after adaptation; the "
                             "table below has the errors of calibration",
                    .width = 960,
                    .height = 40 + 330 * rows,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
  free(plot);
  free(table);
  return status;
}
