/* dry_run.c: what a study would do, and what that takes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "estimate.h"
#include "fingerprint.h"
#include "memory.h"
#include "memory_left.h"
#include "node_inputs.h"
#include "run_folder.h"
#include "step_timing.h"
#include "study_check.h"
#include "text.h"

typedef struct planner {
  const xs_study *study;
  const xs_run_options *o;
  char *out;
  buffer text;
  json_t *identity;    /* of the study */
  folder_state folder; /* of the run folder, unless it is refused */
  char *refused;       /* why, or NULL */
  char *differs;       /* the first option in which the folder's study differs, or NULL */
  study_nodes nodes;
  json_t **site;        /* [n_sites] what is known of their data */
  json_t **inputs;      /* [nodes] */
  node_state *state;    /* [nodes] */
  char **why;           /* [nodes] why it is made again, or NULL */
  estimator *estimator; /* NULL: without estimates */
  node_cost all;        /* seconds of what is to do and known; bytes of the node that needs most */
  int width;            /* of the longest name */
  int unknown;          /* nodes to do whose time is not known */
} planner;

/* line is freed. */
static void add(planner *p, char *line) {
  buffer_add(&p->text, "%s\n", line);
  free(line);
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

static void count(planner *p, const node_cost *c) {
  if (isnan(c->seconds)) {
    p->unknown++;
  } else {
    p->all.seconds += c->seconds;
  }
  p->all.at_most |= c->at_most;
  p->all.bytes = fmax(p->all.bytes, c->bytes);
}

static bool is_done(const planner *p, int i) { return p->state[i] == NODE_DONE; }

/* "made again: classifier.epochs differs", as the last part of a line. */
static char *reason_text(const planner *p, int i) {
  if (!p->why[i]) return text_copy("");
  return text_format(" (%s: %s)",
                     p->state[i] == NODE_UNPUBLISHED ? "its threshold is set again" : "made again",
                     p->why[i]);
}

static void add_node(planner *p, int i, const node_cost *c) {
  const study_node *n = &p->nodes.node[i];
  const bool done = is_done(p, i);
  const char *word = done ? "done" : "to do";
  char *reason = reason_text(p, i);
  if (!p->estimator) {
    add(p, text_format("%-5s %-*s %s%s", word, p->width, n->name, node_purpose(n), reason));
    free(reason);
    return;
  }
  char *time = done ? text_copy("") : time_text(c),
       *bytes = done ? text_copy("") : text_bytes(c->bytes);
  add(p, text_format("%-5s %-*s %-16s %7s  %s%s", word, p->width, n->name, time, bytes,
                     node_purpose(n), reason));
  free(bytes);
  free(time);
  free(reason);
}

static xs_status plan_node(planner *p, int i) {
  node_cost c = {0};
  const bool made = p->state[i] != NODE_DONE && p->state[i] != NODE_UNPUBLISHED;
  if (p->estimator && made && estimate_node(p->estimator, i, &c)) return XS_FAILED;
  if (!is_done(p, i)) count(p, &c);
  add_node(p, i, &c);
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
  while (i < p->nodes.n && is_done(p, i)) i++;
  return i == p->nodes.n;
}

/* One node after the other; reading images and measuring comes to it. */
static void add_sum(planner *p) {
  char *time = time_text(&p->all), *bytes = text_bytes(p->all.bytes),
       *most = text_bytes(memory_left());
  add(p, text_format(
             "in all %s on %d thread%s of this machine, with about %s of memory: estimates from "
             "single steps, without reading images and measuring",
             time, tg_threads(), tg_threads() > 1 ? "s" : "", bytes));
  if (p->all.bytes > memory_left()) {
    add(p,
        text_format("only %s of memory are to be had here: make adapter.batch, adapter.channels or "
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

/* ---- what is there ----------------------------------------------------------------------------
 */

static xs_status look_at_folder(planner *p) {
  xs_status status = study_identity(p->study, &p->identity);
  if (!status && folder_check(p->out, p->identity, "results.json", &p->folder, &p->differs)) {
    p->refused = text_copy(fail_message());
  }
  return status;
}

/* As it is, opened like for a run; NULL where it cannot be. */
static json_t *open_site(const planner *p, int i) {
  const xs_site_options o = {.data_dir = p->o->data_dir,
                             .cache = p->o->cache,
                             .skip_unreadable = p->o->skip_unreadable,
                             .limit = p->study->settings.limit,
                             .size = (int)p->study->settings.size};
  const split_rule rule = study_split(p->study);
  xs_site *site;
  json_t *identity = NULL;
  if (xs_site_open(p->study->site[i].file, &o, &site)) return NULL;
  if (fingerprint_site(site, &rule, &identity)) {
    json_decref(identity);
    identity = NULL;
  }
  xs_site_close(site);
  return identity;
}

/* A finished run opens no data, and quickly none is opened that was read in the same way before. */
static void look_at_site(planner *p, int i) {
  const char *name = p->study->site[i].name;
  json_t *known = folder_site(p->out, name), *reading = folder_reading(p->identity, name);
  const bool same = json_equal(json_object_get(known, "under"), reading);
  const bool trusted = same && (p->o->quick || p->folder == FOLDER_FINISHED);
  p->site[i] = trusted ? json_incref(known) : open_site(p, i);
  json_decref(reading);
  json_decref(known);
}

static xs_status look_at_nodes(planner *p) {
  const int last = p->nodes.n - 1; /* the results */
  bool any = false;
  for (int i = 0; i < last; i++) any |= folder_node_done(p->out, p->nodes.node[i].name);
  for (int i = 0; i < p->study->n_sites && any; i++) look_at_site(p, i);
  xs_status status = inputs_list(p->study, &p->nodes, p->site, &p->inputs);
  if (status || p->refused) return status;
  const node_files files = {p->study, &p->nodes, p->out};
  inputs_states(&files, p->inputs, p->state, p->why);
  p->state[last] = NODE_DONE;
  if (p->folder != FOLDER_FINISHED || !is_all_done(p)) p->state[last] = NODE_MISSING;
  return XS_OK;
}

/* Adds what `study run` would find in the run folder. */
static void add_folder(planner *p) {
  static const char *const word[] = {
      [FOLDER_NEW] = "nothing is there yet",
      [FOLDER_BROKEN] = "holds a broken run of this study: continue it with --resume",
      [FOLDER_FINISHED] = "holds this study, finished"};
  if (p->refused) {
    add(p, text_format("`study run` will refuse the run folder: %s", p->refused));
  } else if (p->differs) {
    add(p, text_format("run folder %s: holds this study as it was: %s differs; `study run "
                       "--resume` makes what is to do, in place of what is made again",
                       p->out, p->differs));
  } else {
    add(p, text_format("run folder %s: %s", p->out, word[p->folder]));
  }
}

static planner open_planner(const xs_study *s, const xs_run_options *o) {
  planner p = {.study = s, .o = o, .out = study_out(s, o)};
  nodes_list(s, &p.nodes);
  p.width = name_width(&p.nodes);
  p.site = memory_new((size_t)s->n_sites * sizeof *p.site);
  p.state = memory_new((size_t)p.nodes.n * sizeof *p.state);
  p.why = memory_new((size_t)p.nodes.n * sizeof *p.why);
  return p;
}

static void close_planner(planner *p) {
  estimator_free(p->estimator);
  for (int i = 0; i < p->nodes.n; i++) free(p->why[i]);
  free(p->why);
  free(p->state);
  inputs_free(p->inputs, p->nodes.n);
  inputs_free(p->site, p->study->n_sites);
  json_decref(p->identity);
  free(p->differs);
  free(p->refused);
  nodes_free(&p->nodes);
  free(p->out);
}

/* What a run would refuse once it has opened the sites, with the same message. */
static xs_status check_sites(planner *p) {
  const seal *sites = p->estimator ? estimator_sites(p->estimator) : NULL;
  if (!sites) return p->estimator ? estimator_refused(p->estimator) : XS_OK;
  xs_status status = study_check_sites(p->study, &p->nodes, sites);
  if (status) return status;
  plan_widths(p->study, sites, &p->text);
  return plan_choices(p->study, &p->nodes, sites, &p->text);
}

xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text) {
  planner p = open_planner(s, o);
  tg_set_threads((int)o->threads);
  xs_status status = look_at_folder(&p);
  if (!status) status = look_at_nodes(&p);
  if (!status && !o->quick && !is_all_done(&p)) p.estimator = estimator_new(s, &p.nodes, o);
  for (int i = 0; i < p.nodes.n && !status; i++) status = plan_node(&p, i);
  if (!status && p.estimator) add_sum(&p);
  if (!status) add_folder(&p);
  if (!status) status = check_sites(&p);
  *text = buffer_take(&p.text);
  close_planner(&p);
  return status;
}
