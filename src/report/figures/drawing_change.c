/* drawing_change.c: relative change of AUC, the paper's Figs 2B and 3B. */
#include "drawings.h"

#include "figure.h"
#include "figure_table.h"
#include "published.h"
#include "text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool same_source(const results *r, int i, int j) {
  return strcmp(r->pair[i].source, r->pair[j].source) == 0;
}

static bool first_of_source(const results *r, int k) {
  for (int i = 0; i < k; i++) {
    if (same_source(r, i, k)) return false;
  }
  return true;
}

static double mean_of_source(const results *r, int first) {
  double total = 0;
  int n = 0;
  for (int i = first; i < r->n; i++) {
    const double change = report_relative_change(&r->pair[i]);
    if (!same_source(r, i, first) || isnan(change)) continue;
    total += change;
    n++;
  }
  return n ? total / n : NAN;
}

/* One colour for neighbours of one source, the other for the next. */
static void add_source(buffer *out, const results *r, int first, int colour, int *place) {
  for (int i = first; i < r->n; i++) {
    if (!same_source(r, i, first)) continue;
    tsv_number(out, ++*place);
    buffer_add(out, "\t%d\t", colour);
    tsv_pair(out, &r->pair[i]);
    tsv_column(out, report_relative_change(&r->pair[i]));
    tsv_column(out, mean_of_source(r, first));
    tsv_column(out, 100 * r->pair[i].low / r->pair[i].m[EXTERNAL].auc);
    tsv_column(out, 100 * r->pair[i].high / r->pair[i].m[EXTERNAL].auc);
    buffer_add(out, "\n");
  }
}

static void add_mean(buffer *out, double place, const char *name, double change) {
  tsv_number(out, place);
  buffer_add(out, "\t2\t%s", name);
  tsv_column(out, change);
  buffer_add(out, "\tnan\tnan\tnan\n");
}

static char *change_table(const results *r) {
  buffer out = {0};
  const paper *p = paper_of(r);
  int place = 0, sources = 0;
  buffer_add(&out, "place\tcolour\tpair\tchange\tmean_of_source\tlow\thigh\n");
  for (int i = 0; i < r->n; i++) {
    if (first_of_source(r, i)) add_source(&out, r, i, sources++ % 2, &place);
  }
  if (r->n > 1) add_mean(&out, r->n + 1.5, "mean", r->summary.relative_gain);
  if (p) add_mean(&out, r->n + 0.5 + tsv_means(r), "mean in the paper", p->summary.relative_gain);
  return out.text;
}

static const char change_plot[] =
    "set key above horizontal maxrows 1 samplen 2 reverse Left\n"
    "set border 2\n"
    "set grid ytics lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
    "set ytics nomirror\n"
    "set ylabel 'change of AUC, per cent'\n"
    "set xtics nomirror scale 0 rotate by -35\n"
    "set xrange [0.4:%.1f]\n"
    "set style fill solid 1.0 noborder\n"
    "set yrange [*<0:0<*]\n"
    "set xzeroaxis lt 1 lc rgb 'black'\n"
    "plot table using 1:($2 == 0 ? $4 : NaN):(0.7) with boxes lc rgb '#0072B2' notitle, \\\n"
    "  '' using 1:($2 == 1 ? $4 : NaN):(0.7) with boxes lc rgb '#56B4E9' notitle, \\\n"
    "  '' using 1:($2 == 2 ? $4 : NaN):(0.7) with boxes lc rgb '#999999' notitle, \\\n"
    "  '' using 1:(NaN):xtic(3) with points notitle, \\\n"
    "  '' using 1:6:(0):($7-$6) with vectors nohead lw 2 lc rgb 'black' notitle, \\\n"
    "  '' using ($1-0.5):5:(1):(0) with vectors nohead lw 3 dt 3 lc rgb 'black' "
    "title 'mean of the source'\n";

int drawing_change(const results *r, report_files *files, char **svg) {
  char *table = change_table(r);
  char *plot = text_format(change_plot, r->n + tsv_means(r) + (tsv_means(r) ? 1.1 : 0.6));
  const figure f = {.name = "change",
                    .title = "Bars of the relative change of AUC by adaptation of each pair of "
                             "sites, with the mean of each source as a dotted line",
                    .width = 480 + 60 * r->n,
                    .height = 460,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
  free(plot);
  free(table);
  return status;
}
