/* drawing_curves.c: training curves of a node. */
#include "drawings.h"

#include "curve_file.h"
#include "error.h"
#include "figure.h"
#include "figure_table.h"
#include "file.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 200 };

typedef struct line {
  const char *column, *title, *colour;
  int dash;
} line;

enum { LINES = 5 }; /* most of a panel */

typedef struct panel {
  const char *title, *unit; /* of the vertical axis */
  line line[LINES];         /* ends with column NULL where there are fewer */
} panel;

#define BLUE "#0072B2"
#define RED "#D55E00"
#define GREEN "#009E73"
#define PINK "#CC79A7"
#define ORANGE "#E69F00"

static const panel adapter_panels[] = {
    {"critic",
     "loss",
     {{"critic", "critic (fake - real)", BLUE, 1},
      {"penalty", "gradient penalty", RED, 2},
      {"domain_real", "domain of real images", GREEN, 4}}},
    {"generator",
     "loss",
     {{"adversarial", "adversarial", BLUE, 1},
      {"domain_fake", "domain of translated images", GREEN, 4},
      {"cycle", "cycle", RED, 2}}},
    {"semantic losses",
     "loss",
     {{"semantic_cycle", "source, there and back", BLUE, 1},
      {"semantic_target", "translated to target", RED, 2},
      {"semantic_pseudo", "target, pseudo-labels", GREEN, 4},
      {"target_net", "target classifier", PINK, 5},
      {"source_net", "source classifier", ORANGE, 6}}},
    {"labels kept", "per cent", {{"keeps_label", "translated images", BLUE, 1}}},
};

static const panel classifier_panels[] = {
    {"training loss", "loss", {{"loss", "cross-entropy", RED, 1}}},
    {"validation AUC", "per cent", {{"validation_auc", "validation AUC", BLUE, 1}}},
    {"alignment",
     "loss",
     {{"classification", "classification", BLUE, 1},
      {"covariance", "covariance", RED, 2},
      {"domain", "domain", RED, 2},
      {"entropy", "entropy", GREEN, 4}}},
    {"alignment to the target",
     "loss, share",
     {{"pseudo", "pseudo-labels", BLUE, 1},
      {"diversity", "diversity", RED, 2},
      {"certain", "share that is certain", GREEN, 4}}},
};

static char *curve_table(const history *c) {
  buffer out = {0};
  for (int k = 0; k < c->columns; k++) {
    if (k) buffer_add(&out, "\t");
    tsv_name(&out, c->name[k]);
  }
  buffer_add(&out, "\n");
  for (int i = 0; i < c->rows * c->columns; i++) {
    tsv_number(&out, c->value[i]);
    buffer_add(&out, "%s", (i + 1) % c->columns ? "\t" : "\n");
  }
  return out.text;
}

static int count_lines(const panel *p) {
  int n = 0;
  while (n < LINES && p->line[n].column) n++;
  return n;
}

static int count_values(const history *c, int column) {
  int n = 0;
  for (int i = 0; i < c->rows; i++) n += isfinite(c->value[i * c->columns + column]);
  return n;
}

/* A panel of those of its lines that were measured; nothing if none was. */
static bool put_panel(buffer *out, const history *c, const panel *p) {
  bool any = false;
  for (int i = 0; i < count_lines(p); i++) {
    const line *l = &p->line[i];
    int column = history_column(c, l->column);
    if (!history_measured(c, column)) continue;
    char *head = any ? text_format(", \\\n  ''")
                     : text_format("set title '%s' offset 0,-0.6\nset ylabel '%s' offset 1,0\n"
                                   "plot table",
                                   p->title, p->unit);
    char *rest = text_format(" using 1:%d with %s lw 2 dt %d lc rgb '%s' title '%s'", column + 1,
                             count_values(c, column) > 1 ? "lines" : "points pt 7", l->dash,
                             l->colour, l->title);
    buffer_add(out, "%s%s", head, rest);
    free(head);
    free(rest);
    any = true;
  }
  if (any) buffer_add(out, "\n");
  return any;
}

/* Whole epochs or steps, some six of them: 1, 2 or 5 times a power of ten. */
static double tic_distance(double last) {
  const double least = fmax(1, last / 7), power = pow(10, floor(log10(least)));
  return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
}

static char *curves_plot(const history *c, const panel *panels, int n, int rows) {
  buffer out = {0};
  const double last = c->value[(c->rows - 1) * c->columns];
  char *head = text_format("set multiplot layout %d,2\nset border 3\nset tics nomirror\nset grid "
                           "lt 1 lw 0.5 lc rgb '#c8c8c8'\n"
                           "set key below vertical maxrows 5 spacing 0.9 samplen 3 reverse Left\n"
                           "set tmargin 2\nset xlabel '%s' offset 0,1.1\n"
                           "set xrange [0:%g]\nset xtics %g\n",
                           rows, strcmp(c->name[0], "epoch") == 0 ? "epoch" : "step", fmax(1, last),
                           tic_distance(last));
  buffer_add(&out, "%s", head);
  free(head);
  for (int i = 0; i < n; i++) put_panel(&out, c, &panels[i]);
  buffer_add(&out, "unset multiplot\n");
  return out.text;
}

static int count_panels(const history *c, const panel *panels, int n) {
  int measured = 0;
  for (int i = 0; i < n; i++) {
    bool any = false;
    for (int k = 0; k < count_lines(&panels[i]); k++) {
      any = any || history_measured(c, history_column(c, panels[i].line[k].column));
    }
    measured += any;
  }
  return measured;
}

static int draw_curves(report_files *files, const char *name, const char *title, history *c,
                       const panel *panels, int n, char **svg) {
  history_thin(c, MOST_POINTS);
  int rows = (count_panels(c, panels, n) + 1) / 2;
  if (rows == 0) rows = 1;
  char *table = curve_table(c), *plot = curves_plot(c, panels, n, rows);
  const figure f = {.name = name,
                    .title = title,
                    .width = 900,
                    .height = 400 * rows,
                    .table = table,
                    .plot = plot};
  int status = figure_draw(files, &f, svg);
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

static int draw_node(const results *r, report_files *files, const char *node, const panel *panels,
                     int n, char **svg, char **why) {
  *svg = NULL;
  history c;
  char *path = report_node_file(r, node, "curve.tsv");
  int status = 0;
  *why = read_curve(r, path, &c);
  if (!*why) {
    char *name = figure_name(node), *title = text_format("Training curves of %s", node);
    status = draw_curves(files, name, title, &c, panels, n, svg);
    free(title);
    free(name);
    history_free(&c);
  }
  free(path);
  return status;
}

int drawing_translator(const results *r, report_files *files, const char *node, char **svg,
                       char **why) {
  return draw_node(r, files, node, adapter_panels, 4, svg, why);
}

int drawing_classifier(const results *r, report_files *files, const char *node, char **svg,
                       char **why) {
  return draw_node(r, files, node, classifier_panels, 4, svg, why);
}
