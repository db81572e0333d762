/* plan.c: what a study would do, and what that takes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "estimate.h"
#include "file.h"
#include "rehearsal.h"

typedef struct planner {
  const xs_study *study;
  char *out, *text;
  study_nodes nodes;
  estimator *estimator; /* NULL: without estimates */
  node_cost all;        /* seconds of what is to do and known; bytes of the node that needs most */
  int width;            /* of the longest name */
  int unknown;          /* nodes to do whose time is not known */
} planner;

/* line is freed. */
static void add(planner *p, char *line) {
  char *more = text_format("%s%s\n", p->text, line);
  free(p->text);
  free(line);
  p->text = more;
}

static char *duration_text(double s) {
  if (s < 1) return text_copy("1 s");
  if (s < 90) return text_format("%.0f s", s);
  if (s < 90 * 60) return text_format("%.0f min", s / 60);
  if (s < 48 * 3600) return text_format("%.1f h", s / 3600);
  return text_format("%.1f days", s / 86400);
}

static char *time_text(const node_cost *c) {
  if (isnan(c->seconds)) return text_copy("time not known");
  char *duration = duration_text(c->seconds),
       *text = text_format("%s %s", c->at_most ? "at most" : "about", duration);
  free(duration);
  return text;
}

static char *bytes_text(double bytes) {
  return bytes < 1e9 ? text_format("%.0f MB", ceil(bytes / 1e6))
                     : text_format("%.1f GB", bytes / 1e9);
}

static void count(planner *p, const node_cost *c) {
  if (isnan(c->seconds)) {
    p->unknown++;
  } else {
    p->all.seconds += c->seconds;
  }
  p->all.at_most |= c->at_most;
  p->all.bytes = fmax(p->all.bytes, c->bytes);
}

static bool is_done(const planner *p, const study_node *n) {
  if (n->kind != NODE_RESULTS) return folder_node_done(p->out, n->name);
  char *made = file_join(p->out, "results.json");
  bool done = file_exists(made);
  free(made);
  return done;
}

static void add_node(planner *p, const study_node *n, bool done, const node_cost *c) {
  const char *word = done ? "done" : "to do";
  if (!p->estimator) {
    add(p, text_format("%-5s %-*s %s", word, p->width, n->name, node_purpose(n)));
    return;
  }
  char *time = done ? text_copy("") : time_text(c),
       *bytes = done ? text_copy("") : bytes_text(c->bytes);
  add(p, text_format("%-5s %-*s %-16s %7s  %s", word, p->width, n->name, time, bytes,
                     node_purpose(n)));
  free(bytes);
  free(time);
}

static xs_status plan_node(planner *p, int i) {
  const study_node *n = &p->nodes.node[i];
  const bool done = is_done(p, n);
  node_cost c = {0};
  if (p->estimator && !done && estimate_node(p->estimator, i, &c)) return XS_FAILED;
  if (!done) count(p, &c);
  add_node(p, n, done, &c);
  return XS_OK;
}

static int name_width(const study_nodes *l) {
  size_t width = 0;
  for (int i = 0; i < l->n; i++) {
    if (strlen(l->node[i].name) > width) width = strlen(l->node[i].name);
  }
  return (int)width;
}

static bool is_all_done(const planner *p) {
  int i = 0;
  while (i < p->nodes.n && is_done(p, &p->nodes.node[i])) i++;
  return i == p->nodes.n;
}

/* One node after the other; reading images and measuring comes to it. */
static void add_sum(planner *p) {
  char *time = time_text(&p->all), *bytes = bytes_text(p->all.bytes),
       *most = bytes_text(machine_bytes());
  add(p, text_format(
             "in all %s on %d thread%s of this machine, with about %s of memory: estimates from "
             "single steps, without reading images and measuring",
             time, tg_threads(), tg_threads() > 1 ? "s" : "", bytes));
  if (p->all.bytes > machine_bytes()) {
    add(p,
        text_format("this machine has only %s of memory: make adapter.batch, adapter.channels or "
                    "size smaller, or give --memory",
                    most));
  }
  if (p->unknown) {
    const char *why = estimator_missing(p->estimator);
    add(p, text_format("the time of %d nodes is not in it%s%s", p->unknown, why ? ": " : "",
                       why ? why : ""));
  }
  free(most);
  free(bytes);
  free(time);
}

/* Adds what `study run` would find in the run folder. */
static xs_status plan_folder(planner *p) {
  static const char *const word[] = {
      [FOLDER_NEW] = "nothing is there yet",
      [FOLDER_BROKEN] = "holds a broken run of this study: continue it with --resume",
      [FOLDER_FINISHED] = "holds this study, finished"};
  json_t *mine;
  folder_state state;
  xs_status status = study_identity(p->study, &mine);
  if (!status) {
    bool refused = folder_check(p->out, mine, "results.json", &state) != XS_OK;
    add(p, refused ? text_format("`study run` will refuse the run folder: %s", fail_message())
                   : text_format("run folder %s: %s", p->out, word[state]));
  }
  json_decref(mine);
  return status;
}

xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text) {
  planner p = {.study = s, .out = study_out(s, o), .text = text_copy("")};
  xs_status status = XS_OK;
  tg_set_threads(o->threads);
  nodes_list(s, &p.nodes);
  p.width = name_width(&p.nodes);
  if (!o->quick && !is_all_done(&p)) p.estimator = estimator_new(s, &p.nodes, o);
  for (int i = 0; i < p.nodes.n && !status; i++) status = plan_node(&p, i);
  if (!status && p.estimator) add_sum(&p);
  if (!status) status = plan_folder(&p);
  *text = p.text;
  estimator_free(p.estimator);
  nodes_free(&p.nodes);
  free(p.out);
  return status;
}
