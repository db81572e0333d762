/* run_node.c: running one node.  A node is done when its record is written. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "node_inputs.h"
#include "study_file.h"
#include "text.h"
#include "training_run.h"

char *run_node_path(const study_run *r, int node, const char *file) {
  const char *name = r->nodes.node[node].name;
  return file ? text_format("%s/nodes/%s/%s", r->out, name, file)
              : text_format("%s/nodes/%s", r->out, name);
}

split_rule run_split(const study_run *r) {
  return split_rule_of(r->study->settings.seed, r->study->settings.split_by);
}

const study_settings *run_settings(const study_run *r, const study_node *n) {
  return n->pair < 0 ? &r->study->settings : &r->study->pair[n->pair].settings;
}

train_geometry run_geometry(const study_run *r) {
  const study_settings *t = &r->study->settings;
  return train_geometry_of(t->size, t->image_channels, t->normalisation);
}

/* ---- labels -------------------------------------------------------------------------------------
 */

/* The images of a derived site with the labels of the classifier that is adapted to it. */
static xs_status label_derived(study_run *r, int site, xs_split which, train_set *set) {
  const study_site *s = &r->study->site[site];
  const xs_images *images = seal_images(r->seal, s->images_of);
  char *path = run_node_path(r, nodes_start(r->study, &r->nodes, site), "model.safetensors");
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(path, &c);
  int32_t *label = memory_new((size_t)(images->n + 1) * sizeof *label);
  if (!status) status = classifier_labels(c, images, label);
  if (!status) status = train_set_label(images, label, run_split(r), which, set);
  free(label);
  xs_classifier_free(c);
  free(path);
  return status;
}

xs_status run_labelled(study_run *r, const study_node *n, int site, xs_split which,
                       train_set *set) {
  const xs_study *s = r->study;
  *set = (train_set){0};
  if (!s->site[site].file) return label_derived(r, site, which, set);
  const seal_request q = {.node = n->name,
                          .target = n->target < 0 ? NULL : s->site[n->target].name,
                          .role = SEAL_SOURCE,
                          .site = site,
                          .split = which,
                          .fold = n->kind == NODE_FOLD ? (int)n->amount : 0};
  return seal_labels(r->seal, &q, set);
}

/* ---- one node -----------------------------------------------------------------------------------
 */

static train_job node_job(const study_run *r, const study_node *n, const char *dir) {
  const study_settings *t = &r->study->settings;
  return (train_job){.task = n->name,
                     .dir = dir,
                     .seed = (uint64_t)t->seed,
                     .device = tg_device_cpu(),
                     .effort = r->o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                     .kernels = r->kernels,
                     .threads = (int)r->o->threads,
                     .memory = (size_t)r->o->memory,
                     .checkpoint_every = t->checkpoint_every,
                     .watch = r->watch};
}

/* The section of the study file that says how a node works. */
static char *node_section(const study_node *n) {
  static const char *const section[] = {
      [NODE_BASELINE] = "classifier", [NODE_POOLED] = "classifier",  [NODE_LABELLED] = "classifier",
      [NODE_FOLD] = "classifier",     [NODE_TRANSLATOR] = "adapter", [NODE_ADAPTED] = "tune",
      [NODE_CHOICE] = "choice"};
  bool tuned = n->kind == NODE_ADAPTED && method_last(n->method) == METHOD_TRANSLATOR;
  if (!n->method || tuned || strcmp(n->method, "paper") == 0) return text_copy(section[n->kind]);
  return method_last_name(n->method);
}

static json_t *node_options(const study_run *r, const study_node *n) {
  json_t *all = option_json(&settings_table, run_settings(r, n));
  char *section = node_section(n);
  json_t *own = json_incref(json_object_get(all, section));
  free(section);
  json_decref(all);
  return own;
}

/* Whether a pair measures the source's unadapted classifier at a site. */
static bool is_pair(const xs_study *s, int source, int site) {
  for (int i = 0; i < s->n_pairs; i++) {
    if (s->pair[i].source == source && s->pair[i].target == site) return true;
  }
  return false;
}

static bool is_measured_at(const xs_study *s, const study_node *n, int site) {
  const int own = n->target >= 0 ? n->target : n->source;
  if (own < 0) return s->site[site].labelled;
  return s->site[own].images_of == site ||
         (n->kind == NODE_BASELINE && is_pair(s, n->source, site));
}

/* The sites at whose test images the node's classifier is measured. */
static json_t *made_for(const study_run *r, const study_node *n) {
  const xs_study *s = r->study;
  json_t *sites = json_array();
  for (int i = 0; i < s->n_sites; i++) {
    if (is_measured_at(s, n, i)) json_array_append_new(sites, json_string(s->site[i].name));
  }
  return sites;
}

/* What a node begins with is forgotten before its record says that it is done. */
static xs_status record(study_run *r, const study_node *n, const train_job *job) {
  const int node = (int)(n - r->nodes.node);
  json_t *made = NULL, *options = node_options(r, n), *from = NULL;
  xs_status status = inputs_record(r->out, &r->nodes, r->inputs, node, &from);
  if (!status) status = run_make_record(job, options, from, &made);
  if (!status) status = seal_made(r->seal, n->name, made_for(r, n), made);
  if (!status) status = inputs_end(r->out, n);
  if (!status) status = run_put_record(job, made);
  json_decref(from);
  json_decref(made);
  json_decref(options);
  return status;
}

static xs_status make(study_run *r, const study_node *n, const char *dir) {
  static xs_status (*const work[])(study_run *, const study_node *, const train_job *) = {
      [NODE_BASELINE] = node_train,        [NODE_POOLED] = node_train,
      [NODE_LABELLED] = node_train,        [NODE_FOLD] = node_train,
      [NODE_TRANSLATOR] = node_translator, [NODE_ADAPTED] = node_adapted,
      [NODE_CHOICE] = node_choice};
  const train_job job = node_job(r, n, dir);
  if (n->kind == NODE_RESULTS) return node_results(r, n);
  xs_status status = inputs_begin(r->out, &r->nodes, r->inputs, (int)(n - r->nodes.node));
  if (!status) status = work[n->kind](r, n, &job);
  if (!status && node_is_published(n)) status = node_publish(r, n, &job);
  return status ? status : record(r, n, &job);
}

/* The weights stay, with the kernels of their record. */
static xs_status publish_again(study_run *r, const study_node *n, const char *dir,
                               const json_t *kernels) {
  tg_kernels_free(r->kernels);
  r->kernels = tg_kernels_new();
  const train_job job = node_job(r, n, dir); /* which has these kernels */
  kernels_restore(r->kernels, kernels);
  xs_status status = node_publish(r, n, &job);
  return status ? status : record(r, n, &job);
}

/* Continues with the threads, and for what plans there are with the kernels, of a done node; only
 * the first says how this machine differs. */
static void restore(study_run *r, const study_node *n, const char *dir, const json_t *made) {
  train_job job = node_job(r, n, dir);
  if (r->restored) job.watch = NULL;
  r->restored = true;
  run_restore_machine(&job, made);
}

/* One whose files were changed is made again with the kernels of its record, *kernels. */
static bool is_done(study_run *r, int node, const char *dir, json_t **kernels) {
  const study_node *n = &r->nodes.node[node];
  const train_job job = node_job(r, n, dir);
  char *why = NULL, *changed = NULL;
  json_t *made = NULL;
  if (n->kind == NODE_RESULTS) return false;
  r->state[node] = inputs_state(r->out, &r->nodes, r->inputs, r->state, node, &why);
  if (r->state[node] != NODE_MISSING) run_read_record(dir, &made, &changed);
  if (r->state[node] == NODE_DONE) restore(r, n, dir, made);
  if (r->state[node] == NODE_UNPUBLISHED) {
    run_note(&job, "%s: its threshold is set again", why);
    *kernels = json_incref(json_object_get(made, "kernels"));
  }
  if (r->state[node] == NODE_STALE) {
    run_note(&job, "%s: it is made again", why);
    if (changed) *kernels = json_incref(json_object_get(made, "kernels"));
  }
  json_decref(made);
  free(changed);
  free(why);
  return r->state[node] == NODE_DONE;
}

/* A node plans with the kernels of what it needs, so that it does not matter what else was run
 * before it. */
static xs_status restore_needs(study_run *r, const study_node *n) {
  xs_status status = XS_OK;
  tg_kernels_free(r->kernels);
  r->kernels = tg_kernels_new();
  for (int i = 0; i < n->n_needs && n->kind != NODE_RESULTS && !status; i++) {
    const study_node *needed = &r->nodes.node[n->needs[i]];
    char *dir = run_node_path(r, n->needs[i], NULL), *changed = NULL;
    json_t *made = NULL;
    run_read_record(dir, &made, &changed);
    if (changed) {
      status = (xs_status)fail(XS_FAILED, "%s is not as %s wrote it: run that node again", changed,
                               needed->name);
    } else {
      restore(r, needed, dir, made);
    }
    json_decref(made);
    free(changed);
    free(dir);
  }
  return status;
}

/* Adds those that the node of the same name used in the folder that was asked for. */
static xs_status take_kernels(const study_run *r, const study_node *n, tg_kernels *k) {
  if (!r->o->kernels_of || n->kind == NODE_RESULTS) return XS_OK;
  char *name = text_format("nodes/%s", n->name), *dir = file_join(r->o->kernels_of, name);
  train_job job = node_job(r, n, dir);
  job.kernels = k;
  xs_status status = run_take_kernels(&job, dir);
  free(dir);
  free(name);
  return status;
}

xs_status node_check_kernels(const study_run *r) {
  tg_kernels *k = tg_kernels_new();
  xs_status status = XS_OK;
  for (int i = 0; i < r->nodes.n && !status; i++) status = take_kernels(r, &r->nodes.node[i], k);
  tg_kernels_free(k);
  return status;
}

xs_status node_run(study_run *r, int node) {
  const study_node *n = &r->nodes.node[node];
  char *dir = run_node_path(r, node, NULL);
  json_t *kernels = NULL;
  xs_status status = XS_OK;
  const bool done = is_done(r, node, dir, &kernels);
  if (r->state[node] == NODE_UNPUBLISHED) {
    status = publish_again(r, n, dir, kernels);
  } else if (!done) {
    if (r->state[node] == NODE_STALE) status = run_clear(dir);
    if (!status) status = restore_needs(r, n);
    kernels_restore(r->kernels, kernels);
    if (!status) status = take_kernels(r, n, r->kernels);
    if (!status) status = make(r, n, dir);
  }
  json_decref(kernels);
  if (!status) r->state[node] = NODE_DONE;
  if (!status) status = run_remove_checkpoint(dir);
  free(dir);
  return status;
}
