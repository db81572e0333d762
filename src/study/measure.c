/* measure.c: what was lost, what was salvaged: models and test sets to results.json.  This is the
 * only place where test labels are opened, after all training and choosing is done. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "run.h"
#include "study.h"

/* Every labelled site's test images; those of other sites are empty. */
typedef struct test_sets {
  test_set *site; /* [n] */
  int n;
} test_sets;

static void release_tests(test_sets *t) {
  for (int i = 0; i < t->n; i++) test_set_release(&t->site[i]);
  free(t->site);
}

static xs_status open_tests(study_run *r, const study_node *n, test_sets *t) {
  const xs_study *s = r->study;
  *t = (test_sets){.site = memory_new((size_t)s->n_sites * sizeof *t->site), .n = s->n_sites};
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    const seal_request q = {.node = n->name, .role = SEAL_EVALUATION, .site = i, .split = XS_TEST};
    train_set images;
    if (!s->site[i].labelled) continue;
    status = seal_labels(r->seal, &q, &images);
    if (!status) test_set_make(images, seal_classes(r->seal, i), &t->site[i]);
  }
  return status;
}

/* The model of a node on a test set; logits are allocated. */
static xs_status measure_node(const study_run *r, int node, const test_set *t, float **logit,
                              xs_measure *m) {
  const study_settings *s = &r->study->settings;
  char *path = run_node_path(r, node, "model.safetensors");
  xs_classifier *c = NULL;
  xs_status status = run_check_stop(r, "all was measured");
  if (!status) status = xs_classifier_load(path, &c);
  if (!status) {
    status = test_set_measure(t, c, s->replicates, s->seed, logit, m);
    if (status) {
      fail_context(status, "%s on the test images of %s: ", r->nodes.node[node].name,
                   t->images.images->name);
    }
  }
  xs_classifier_free(c);
  free(path);
  return status;
}

/* Share of translated source test images that the source's classifier gives the right label. */
static xs_status measure_kept(const study_run *r, int adapter, int baseline, const test_set *source,
                              double *kept) {
  char *generator = run_node_path(r, adapter, "generator.safetensors");
  char *model = run_node_path(r, baseline, "model.safetensors");
  translator *g = NULL;
  xs_classifier *c = NULL;
  xs_images *made = NULL;
  const train_set *t = &source->images;
  float *logit = memory_new((size_t)(t->n * source->classes + 1) * sizeof *logit);
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(model, &c);
  if (!status) status = translator_apply(g, t->images, t->rows, t->n, 1, &made);
  if (!status) status = xs_classifier_logits(c, made, NULL, t->n, logit);
  if (!status) *kept = xs_accuracy(logit, source->label, t->n, source->classes);
  free(logit);
  xs_images_close(made);
  xs_classifier_free(c);
  translator_free(g);
  free(model);
  free(generator);
  return status;
}

typedef struct pair_result { /* a measure with n 0 was not made */
  xs_measure internal, external, adapted, ceiling;
  xs_difference gain;
  double kept;
  study_candidate *candidate; /* [candidates] */
  xs_measure *measure;        /* [candidates] */
  int candidates;
} pair_result;

static const xs_measure unmeasured = {.auc = NAN};

static void release_pair(pair_result *x) {
  nodes_candidates_free(x->candidate, x->candidates);
  free(x->measure);
}

/* Which nodes tell what a pair is worth. */
typedef struct pair_nodes {
  int source, target, choice; /* baseline, baseline, chosen classifier */
} pair_nodes;

static int find_node(const study_run *r, const char *kind, int site, int target) {
  const study_site *s = r->study->site;
  char *name = target < 0 ? text_format("%s-%s", kind, s[site].name)
                          : text_format("%s-%s-%s", kind, s[site].name, s[target].name);
  int node = nodes_find(&r->nodes, name);
  free(name);
  return node;
}

static pair_nodes find_nodes(const study_run *r, const study_pair *p) {
  return (pair_nodes){.source = find_node(r, "baseline", p->source, -1),
                      .target = find_node(r, "baseline", p->target, -1),
                      .choice = find_node(r, "choice", p->source, p->target)};
}

static xs_status measure_target(const study_run *r, pair_nodes node, const test_set *target,
                                pair_result *out) {
  const study_settings *s = &r->study->settings;
  float *logit[3] = {NULL, NULL, NULL};
  xs_status status = measure_node(r, node.source, target, &logit[0], &out->external);
  if (!status) status = measure_node(r, node.choice, target, &logit[1], &out->adapted);
  if (!status) status = measure_node(r, node.target, target, &logit[2], &out->ceiling);
  if (!status) {
    status =
        xs_measure_difference(logit[0], logit[1], target->label, target->group, target->images.n,
                              target->classes, (int)s->replicates, (uint64_t)s->seed, &out->gain);
  }
  for (int i = 0; i < 3; i++) free(logit[i]);
  return status;
}

/* A single candidate is the chosen one. */
static xs_status measure_candidates(const study_run *r, const test_set *target, pair_result *out) {
  xs_status status = XS_OK;
  if (out->candidates == 1) out->measure[0] = out->adapted;
  for (int i = 0; i < out->candidates && out->candidates > 1 && !status; i++) {
    float *logit = NULL;
    status = measure_node(r, out->candidate[i].node, target, &logit, &out->measure[i]);
    free(logit);
  }
  return status;
}

static xs_status measure_pair(study_run *r, int pair, const test_sets *tests, pair_result *out) {
  const study_pair *p = &r->study->pair[pair];
  const test_set *source = &tests->site[p->source], *target = &tests->site[p->target];
  const pair_nodes node = find_nodes(r, p);
  float *logit = NULL;
  *out = (pair_result){.internal = unmeasured,
                       .external = unmeasured,
                       .adapted = unmeasured,
                       .ceiling = unmeasured,
                       .gain = {NAN, NAN, NAN, NAN},
                       .kept = NAN};
  out->candidate = nodes_candidates(r->study, &r->nodes, pair, &out->candidates);
  out->measure = memory_new((size_t)(out->candidates + 1) * sizeof *out->measure);
  xs_status status = measure_node(r, node.source, source, &logit, &out->internal);
  free(logit);
  if (!status && r->study->site[p->target].labelled) {
    status = measure_target(r, node, target, out);
    if (!status) status = measure_candidates(r, target, out);
  }
  for (int i = 0; i < out->candidates && isnan(out->kept) && !status; i++) {
    int node_of = out->candidate[i].translator;
    if (node_of >= 0) status = measure_kept(r, node_of, node.source, source, &out->kept);
  }
  return status;
}

static json_t *gain_json(const xs_difference *d) {
  json_t *j = json_object();
  json_object_set_new(j, "value", per_cent_json(d->value));
  json_object_set_new(j, "low", per_cent_json(d->low));
  json_object_set_new(j, "high", per_cent_json(d->high));
  json_object_set_new(j, "p", number_json(d->p));
  return j;
}

static const char *node_name(const study_run *r, int node) {
  return node < 0 ? NULL : r->nodes.node[node].name;
}

static json_t *candidates_json(const study_run *r, const pair_result *x) {
  json_t *list = json_array();
  for (int i = 0; i < x->candidates; i++) {
    const study_candidate *c = &x->candidate[i];
    json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o}", "method", c->method, "node",
                                          node_name(r, c->node), "translator",
                                          node_name(r, c->translator), "measure",
                                          measure_json(&x->measure[i])));
  }
  return list;
}

static json_t *pair_json(const study_run *r, const study_pair *p, const pair_result *x) {
  const xs_study *s = r->study;
  json_t *j = json_object();
  json_object_set_new(j, "source", json_string(s->site[p->source].name));
  json_object_set_new(j, "target", json_string(s->site[p->target].name));
  json_object_set_new(j, "internal", measure_json(&x->internal));
  json_object_set_new(j, "external", measure_json(&x->external));
  json_object_set_new(j, "adapted", measure_json(&x->adapted));
  json_object_set_new(j, "ceiling", measure_json(&x->ceiling));
  json_object_set_new(j, "gain", x->external.n ? gain_json(&x->gain) : json_null());
  json_object_set_new(j, "salvage",
                      per_cent_json(xs_salvage(x->external.auc, x->adapted.auc, x->ceiling.auc)));
  json_object_set_new(j, "keeps_label", per_cent_json(x->kept));
  json_object_set_new(j, "candidates", candidates_json(r, x));
  return j;
}

/* Of what was measured. */
static double mean(const double *x, int n) {
  double total = 0;
  int measured = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(x[i])) continue;
    total += x[i];
    measured++;
  }
  return measured ? total / measured : NAN;
}

static json_t *summary_json(const pair_result *x, int n) {
  double *value = memory_new((size_t)(4 * n + 1) * sizeof *value);
  double *internal = value, *external = value + n, *adapted = value + 2 * n,
         *ceiling = value + 3 * n;
  for (int i = 0; i < n; i++) {
    internal[i] = x[i].internal.auc;
    external[i] = x[i].external.auc;
    adapted[i] = x[i].adapted.auc;
    ceiling[i] = x[i].ceiling.auc;
  }
  json_t *j = json_object();
  json_object_set_new(j, "mean_internal_auc", per_cent_json(mean(internal, n)));
  json_object_set_new(j, "mean_external_auc", per_cent_json(mean(external, n)));
  json_object_set_new(j, "mean_adapted_auc", per_cent_json(mean(adapted, n)));
  json_object_set_new(j, "average_salvage",
                      per_cent_json(xs_average_salvage(external, adapted, ceiling, n)));
  json_object_set_new(j, "median_salvage",
                      per_cent_json(xs_median_salvage(external, adapted, ceiling, n)));
  json_object_set_new(j, "mean_relative_gain",
                      per_cent_json(xs_mean_relative_gain(external, adapted, n)));
  free(value);
  return j;
}

/* One word where all parts are trained in the same precision. */
static char *used_precision(const study_settings *t) {
  const char *adapter = run_precision(t->adapter.precision),
             *classifier = run_precision(t->classifier.precision),
             *tune = run_precision(t->tune.precision);
  if (strcmp(adapter, classifier) == 0 && strcmp(adapter, tune) == 0) return text_copy(adapter);
  return text_format("adapter %s, classifier %s, tune %s", adapter, classifier, tune);
}

static json_t *results_json(const study_run *r, const pair_result *x) {
  const xs_study *s = r->study;
  char *precision = used_precision(&s->settings);
  json_t *pairs = json_array();
  for (int i = 0; i < s->n_pairs; i++) {
    json_array_append_new(pairs, pair_json(r, &s->pair[i], &x[i]));
  }
  json_t *j = json_pack("{s:i, s:s, s:I, s:s, s:o, s:o}", "schema", 1, "study", s->settings.name,
                        "seed", (json_int_t)s->settings.seed, "precision", precision, "pairs",
                        pairs, "summary", summary_json(x, s->n_pairs));
  free(precision);
  return j;
}

static xs_status write_results(const study_run *r, const json_t *results) {
  char *path = file_join(r->out, "results.json"), *text = json_dumps(results, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  free(path);
  return status ? XS_FAILED : XS_OK;
}

xs_status node_results(study_run *r, const study_node *n) {
  const xs_study *s = r->study;
  pair_result *x = memory_new((size_t)s->n_pairs * sizeof *x);
  test_sets tests;
  xs_status status = open_tests(r, n, &tests);
  for (int i = 0; i < s->n_pairs && !status; i++) status = measure_pair(r, i, &tests, &x[i]);
  if (!status) {
    json_t *results = results_json(r, x);
    status = write_results(r, results);
    json_decref(results);
  }
  for (int i = 0; i < s->n_pairs; i++) release_pair(&x[i]);
  release_tests(&tests);
  free(x);
  return status;
}
