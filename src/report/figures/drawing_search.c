/* drawing_search.c: the criterion of each trial of a search, and the AUC at the target against it.
 */
#include "drawings.h"

#include "figure.h"
#include "figure_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const stages[] = {"classifier", "adaptation"};
enum { STAGES = 2, MOST_TICKS = 12 /* with a number at each trial */ };

/* A stage with one trial has nothing to compare. */
static bool is_drawn(const search_results *r, int stage) {
  int trials;
  search_part_of(r, stages[stage], &trials);
  return trials > 1;
}

static char *search_table(const search_results *r) {
  buffer out = {0};
  buffer_add(&out, "stage\ttrial\twhole_budget\tchosen\tcriterion\tauc\tfolder\n");
  for (int i = 0; i < r->trials; i++) {
    const search_trial *t = &r->trial[i];
    buffer_add(&out, "%d\t", strcmp(t->stage, stages[0]) ? 1 : 0);
    tsv_number(&out, t->number);
    buffer_add(&out, "\t%d\t%d", t->budget && strcmp(t->budget, "1") == 0, search_is_chosen(r, t));
    tsv_column(&out, t->criterion);
    tsv_column(&out, t->auc);
    buffer_add(&out, "\t");
    tsv_name(&out, t->folder);
    buffer_add(&out, "\n");
  }
  return out.text;
}

/* One panel: full points had the whole budget, open ones a part; a ring is the chosen one. */
static void put_panel(buffer *out, int stage, int x, int y) {
  buffer_add(
      out,
      "plot table using ($1 == %d && $3 == 0 ? $%d : NaN):%d with points pt 6 ps 0.8 lw 2 lc "
      "rgb '#56B4E9' title 'part of the budget', \\\n"
      "  '' using ($1 == %d && $3 == 1 ? $%d : NaN):%d with points pt 7 ps 0.8 lc rgb "
      "'#0072B2' title 'whole budget', \\\n"
      "  '' using ($1 == %d && $4 == 1 ? $%d : NaN):%d with points pt 6 ps 1.8 lw 2 lc rgb "
      "'#D55E00' title 'chosen'\n",
      stage, x, y, stage, x, y, stage, x, y);
}

static const char plot_head[] = "set border 3\n"
                                "set grid ytics lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
                                "set tics nomirror\n"
                                "set offsets graph 0.08, graph 0.08, graph 0.08, graph 0.08\n";

static void put_stage(buffer *out, const search_results *r, int stage) {
  int trials;
  const search_part *part = search_part_of(r, stages[stage], &trials);
  char *criterion = tsv_quoted(part ? part->criterion : "criterion");
  buffer_add(out,
             "set key above samplen 1 reverse Left\nset xtics %s\nset xlabel 'trial of the "
             "%s'\nset ylabel '%s'\n",
             trials > MOST_TICKS ? "autofreq" : "1", stages[stage], criterion);
  put_panel(out, stage, 2, 5);
  if (search_is_measured(r, stages[stage])) {
    buffer_add(out,
               "unset key\nset xtics autofreq\nset xlabel '%s'\nset ylabel 'AUC at the target'\n",
               criterion);
    put_panel(out, stage, 5, 6);
  }
  free(criterion);
}

int drawing_search(const search_results *r, report_files *files, char **svg) {
  const bool measured = search_is_measured(r, stages[0]) || search_is_measured(r, stages[1]);
  const int rows = is_drawn(r, 0) + is_drawn(r, 1), columns = measured ? 2 : 1;
  buffer plot = {0};
  char *table = search_table(r);
  buffer_add(&plot, "%sset multiplot layout %d,%d\n", plot_head, rows, columns);
  for (int k = 0; k < STAGES; k++) {
    if (is_drawn(r, k)) put_stage(&plot, r, k);
  }
  buffer_add(&plot, "unset multiplot\n");
  const figure f = {.name = "search",
                    .title = "The criterion of each trial and, where it was measured, the AUC at "
                             "the target against it; the table has the numbers",
                    .width = 480 * columns,
                    .height = 360 * rows,
                    .table = table,
                    .plot = plot.text};
  const int status = figure_draw(files, &f, svg);
  buffer_free(&plot);
  free(table);
  return status;
}
