/* node_inputs.c: what a node is made from. */
#include "node_inputs.h"

#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "error.h"
#include "file.h"
#include "fingerprint.h"
#include "hash.h"
#include "json_difference.h"
#include "memory.h"
#include "run_folder.h"
#include "safetensors.h"
#include "sealed_files.h"
#include "text.h"
#include "training_run.h"

#define OPERATING "operating"
#define MODEL "model.safetensors"
#define UNANNOTATED "unannotated" /* of a record: classifier_hash_unannotated of its model */

/* ---- the options that a node reads --------------------------------------------------------------
 */

typedef struct lister {
  const xs_study *study;
  const study_nodes *nodes;
  json_t *const *site; /* [n_sites] */
  json_t **inputs;     /* [nodes] as far as listed */
  json_t *init;        /* fingerprint of the weights to begin with, or NULL */
} lister;

/* Of the whole study or of the node's pair. */
static json_t *settings_json(const lister *x, const study_node *n) {
  return option_json(&settings_table,
                     n->kind == NODE_CHOICE ? &x->study->settings : node_settings(x->study, n));
}

static void take(json_t *inputs, const json_t *all, const char *key) {
  json_object_set(inputs, key, json_object_get(all, key));
}

/* A file's path says nothing of what is in it. */
static void take_classifier(const lister *x, json_t *inputs, const json_t *all) {
  json_t *own = json_copy(json_object_get(all, "classifier"));
  json_object_del(own, "init");
  if (x->init) json_object_set(own, "init", x->init);
  json_object_set_new(inputs, "classifier", own);
}

static void take_method(json_t *inputs, const json_t *all, const study_node *n) {
  if (n->kind == NODE_ADAPTED && method_is_translator(method_last(n->method))) {
    take(inputs, all, "tune");
    take(inputs, all, "keep_translated");
  } else {
    take(inputs, all, method_section(n->method));
  }
}

/* The candidates of a choice by their names; those of its pair, with the pair's own portfolio. */
static json_t *candidates_json(const lister *x, const study_node *n) {
  int count;
  study_candidate *c = nodes_candidates(x->study, x->nodes, n->pair, &count);
  json_t *list = json_array();
  for (int i = 0; i < count; i++) json_array_append_new(list, json_string(c[i].method));
  nodes_candidates_free(c, count);
  return list;
}

/* Of a shared translator: their order is that of its domains. */
static json_t *targets_json(const lister *x, int source) {
  int *target;
  const int n = study_targets(x->study, source, &target);
  json_t *list = json_array();
  for (int i = 0; i < n; i++) {
    json_array_append_new(list, json_string(x->study->site[target[i]].name));
  }
  free(target);
  return list;
}

/* Of the file, not of the weights. */
static json_t *operating_json(const json_t *all) {
  const json_t *own = json_object_get(all, "operating");
  json_t *j = json_object();
  if (!json_is_string(json_object_get(own, "positive"))) return j;
  take(j, own, "positive");
  take(j, own, "sensitivity");
  take(j, all, "replicates");
  return j;
}

static void add_options(const lister *x, const study_node *n, json_t *inputs) {
  static const char *const common[] = {"seed",          "size",     "image_channels",
                                       "normalisation", "split_by", "limit"};
  json_t *all = settings_json(x, n);
  for (size_t i = 0; i < sizeof common / sizeof *common; i++) take(inputs, all, common[i]);
  if (n->kind == NODE_CHOICE) {
    take(inputs, all, "choice");
    take(inputs, all, "replicates");
    json_object_set_new(inputs, "candidates", candidates_json(x, n));
    json_object_set_new(inputs, "target_labelled",
                        json_boolean(x->study->site[n->target].labelled));
  } else if (n->method && n->kind != NODE_SOURCE) {
    take_method(inputs, all, n);
  } else {
    take_classifier(x, inputs, all);
  }
  if (n->kind == NODE_SHARED) json_object_set_new(inputs, "targets", targets_json(x, n->source));
  if (n->kind == NODE_SOURCE) json_object_set_new(inputs, "method", json_string(n->method));
  if (node_is_published(n)) json_object_set_new(inputs, OPERATING, operating_json(all));
  if (n->kind == NODE_FOLD) {
    json_object_set_new(inputs, "folds", json_integer(x->study->site[n->source].folds));
  }
  if (n->amount > 0) json_object_set_new(inputs, "amount", json_real(n->amount));
  json_decref(all);
}

/* ---- the data -----------------------------------------------------------------------------------
 */

/* Of a site's data what a node sees; labels: which, or NULL. */
static void add_site(const lister *x, json_t *sites, int site, const char *labels) {
  const study_site *s = &x->study->site[x->study->site[site].images_of];
  const json_t *all = x->site[x->study->site[site].images_of];
  json_t *seen = json_object_get(sites, s->name);
  if (!seen) json_object_set_new(sites, s->name, seen = json_object());
  take(seen, all, "images");
  take(seen, all, "split");
  if (labels) take(seen, all, labels);
}

/* Of its source: those of training and validation images, for cross-fitting of all.  A derived
 * site's labels are a classifier's, that of a node that is needed. */
static const char *labels_of(const lister *x, const study_node *n) {
  if (!x->study->site[n->source].file) return NULL;
  return n->kind == NODE_FOLD ? "all_labels" : "labels";
}

/* The images that a shared translator adapts to. */
static void add_targets(const lister *x, json_t *sites, int source) {
  int *target;
  const int n = study_targets(x->study, source, &target);
  for (int i = 0; i < n; i++) add_site(x, sites, target[i], NULL);
  free(target);
}

static json_t *sites_json(const lister *x, const study_node *n) {
  json_t *sites = json_object();
  for (int i = 0; i < x->study->n_sites && n->kind == NODE_POOLED; i++) {
    if (x->study->site[i].labelled) add_site(x, sites, i, "labels");
  }
  if (n->source >= 0) add_site(x, sites, n->source, labels_of(x, n));
  if (n->target >= 0) add_site(x, sites, n->target, NULL);
  if (n->kind == NODE_SHARED) add_targets(x, sites, n->source);
  if (n->kind == NODE_FOLD) { /* trained on what is the baseline's test side */
    const char *name = x->study->site[n->source].name;
    take(json_object_get(sites, name), x->site[n->source], "all_labels");
  }
  return sites;
}

/* ---- all together -------------------------------------------------------------------------------
 */

static json_t *without_operating(const json_t *inputs) {
  json_t *j = json_copy((json_t *)(uintptr_t)inputs);
  json_object_del(j, OPERATING);
  return j;
}

/* Of what the weights are made from. */
static json_t *digest(const json_t *inputs) {
  json_t *own = without_operating(inputs);
  char hex[HASH_SHA256_TEXT], *text = json_dumps(own, JSON_COMPACT | JSON_SORT_KEYS);
  json_decref(own);
  hash_sha256_text(text, strlen(text), hex);
  free(text);
  return json_string(hex);
}

static json_t *list_node(const lister *x, const study_node *n) {
  json_t *inputs = json_object(), *needs = json_object();
  add_options(x, n, inputs);
  json_object_set_new(inputs, "sites", sites_json(x, n));
  for (int i = 0; i < n->n_needs; i++) {
    json_object_set_new(needs, x->nodes->node[n->needs[i]].name, digest(x->inputs[n->needs[i]]));
  }
  json_object_set_new(inputs, "needs", needs);
  return inputs;
}

static xs_status note_init(lister *x) {
  char *init = study_init_file(x->study);
  uint64_t h;
  xs_status status = init ? fingerprint_file(init, &h) : XS_OK;
  if (init && !status) x->init = fingerprint_json(h);
  free(init);
  return status;
}

xs_status inputs_list(const xs_study *s, const study_nodes *l, json_t *const *site,
                      json_t ***inputs) {
  lister x = {.study = s, .nodes = l, .site = site};
  *inputs = x.inputs = memory_new((size_t)l->n * sizeof *x.inputs);
  xs_status status = note_init(&x);
  for (int i = 0; i < l->n && !status; i++) {
    if (l->node[i].kind != NODE_RESULTS) x.inputs[i] = list_node(&x, &l->node[i]);
  }
  json_decref(x.init);
  return status;
}

xs_status study_identity(const xs_study *s, json_t **identity) {
  xs_status status = XS_OK;
  *identity = study_json(s);
  for (int i = 0; i < s->n_sites && !status; i++) {
    status = folder_note_domain(*identity, s->site[i].name, s->site[i].file);
  }
  char *init = study_init_file(s);
  if (init && !status) status = folder_note_file(*identity, "classifier.init", init);
  free(init);
  return status;
}

void inputs_free(json_t **inputs, int n) {
  for (int i = 0; i < n && inputs; i++) json_decref(inputs[i]);
  free(inputs);
}

/* ---- a node's record ----------------------------------------------------------------------------
 */

/* A member of a needed node's record. */
static json_t *read_weights(const node_files *f, int node) {
  char *path = node_path(f, node, "record.json");
  json_t *record = json_load_file(path, 0, NULL);
  json_t *weights = json_incref(json_object_get(record, "weights"));
  json_decref(record);
  free(path);
  return weights;
}

static json_t *needs_weights(const node_files *f, int node) {
  const study_node *n = &f->list->node[node];
  json_t *needs = json_object();
  for (int i = 0; i < n->n_needs; i++) {
    const study_node *needed = &f->list->node[n->needs[i]];
    json_t *weights = read_weights(f, n->needs[i]);
    json_object_set_new(needs, needed->name, weights ? weights : json_null());
  }
  return needs;
}

json_t *inputs_here(const node_files *f, json_t *const *inputs, int node) {
  return json_pack("{s:O, s:o}", "inputs", inputs[node], "needs", needs_weights(f, node));
}

xs_status inputs_record(const node_files *f, json_t *const *inputs, int node, json_t **members) {
  const study_node *n = &f->list->node[node];
  const char *made = node_is_translator(n) ? "generator.safetensors" : MODEL;
  char hex[HASH_SHA256_TEXT], *path = node_path(f, node, made);
  int status = safetensors_hash(path, hex);
  *members = inputs_here(f, inputs, node);
  if (!status) json_object_set_new(*members, "weights", json_string(hex));
  if (!status && node_is_published(n)) {
    status = (int)classifier_hash_unannotated(path, hex);
    if (!status) json_object_set_new(*members, UNANNOTATED, json_string(hex));
  }
  free(path);
  return status ? XS_FAILED : XS_OK;
}

/* ---- how far it is ------------------------------------------------------------------------------
 */

/* "sites.near.labels" and the like in words; takes the key over. */
static char *explain(char *key) {
  const char *dot = strchr(key, '.'), *end = strrchr(key, '.');
  char *text;
  if (strncmp(key, "sites.", 6) == 0 && end > dot) {
    text = text_format("the %s of %.*s %s changed", end + 1, (int)(end - dot - 1), dot + 1,
                       strcmp(end + 1, "split") ? "have" : "has");
  } else if (strncmp(key, "needs.", 6) == 0) {
    text = text_format("%s is made from something else", key + 6);
  } else {
    text = text_format("%s differs", key);
  }
  free(key);
  return text;
}

/* Whether a needed node that is there has other weights than the record says. */
static char *find_changed_need(const node_files *f, const node_state *state, int node,
                               const json_t *found) {
  const study_node *n = &f->list->node[node];
  char *why = NULL;
  for (int i = 0; i < n->n_needs && !why; i++) {
    const study_node *needed = &f->list->node[n->needs[i]];
    if (state[n->needs[i]] != NODE_DONE && state[n->needs[i]] != NODE_UNPUBLISHED) continue;
    json_t *weights = read_weights(f, n->needs[i]);
    if (!json_equal(weights, json_object_get(found, needed->name))) {
      why = text_format("%s is another than it was made from", needed->name);
    }
    json_decref(weights);
  }
  return why;
}

static char *find_reason(const node_files *f, json_t *const *inputs, const node_state *state,
                         int node, const json_t *record) {
  const json_t *from = json_object_get(record, "inputs");
  if (!from) return text_copy("its record does not say what it was made from");
  json_t *theirs = without_operating(from), *mine = without_operating(inputs[node]);
  char *key = json_difference(theirs, mine);
  json_decref(theirs);
  json_decref(mine);
  if (key) return explain(key);
  return find_changed_need(f, state, node, json_object_get(record, "needs"));
}

static char *find_other_point(const json_t *record, const json_t *inputs) {
  char *key = json_difference(json_object_get(json_object_get(record, "inputs"), OPERATING),
                              json_object_get(inputs, OPERATING));
  char *why = key ? text_format("operating.%s differs", key) : NULL;
  free(key);
  return why;
}

/* Why a done node's files are not those that it made, or NULL. */
static char *find_harm(const char *out, const char *node, const char *changed) {
  sealed s;
  char *why = NULL;
  if (sealed_open(out, &s)) {
    why = text_copy(fail_message());
  } else if (changed || sealed_record_changed(&s, node)) {
    why = text_format("%s is not as it was written", changed ? changed : "its record");
  }
  sealed_close(&s);
  return why;
}

/* Killed after a threshold was set again in the model and before the record said so: all but the
 * operating point is as it was recorded. */
static bool is_half_published(const char *dir, const study_node *n, const json_t *record) {
  const char *recorded = json_string_value(json_object_get(record, UNANNOTATED));
  if (!node_is_published(n) || !recorded) return false;
  char hex[HASH_SHA256_TEXT], *model = file_join(dir, MODEL);
  json_t *others = json_copy(json_object_get(record, "files"));
  json_object_del(others, MODEL);
  char *changed = run_find_changed(dir, others);
  const bool is = !changed && !classifier_hash_unannotated(model, hex) && !strcmp(hex, recorded);
  free(changed);
  json_decref(others);
  free(model);
  return is;
}

node_state inputs_state(const node_files *f, json_t *const *inputs, const node_state *state,
                        int node, char **why) {
  char *dir = node_path(f, node, NULL), *changed = NULL;
  json_t *record = NULL;
  node_state is = NODE_MISSING;
  *why = NULL;
  if (folder_node_done(f->out, f->list->node[node].name)) {
    run_read_record(dir, &record, &changed);
    const bool half = changed && is_half_published(dir, &f->list->node[node], record);
    *why = half ? NULL : find_harm(f->out, f->list->node[node].name, changed);
    if (!*why) *why = find_reason(f, inputs, state, node, record);
    is = *why ? NODE_STALE : NODE_DONE;
    if (!*why) {
      *why = half ? text_copy("setting its threshold was broken off")
                  : find_other_point(record, inputs[node]);
    }
    if (is == NODE_DONE && *why) is = NODE_UNPUBLISHED;
  }
  json_decref(record);
  free(changed);
  free(dir);
  return is;
}

void inputs_states(const node_files *f, json_t *const *inputs, node_state *state, char **why) {
  for (int i = 0; i < f->list->n; i++) {
    char *reason = NULL;
    state[i] = NODE_MISSING;
    if (f->list->node[i].kind != NODE_RESULTS) {
      state[i] = inputs_state(f, inputs, state, i, &reason);
    }
    if (why) {
      why[i] = reason;
    } else {
      free(reason);
    }
  }
}

/* ---- a node that is begun -----------------------------------------------------------------------
 */

xs_status inputs_begin(const node_files *f, json_t *const *inputs, int node) {
  char *dir = node_path(f, node, NULL), *path = file_join(dir, RUN_BEGUN);
  json_t *mine = inputs_here(f, inputs, node);
  json_t *theirs = json_load_file(path, 0, NULL);
  char *text = json_dumps(mine, JSON_COMPACT | JSON_SORT_KEYS);
  int status = file_make_dirs(dir);
  if (!status && !json_equal(mine, theirs)) {
    status = run_remove_checkpoint(dir);
    if (!status) status = file_write_atomic(path, text, strlen(text));
  }
  free(text);
  json_decref(theirs);
  json_decref(mine);
  free(path);
  free(dir);
  return status ? XS_FAILED : XS_OK;
}

xs_status inputs_end(const node_files *f, int node) {
  char *dir = node_path(f, node, NULL);
  const int status = file_remove_in(dir, RUN_BEGUN);
  free(dir);
  return status ? XS_FAILED : XS_OK;
}
