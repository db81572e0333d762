/* drawing_pooled.c: classifiers of all sites by how much they were trained on, the paper's Fig 4.
 */
#include "drawings.h"

#include "figure.h"
#include "figure_table.h"
#include "published.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every row has the sites of the first, in its order. */
static const measure *find_site(const pooled *p, const char *site) {
  static const measure none = {.auc = NAN, .low = NAN, .high = NAN};
  for (int i = 0; i < p->sites; i++) {
    if (strcmp(p->site[i].site, site) == 0) return &p->site[i].m;
  }
  return &none;
}

static char *pooled_table(const results *r) {
  buffer out = {0};
  const pooled *first = &r->pooled[0];
  buffer_add(&out, "percent\timages\tglobal\tglobal_low\tglobal_high\tspread\tspread_paper");
  for (int k = 0; k < first->sites; k++) {
    buffer_add(&out, "\t");
    tsv_name(&out, first->site[k].site);
    buffer_add(&out, "\tlow\thigh");
  }
  for (int i = 0; i < r->pooleds; i++) {
    const pooled *p = &r->pooled[i];
    buffer_add(&out, "\n");
    tsv_number(&out, p->percent);
    tsv_column(&out, p->images);
    tsv_measure(&out, &p->global);
    tsv_column(&out, p->spread);
    tsv_column(&out, paper_spread_at(paper_of(r), p->percent));
    for (int k = 0; k < first->sites; k++) tsv_measure(&out, find_site(p, first->site[k].site));
  }
  buffer_add(&out, "\n");
  return out.text;
}

static const char pooled_head[] =
    "set multiplot layout 2,2\n"
    "set border 3\n"
    "set tics nomirror\n"
    "set grid lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
    "set logscale x\n"
    "set xrange [%g:%g]\n"
    "set format x '%%g'\n"
    "set xlabel 'per cent of the training images' offset 0,0.5\n"
    "set key bottom right samplen 2\n"
    "set title 'A. all sites together: AUC' offset 0,-0.6\n"
    "plot table using 1:3 with linespoints pt 7 ps 0.6 lw 2 lc rgb '#0072B2' notitle, \\\n"
    "  '' using 1:3:4:5 with yerrorbars pt 7 ps 0.6 lw 2 lc rgb '#0072B2' notitle\n"
    "set title 'B. site by site: AUC'\n"
    "plot ";

static const char *const site_colour[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                          "#E69F00", "#56B4E9", "#000000"};
enum { COLOURS = sizeof site_colour / sizeof *site_colour };

static void put_sites(buffer *out, int sites) {
  for (int k = 0; k < sites; k++) {
    const int column = 8 + 3 * k, dash = 1 + k % 5;
    const char *colour = site_colour[k % COLOURS];
    buffer_add(out,
               "%s using 1:%d with linespoints pt 7 ps 0.6 lw 2 dt %d lc rgb '%s' title "
               "columnheader(%d), \\\n  '' using 1:%d:%d:%d with yerrorbars pt 0 lw 1 lc rgb '%s' "
               "notitle",
               k ? ", \\\n  ''" : "table", column, dash, colour, column, column, column + 1,
               column + 2, colour);
  }
  if (!sites) buffer_add(out, "table using 1:3 with lines notitle");
}

static bool any_spread(const results *r) {
  for (int i = 0; i < r->pooleds; i++) {
    if (r->pooled[i].spread > 0) return true;
  }
  return false;
}

static char *pooled_plot(const results *r) {
  buffer out = {0};
  double least = INFINITY, most = 0;
  for (int i = 0; i < r->pooleds; i++) {
    least = fmin(least, r->pooled[i].percent);
    most = fmax(most, r->pooled[i].percent);
  }
  buffer_add(&out, pooled_head, least / 1.5, most * 1.5);
  put_sites(&out, r->pooled[0].sites);
  if (any_spread(r)) {
    buffer_add(&out,
               "\nset title 'C. domain spread of AUC'\nset logscale y\nset key bottom left\n"
               "plot table using 1:($6 > 0 ? $6 : NaN) with linespoints pt 7 ps 0.6 lw 2 lc "
               "rgb '#0072B2' title 'this study'%s",
               paper_of(r) ? ", \\\n  '' using 1:7 with points pt 6 ps 1.2 lw 2 lc rgb '#D55E00' "
                             "title 'paper'"
                           : "");
  }
  buffer_add(&out, "\nunset multiplot\n");
  return out.text;
}

int drawing_pooled(const results *r, report_files *files, char **svg) {
  char *table = pooled_table(r), *plot = pooled_plot(r);
  const figure f = {.name = "pooled",
                    .title = "AUC of classifiers trained on growing shares of the images of all "
                             "sites, together and site by site, and their domain spread; the "
                             "table below has the numbers",
                    .width = 900,
                    .height = 780,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
  free(plot);
  free(table);
  return status;
}
