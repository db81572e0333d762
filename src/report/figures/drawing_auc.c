/* drawing_auc.c: bars of AUC, the paper's Figs 2A and 3A. */
#include "drawings.h"

#include "effect.h"
#include "figure.h"
#include "figure_table.h"
#include "published.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

double drawing_auc_floor(const results *r) {
  const paper *p = paper_of(r);
  double least = p ? fmin(50, p->summary.external.value) : 50;
  for (int i = 0; i < r->n; i++) {
    for (int k = 0; k < MEASURES; k++) {
      least = fmin(least, fmin(r->pair[i].m[k].auc, r->pair[i].m[k].low));
    }
  }
  return fmax(0, 10 * floor(least / 10));
}

/* Bars of means, without ceiling. */
static void add_mean(buffer *out, double place, const char *name, const summary *s, bool adapted) {
  const interval none = {NAN, NAN, NAN};
  const interval mean[] = {s->internal, s->external, adapted ? s->adapted : none};
  tsv_number(out, place);
  buffer_add(out, "\t%s", name);
  for (int k = 0; k < 3; k++) {
    tsv_column(out, mean[k].value);
    tsv_column(out, mean[k].low);
    tsv_column(out, mean[k].high);
  }
  buffer_add(out, "\tnan\tnan\tnan\n");
}

static const measure unknown = {.auc = NAN, .low = NAN, .high = NAN};

static char *auc_table(const results *r) {
  buffer out = {0};
  const paper *p = paper_of(r);
  buffer_add(&out, "index\tpair");
  for (int k = 0; k < MEASURES; k++) {
    const char *name = report_measure_name[k];
    buffer_add(&out, "\t%s\t%s_low\t%s_high", name, name, name);
  }
  buffer_add(&out, "\n");
  for (int i = 0; i < r->n; i++) {
    tsv_number(&out, i + 1);
    buffer_add(&out, "\t");
    tsv_pair(&out, &r->pair[i]);
    for (int k = 0; k < MEASURES; k++) {
      const bool left = k == ADAPTED && effect_of(&r->pair[i]) == EFFECT_LEFT;
      tsv_measure(&out, left ? &unknown : &r->pair[i].m[k]);
    }
    buffer_add(&out, "\n");
  }
  if (r->n > 1) add_mean(&out, r->n + 1.5, "mean", &r->summary, effect_count_adapted(r) > 0);
  if (p) add_mean(&out, r->n + 0.5 + tsv_means(r), "mean in the paper", &p->summary, true);
  return out.text;
}

/* Bars of width 0.25 beside each other; the ceiling is a dotted line over the group. */
static const char auc_plot[] =
    "set key above horizontal maxrows 1 samplen 2 reverse Left\n"
    "set border 3\n"
    "set grid ytics lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
    "set ytics nomirror 10\n"
    "set ylabel 'AUC, per cent'\n"
    "set xtics nomirror scale 0%s\n"
    "set xrange [0.4:%.1f]\n"
    "set yrange [%g:100.5]\n"
    "set style fill solid 1.0 noborder\n"
    "plot table using ($1-0.26):3:(0.25) with boxes lc rgb '#0072B2' title 'internal', \\\n"
    "  '' using 1:6:(0.25):xtic(2) with boxes lc rgb '#E69F00' title 'external', \\\n"
    "  '' using ($1+0.26):9:(0.25) with boxes lc rgb '#009E73' title 'adapted', \\\n"
    "  '' using ($1-0.26):4:(0):($5-$4) with vectors nohead lw 2 lc rgb 'black' notitle, \\\n"
    "  '' using 1:7:(0):($8-$7) with vectors nohead lw 2 lc rgb 'black' notitle, \\\n"
    "  '' using ($1+0.26):10:(0):($11-$10) with vectors nohead lw 2 lc rgb 'black' notitle, \\\n"
    "  '' using ($1-0.44):12:(0.88):(0) with vectors nohead lw 3 dt 3 lc rgb 'black' "
    "title 'ceiling'\n";

int drawing_auc(const results *r, report_files *files, char **svg) {
  const int means = tsv_means(r), bars = r->n + means;
  char *table = auc_table(r);
  char *plot = text_format(auc_plot, bars > 3 ? " rotate by -35" : "", bars + (means ? 1.1 : 0.6),
                           drawing_auc_floor(r));
  const figure f = {.name = "auc",
                    .title = "Bars of internal, external and adapted AUC of each pair of sites, "
                             "with the ceiling as a dotted line; Table 1 has the numbers",
                    .width = bars > 3 ? 480 + 60 * bars : 720,
                    .height = bars > 3 ? 500 : 440,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
  free(plot);
  free(table);
  return status;
}
