/* measure.c: results.json from the models. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "memory.h"
#include "sealed_files.h"
#include "text.h"
#include "training_run.h"

#define RESULTS "results.json"

/* One word where all parts are trained in the same precision. */
static char *used_precision(const study_settings *t) {
  const char *adapter = run_precision(t->adapter.precision),
             *classifier = run_precision(t->classifier.precision),
             *tune = run_precision(t->tune.precision);
  if (strcmp(adapter, classifier) == 0 && strcmp(adapter, tune) == 0) return text_copy(adapter);
  return text_format("adapter %s, classifier %s, tune %s", adapter, classifier, tune);
}

/* The gains of all pairs are tested together. */
static xs_status adjust_gains(pair_result *x, int n) {
  double *p = memory_new((size_t)n * sizeof *p);
  for (int i = 0; i < n; i++) p[i] = x[i].gain.p;
  xs_status status = xs_holm(p, n, p);
  for (int i = 0; i < n && !status; i++) x[i].holm = p[i];
  free(p);
  return status;
}

static xs_status measure_pairs(evaluation *e, pair_result *x) {
  const int n = e->run->study->n_pairs;
  xs_status status = XS_OK;
  for (int i = 0; i < n && !status; i++) status = measure_pair(e, i, &x[i]);
  return status ? status : adjust_gains(x, n);
}

static json_t *pairs_json(const evaluation *e, const pair_result *x) {
  json_t *list = json_array();
  for (int i = 0; i < e->run->study->n_pairs; i++) {
    json_array_append_new(list, pair_json(e, &x[i]));
  }
  return list;
}

/* Of the first pair's source: all labelled sites have the same. */
static json_t *classes_json(const evaluation *e) {
  const int site = e->run->study->pair[0].source;
  json_t *list = json_array();
  for (int k = 0; k < seal_classes(e->run->seal, site); k++) {
    json_array_append_new(list, json_string(seal_class_name(e->run->seal, site)[k]));
  }
  return list;
}

static json_t *left_out_json(const evaluation *e) {
  json_t *list = json_array();
  for (int i = 0; i < e->run->study->n_sites; i++) {
    char *const *image;
    const int64_t n = seal_skipped(e->run->seal, i, &image);
    if (!n) continue;
    json_t *names = json_array();
    for (int64_t k = 0; k < n && k < XS_SKIPPED_NAMED; k++) {
      json_array_append_new(names, option_text_json(image[k]));
    }
    json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "site", e->run->study->site[i].name,
                                          "count", (json_int_t)n, "images", names));
  }
  return list;
}

/* {node: site} of the study's nodes that were made when test labels of the site had been opened;
 * only a study that was changed has any. */
static xs_status add_late(const study_run *r, json_t *results) {
  const char *node;
  json_t *all, *site, *late = json_object();
  xs_status status = seal_late(r->out, &all);
  json_object_foreach(all, node, site) {
    if (nodes_find(&r->nodes, node) >= 0) json_object_set(late, node, site);
  }
  if (json_object_size(late)) json_object_set(results, "made_after_labels", late);
  json_decref(late);
  json_decref(all);
  return status;
}

static xs_status results_json(evaluation *e, const pair_result *x, json_t **out) {
  const xs_study *s = e->run->study;
  char *precision = used_precision(&s->settings);
  json_t *summary = NULL, *pooled = NULL, *labelled = NULL, *classifiers = NULL;
  *out = json_pack("{s:i, s:s, s:I, s:s, s:o, s:o}", "schema", 1, "study", s->settings.name, "seed",
                   (json_int_t)s->settings.seed, "precision", precision, "classes", classes_json(e),
                   "pairs", pairs_json(e, x));
  xs_status status = summary_json(e, x, s->n_pairs, &summary);
  json_object_set_new(*out, "summary", summary);
  if (!status) status = pooled_json(e, &pooled);
  if (!status) status = labelled_json(e, &labelled);
  json_object_set_new(*out, "pooled", pooled);
  json_object_set_new(*out, "labelled", labelled);
  if (!status) status = classifiers_json(e, &classifiers);
  json_object_set_new(*out, "classifiers", classifiers);
  json_object_set_new(*out, "left_out", left_out_json(e));
  if (!status) status = add_late(e->run, *out);
  free(precision);
  return status;
}

static json_t *node_names(const study_run *r) {
  json_t *names = json_array();
  for (int i = 0; i < r->nodes.n; i++) {
    const study_node *n = &r->nodes.node[i];
    if (n->kind != NODE_RESULTS) json_array_append_new(names, json_string(n->name));
  }
  return names;
}

/* files: gets the hashes of what is written. */
static xs_status write_results(const study_run *r, const study_node *n, const json_t *results,
                               json_t *files) {
  char *path = file_join(r->out, RESULTS), *text = json_dumps(results, JSON_INDENT(2));
  sealed_note(files, RESULTS, text, strlen(text));
  xs_status status = folder_note_all(r, files);
  if (!status) status = seal_wrote(r->seal, n->name, json_incref(files), node_names(r));
  if (!status) status = folder_remove_page(r->out);
  if (!status && file_write_atomic(path, text, strlen(text))) status = XS_FAILED;
  free(text);
  free(path);
  return status;
}

xs_status node_results(study_run *r, const study_node *n) {
  const xs_study *s = r->study;
  pair_result *x = memory_new((size_t)s->n_pairs * sizeof *x);
  json_t *results = NULL, *files = json_object();
  evaluation e;
  xs_status status = evaluation_open(r, n, &e);
  if (!status) status = measure_pairs(&e, x);
  if (!status) status = results_json(&e, x, &results);
  if (!status) status = outputs_write(r, n, files);
  if (!status) status = write_results(r, n, results, files);
  json_decref(files);
  json_decref(results);
  for (int i = 0; i < s->n_pairs; i++) pair_result_release(&x[i]);
  evaluation_release(&e);
  free(x);
  return status;
}
