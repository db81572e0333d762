#include "drawings.h"

#include "error.h"
#include "figure.h"
#include "file.h"
#include "history.h"
#include "page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 200 };

static void put(page *out, const char *text) { page_markup(out, text, strlen(text)); }

static void put_number(page *out, double v) {
  char digits[40];
  snprintf(digits, sizeof digits, isnan(v) ? "nan" : "%.6g", v);
  put(out, digits);
}

/* A name in a table read by gnuplot: no tabs, line ends or quotes. */
static void put_name(page *out, const char *name) {
  for (; *name; name++) {
    bool plain = (unsigned char)*name >= ' ' && *name != '"' && *name != '\\';
    put(out, plain ? (char[]){*name, 0} : " ");
  }
}

/* ---- bars ------------------------------------------------------------------------------------ */

double drawing_auc_floor(const results *r) {
  double least = 50;
  for (int i = 0; i < r->n; i++) {
    for (int k = 0; k < MEASURES; k++) {
      least = fmin(least, fmin(r->pair[i].m[k].auc, r->pair[i].m[k].low));
    }
  }
  return fmax(0, 10 * floor(least / 10));
}

static char *auc_table(const results *r) {
  page out = {0};
  put(&out, "index\tpair");
  for (int k = 0; k < MEASURES; k++) {
    char *names = text_format("\t%s\t%s_low\t%s_high", report_measure_name[k],
                              report_measure_name[k], report_measure_name[k]);
    put(&out, names);
    free(names);
  }
  for (int i = 0; i < r->n; i++) {
    put(&out, "\n");
    put_number(&out, i + 1);
    put(&out, "\t");
    put_name(&out, r->pair[i].source);
    put(&out, " → ");
    put_name(&out, r->pair[i].target);
    for (int k = 0; k < MEASURES; k++) {
      const measure *m = &r->pair[i].m[k];
      const double three[3] = {m->auc, m->low, m->high};
      for (int j = 0; j < 3; j++) {
        put(&out, "\t");
        put_number(&out, three[j]);
      }
    }
  }
  put(&out, "\n");
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
    "set xrange [0.4:%d.6]\n"
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

int drawing_auc(const results *r, const char *dir, char **svg) {
  char *table = auc_table(r);
  char *plot = text_format(auc_plot, r->n > 3 ? " rotate by -35" : "", r->n, drawing_auc_floor(r));
  const figure f = {.name = "auc",
                    .title = "Bars of internal, external and adapted AUC of each pair of sites, "
                             "with the ceiling as a dotted line; Table 1 has the numbers",
                    .width = r->n > 3 ? 480 + 60 * r->n : 720,
                    .height = r->n > 3 ? 500 : 440,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(dir, &f, svg);
  free(plot);
  free(table);
  return status;
}

/* ---- curves ---------------------------------------------------------------------------------- */

typedef struct line {
  const char *column, *title, *colour;
  int dash;
} line;

typedef struct panel {
  const char *title;
  line line[4]; /* ends with column NULL */
} panel;

#define BLUE "#0072B2"
#define RED "#D55E00"
#define GREEN "#009E73"
#define PINK "#CC79A7"

static const panel adapter_panels[] = {
    {"critic",
     {{"critic", "critic (fake - real)", BLUE, 1},
      {"penalty", "gradient penalty", RED, 2},
      {"domain_real", "domain of real images", GREEN, 4}}},
    {"generator",
     {{"adversarial", "adversarial", BLUE, 1},
      {"domain_fake", "domain of translated images", GREEN, 4},
      {"cycle", "cycle", RED, 2}}},
    {"semantic losses",
     {{"semantic_cycle", "source, there and back", BLUE, 1},
      {"semantic_target", "translated to target", RED, 2},
      {"semantic_pseudo", "target, pseudo-labels", GREEN, 4},
      {"target_net", "target classifier", PINK, 5}}},
    {"labels kept, per cent", {{"keeps_label", "translated images", BLUE, 1}}},
};

static const panel classifier_panels[] = {
    {"training loss", {{"loss", "cross-entropy", RED, 1}}},
    {"validation AUC, per cent", {{"validation_auc", "validation AUC", BLUE, 1}}},
};

static char *curve_table(const history *c) {
  page out = {0};
  for (int k = 0; k < c->columns; k++) {
    if (k) put(&out, "\t");
    put_name(&out, c->name[k]);
  }
  put(&out, "\n");
  for (int i = 0; i < c->rows * c->columns; i++) {
    put_number(&out, c->value[i]);
    put(&out, (i + 1) % c->columns ? "\t" : "\n");
  }
  return out.text;
}

static int count_lines(const panel *p) {
  int n = 0;
  while (n < 4 && p->line[n].column) n++;
  return n;
}

/* A panel of those of its lines that were measured; nothing if none was. */
static bool put_panel(page *out, const history *c, const panel *p) {
  bool any = false;
  for (int i = 0; i < count_lines(p); i++) {
    const line *l = &p->line[i];
    int column = history_column(c, l->column);
    if (!history_measured(c, column)) continue;
    char *head = any ? text_format(", \\\n  ''")
                     : text_format("set title '%s' offset 0,-0.6\nplot table", p->title);
    char *rest = text_format(" using 1:%d with lines lw 2 dt %d lc rgb '%s' title '%s'", column + 1,
                             l->dash, l->colour, l->title);
    put(out, head);
    put(out, rest);
    free(head);
    free(rest);
    any = true;
  }
  if (any) put(out, "\n");
  return any;
}

static char *curves_plot(const history *c, const panel *panels, int n, int rows) {
  page out = {0};
  char *head = text_format("set multiplot layout %d,2\nset border 3\nset tics nomirror\nset grid "
                           "lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
                           "set key below vertical maxrows 4 spacing 0.9 samplen 3 reverse Left\n"
                           "set tmargin 2\nset xlabel '%s' offset 0,0.8\n",
                           rows, strcmp(c->name[0], "epoch") == 0 ? "epoch" : "step");
  put(&out, head);
  free(head);
  for (int i = 0; i < n; i++) put_panel(&out, c, &panels[i]);
  put(&out, "unset multiplot\n");
  return out.text;
}

static int draw_curves(const char *dir, const char *name, const char *title, history *c,
                       const panel *panels, int n, char **svg) {
  history_thin(c, MOST_POINTS);
  int rows = (n + 1) / 2;
  char *table = curve_table(c), *plot = curves_plot(c, panels, n, rows);
  const figure f = {.name = name,
                    .title = title,
                    .width = 900,
                    .height = 400 * rows,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(dir, &f, svg);
  free(plot);
  free(table);
  return status;
}

/* Why there is no drawing, or NULL. */
static char *read_curve(const results *r, const char *path, history *c) {
  if (!file_exists(path)) return text_format("No training curve was kept.");
  if (!history_read(path, c)) return NULL;
  const char *why = fail_message();
  size_t dir = strlen(r->dir);
  if (strncmp(why, r->dir, dir) == 0)
    why += dir + 1; /* the page shall not tell where it was made */
  return text_format("The curve cannot be drawn: %s.", why);
}

static int draw_node(const results *r, const char *dir, const char *node, const panel *panels,
                     int n, char **svg, char **why) {
  *svg = NULL;
  history c;
  char *path = report_node_file(r, node, "curve.tsv");
  int status = 0;
  *why = read_curve(r, path, &c);
  if (!*why) {
    char *name = figure_name(node), *title = text_format("Training curves of %s", node);
    status = draw_curves(dir, name, title, &c, panels, n, svg);
    free(title);
    free(name);
    history_free(&c);
  }
  free(path);
  return status;
}

int drawing_translator(const results *r, const char *dir, const char *node, char **svg,
                       char **why) {
  return draw_node(r, dir, node, adapter_panels, 4, svg, why);
}

int drawing_classifier(const results *r, const char *dir, const char *node, char **svg,
                       char **why) {
  return draw_node(r, dir, node, classifier_panels, 2, svg, why);
}
