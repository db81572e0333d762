/* run_node.c: running one node.  A node is done when its record is written. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "node_inputs.h"
#include "node_results.h"
#include "pair_choice.h"
#include "run.h"
#include "run_folder.h"
#include "sealed_files.h"
#include "text.h"
#include "training_run.h"

#define RESULTS "results.json"

node_files files_of(const study_run *r) {
  return (node_files){.study = r->study, .list = &r->nodes, .out = r->out};
}

/* ---- one node -----------------------------------------------------------------------------------
 */

static train_job training_of(const study_run *r, const study_node *n, const char *dir) {
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

const char *node_section(const study_node *n) {
  if (n->kind == NODE_CHOICE) return "choice";
  if (!n->method) return "classifier";
  const bool tuned = n->kind == NODE_ADAPTED && method_is_translator(method_last(n->method));
  return tuned ? "tune" : method_section(n->method);
}

static json_t *node_options(const study_run *r, const study_node *n) {
  json_t *all = option_json(&settings_table, node_settings(r->study, n));
  json_t *own = json_incref(json_object_get(all, node_section(n)));
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
  if (n->kind == NODE_SHARED) return is_pair(s, n->source, site);
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

/* What a node begins with is forgotten before its record says that it is done.  from: the run
 * folder that it was made in, or NULL. */
static xs_status finish(study_run *r, const study_node *n, const train_job *job, const json_t *made,
                        const char *from) {
  const node_files files = files_of(r);
  xs_status status = seal_made(r->seal, n->name, made_for(r, n), made, from);
  if (!status) status = inputs_end(&files, (int)(n - r->nodes.node));
  return status ? status : run_put_record(job, made);
}

static xs_status record(study_run *r, const study_node *n, const train_job *job) {
  const int node = (int)(n - r->nodes.node);
  const node_files files = files_of(r);
  json_t *made = NULL, *options = node_options(r, n), *from = NULL;
  xs_status status = inputs_record(&files, r->inputs, node, &from);
  if (!status) status = run_make_record(job, options, from, &made);
  if (!status) status = finish(r, n, job, made, NULL);
  json_decref(from);
  json_decref(made);
  json_decref(options);
  return status;
}

/* The work, unless a classifier is only to be published again, and its publishing. */
static xs_status work(const study_run *r, const study_node *n, const train_job *train, bool again) {
  static xs_status (*const kind[])(const node_job *) = {
      [NODE_BASELINE] = node_baseline,     [NODE_SOURCE] = node_source,
      [NODE_POOLED] = node_pooled,         [NODE_LABELLED] = node_labelled,
      [NODE_FOLD] = node_baseline,         [NODE_SHARED] = node_shared,
      [NODE_TRANSLATOR] = node_translator, [NODE_ADAPTED] = node_adapted,
      [NODE_CHOICE] = node_choice};
  node_job job;
  job_open(r, n, n->name, train, &job);
  xs_status status = again ? XS_OK : kind[n->kind](&job);
  if (!status && node_is_published(n)) status = node_publish(&job, again);
  job_close(&job);
  return status;
}

static xs_status make(study_run *r, const study_node *n, const char *dir) {
  const train_job train = training_of(r, n, dir);
  const node_files files = files_of(r);
  xs_status status = inputs_begin(&files, r->inputs, (int)(n - r->nodes.node));
  if (!status) status = work(r, n, &train, false);
  return status ? status : record(r, n, &train);
}

/* The weights stay, with the kernels of their record. */
static xs_status publish_again(study_run *r, const study_node *n, const char *dir,
                               const json_t *kernels) {
  tg_kernels_free(r->kernels);
  r->kernels = tg_kernels_new();
  const train_job train = training_of(r, n, dir); /* which has these kernels */
  kernels_restore(r->kernels, kernels);
  xs_status status = work(r, n, &train, true);
  return status ? status : record(r, n, &train);
}

/* ---- results ------------------------------------------------------------------------------------
 */

static json_t *node_names(const study_run *r) {
  json_t *names = json_array();
  for (int i = 0; i < r->nodes.n; i++) {
    const study_node *n = &r->nodes.node[i];
    if (n->kind != NODE_RESULTS) json_array_append_new(names, json_string(n->name));
  }
  return names;
}

static xs_status note_all(const study_run *r, json_t *files) {
  const int n = r->study->n_sites;
  const char **name = memory_new((size_t)n * sizeof *name);
  for (int i = 0; i < n; i++) name[i] = r->study->site[i].name;
  xs_status status = folder_note_all(r->out, r->identity, n, name, r->site, files);
  free(name);
  return status;
}

/* files: gets the hashes of what is written. */
static xs_status write_results(const study_run *r, const study_node *n, const json_t *results,
                               json_t *files) {
  char *path = file_join(r->out, RESULTS), *text = json_dumps(results, JSON_INDENT(2));
  sealed_note(files, RESULTS, text, strlen(text));
  xs_status status = note_all(r, files);
  if (!status) status = seal_wrote(r->seal, n->name, json_incref(files), node_names(r));
  if (!status) status = folder_remove_page(r->out);
  if (!status && file_write_atomic(path, text, strlen(text))) status = XS_FAILED;
  free(text);
  free(path);
  return status;
}

static xs_status make_results(const study_run *r, const study_node *n) {
  const node_files f = files_of(r);
  const int pairs = r->study->n_pairs;
  node_job *choice = memory_new((size_t)pairs * sizeof *choice);
  json_t *results = NULL, *files = json_object();
  for (int i = 0; i < pairs; i++) {
    job_open(r, &r->nodes.node[nodes_choice(r->study, &r->nodes, i)], n->name, NULL, &choice[i]);
  }
  const results_job job = {
      .name = n->name, .files = f, .seal = r->seal, .watch = r->watch, .pair = choice};
  xs_status status = node_results(&job, &results);
  if (!status) status = outputs_write(&job, files);
  if (!status) status = write_results(r, n, results, files);
  for (int i = 0; i < pairs; i++) job_close(&choice[i]);
  json_decref(files);
  json_decref(results);
  free(choice);
  return status;
}

/* ---- whether it is to be made -------------------------------------------------------------------
 */

/* Continues with the threads, and for what plans there are with the kernels, of a done node; only
 * the first says how this machine differs. */
static void restore(study_run *r, const study_node *n, const char *dir, const json_t *made) {
  train_job job = training_of(r, n, dir);
  if (r->restored) job.watch = NULL;
  r->restored = true;
  run_restore_machine(&job, made);
}

/* One whose files were changed is made again with the kernels of its record, *kernels. */
static bool is_done(study_run *r, int node, const char *dir, json_t **kernels) {
  const study_node *n = &r->nodes.node[node];
  const train_job job = training_of(r, n, dir);
  const node_files files = files_of(r);
  char *why = NULL, *changed = NULL;
  json_t *made = NULL;
  if (n->kind == NODE_RESULTS) return false;
  r->state[node] = inputs_state(&files, r->inputs, r->state, node, &why);
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
  const node_files files = files_of(r);
  xs_status status = XS_OK;
  tg_kernels_free(r->kernels);
  r->kernels = tg_kernels_new();
  for (int i = 0; i < n->n_needs && n->kind != NODE_RESULTS && !status; i++) {
    const study_node *needed = &r->nodes.node[n->needs[i]];
    char *dir = node_path(&files, n->needs[i], NULL), *changed = NULL;
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
  train_job job = training_of(r, n, dir);
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

static xs_status take(study_run *r, const study_node *n, const char *dir, const donor *d) {
  const train_job job = training_of(r, n, dir);
  run_note(&job, "taken from %s, where it was made from the same", d->dir);
  xs_status status = run_clear(dir);
  if (!status) status = run_copy_files(d->dir, dir, d->record);
  if (!status) status = finish(r, n, &job, d->record, d->out);
  if (!status) restore(r, n, dir, d->record);
  return status;
}

/* kernels: with which it was made before, or NULL. */
static xs_status make_missing(study_run *r, int node, const char *dir, const json_t *kernels) {
  const study_node *n = &r->nodes.node[node];
  xs_status status = r->state[node] == NODE_STALE ? run_clear(dir) : XS_OK;
  if (!status) status = restore_needs(r, n);
  kernels_restore(r->kernels, kernels);
  if (!status) status = take_kernels(r, n, r->kernels);
  if (status) return status;
  return n->kind == NODE_RESULTS ? make_results(r, n) : make(r, n, dir);
}

static xs_status take_or_make(study_run *r, int node, const char *dir, const json_t *kernels) {
  const study_node *n = &r->nodes.node[node];
  donor d = n->kind == NODE_RESULTS ? (donor){0} : donor_find(r, node);
  xs_status status = d.out ? take(r, n, dir, &d) : make_missing(r, node, dir, kernels);
  donor_release(&d);
  return status;
}

xs_status node_run(study_run *r, int node) {
  const node_files files = files_of(r);
  const study_node *n = &r->nodes.node[node];
  char *dir = node_path(&files, node, NULL);
  json_t *kernels = NULL;
  xs_status status = XS_OK;
  const bool done = is_done(r, node, dir, &kernels);
  if (r->state[node] == NODE_UNPUBLISHED) {
    status = publish_again(r, n, dir, kernels);
  } else if (!done) {
    status = take_or_make(r, node, dir, kernels);
  }
  json_decref(kernels);
  if (!status) r->state[node] = NODE_DONE;
  if (!status) status = run_remove_checkpoint(dir);
  free(dir);
  return status;
}
