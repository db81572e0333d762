/* measure.c: what was lost, what was salvaged: models and test sets to results.json.  This is the
 * only place where target labels are read, after all training and choosing is done. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "run.h"
#include "study.h"

static xs_status open_test(const study_run *r, int site, test_set *t) {
  return test_set_open(r->site[site], run_split(r), XS_TEST, t);
}

/* The model of a unit on a test set; logits are allocated. */
static xs_status measure_unit(const study_run *r, const char *unit, const test_set *t,
                              float **logit, xs_measure *m) {
  const study_settings *s = &r->study->settings;
  char *path = run_unit_path(r, unit, "model.safetensors");
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(path, &c);
  if (!status) {
    status = test_set_measure(t, c, s->replicates, s->seed, logit, m);
    if (status) fail_context(status, "%s on the test images of %s: ", unit, t->site->images.name);
  }
  xs_classifier_free(c);
  free(path);
  return status;
}

/* Share of translated source test images that the source's classifier gives the right label. */
static xs_status measure_kept(const study_run *r, const char *adapter, const char *baseline,
                              const test_set *source, double *kept) {
  char *generator = run_unit_path(r, adapter, "generator.safetensors");
  char *model = run_unit_path(r, baseline, "model.safetensors");
  translator *g = NULL;
  xs_classifier *c = NULL;
  xs_images *made = NULL;
  float *logit = memory_new((size_t)(source->images.n * source->site->classes + 1) * sizeof *logit);
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(model, &c);
  if (!status)
    status =
        translator_apply(g, &source->site->images, source->images.rows, source->images.n, 1, &made);
  if (!status) status = xs_classifier_logits(c, made, NULL, source->images.n, logit);
  if (!status) *kept = xs_accuracy(logit, source->label, source->images.n, source->site->classes);
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
} pair_result;

static const xs_measure unmeasured = {.auc = NAN};

static xs_status measure_target(const study_run *r, char *const unit[4], const test_set *target,
                                pair_result *out) {
  const study_settings *s = &r->study->settings;
  float *logit[3] = {NULL, NULL, NULL};
  xs_status status = measure_unit(r, unit[0], target, &logit[0], &out->external);
  if (!status) status = measure_unit(r, unit[3], target, &logit[1], &out->adapted);
  if (!status) status = measure_unit(r, unit[1], target, &logit[2], &out->ceiling);
  if (!status) {
    status = xs_measure_difference(logit[0], logit[1], target->label, target->group,
                                   target->images.n, target->site->classes, (int)s->replicates,
                                   (uint64_t)s->seed, &out->gain);
  }
  for (int i = 0; i < 3; i++) free(logit[i]);
  return status;
}

/* unit: baseline of the source, of the target, adapter, tuned. */
static xs_status measure_pair(const study_run *r, const study_pair *p, char *const unit[4],
                              pair_result *out) {
  test_set source, target = {0};
  float *logit = NULL;
  out->external = out->adapted = out->ceiling = unmeasured;
  out->gain = (xs_difference){NAN, NAN, NAN, NAN};
  xs_status status = open_test(r, p->source, &source);
  if (!status) status = measure_unit(r, unit[0], &source, &logit, &out->internal);
  if (!status && r->study->labelled[p->target]) {
    status = open_test(r, p->target, &target);
    if (!status) status = measure_target(r, unit, &target, out);
  }
  if (!status) status = measure_kept(r, unit[2], unit[0], &source, &out->kept);
  free(logit);
  test_set_release(&target);
  test_set_release(&source);
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

static json_t *pair_json(const xs_study *s, const study_pair *p, const pair_result *x) {
  json_t *j = json_object();
  json_object_set_new(j, "source", json_string(s->site_name[p->source]));
  json_object_set_new(j, "target", json_string(s->site_name[p->target]));
  json_object_set_new(j, "internal", measure_json(&x->internal));
  json_object_set_new(j, "external", measure_json(&x->external));
  json_object_set_new(j, "adapted", measure_json(&x->adapted));
  json_object_set_new(j, "ceiling", measure_json(&x->ceiling));
  json_object_set_new(j, "gain", x->external.n ? gain_json(&x->gain) : json_null());
  json_object_set_new(j, "salvage",
                      per_cent_json(xs_salvage(x->external.auc, x->adapted.auc, x->ceiling.auc)));
  json_object_set_new(j, "keeps_label", per_cent_json(x->kept));
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

static void pair_units(const xs_study *s, const study_pair *p, char *unit[4]) {
  const char *from = s->site_name[p->source], *to = s->site_name[p->target];
  unit[0] = text_format("baseline-%s", from);
  unit[1] = text_format("baseline-%s", to);
  unit[2] = text_format("adapter-%s-%s", from, to);
  unit[3] = text_format("tuned-%s-%s", from, to);
}

/* One word where all parts are trained in the same precision. */
static char *used_precision(const study_settings *t) {
  const char *adapter = run_precision(t->adapter.precision),
             *classifier = run_precision(t->classifier.precision),
             *tune = run_precision(t->tune.precision);
  if (strcmp(adapter, classifier) == 0 && strcmp(adapter, tune) == 0) return text_copy(adapter);
  return text_format("adapter %s, classifier %s, tune %s", adapter, classifier, tune);
}

xs_status measure_all(study_run *r, json_t **results) {
  const xs_study *s = r->study;
  pair_result *x = memory_new((size_t)s->n_pairs * sizeof *x);
  json_t *pairs = json_array();
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    char *unit[4];
    pair_units(s, &s->pair[i], unit);
    status = run_check_stop(r, "all was measured");
    if (!status) status = measure_pair(r, &s->pair[i], unit, &x[i]);
    for (int k = 0; k < 4; k++) free(unit[k]);
    if (!status) json_array_append_new(pairs, pair_json(s, &s->pair[i], &x[i]));
  }
  *results = NULL;
  if (!status) {
    char *precision = used_precision(&s->settings);
    *results = json_pack("{s:i, s:s, s:I, s:s, s:O, s:o}", "schema", 1, "study", s->settings.name,
                         "seed", (json_int_t)s->settings.seed, "precision", precision, "pairs",
                         pairs, "summary", summary_json(x, s->n_pairs));
    free(precision);
  }
  json_decref(pairs);
  free(x);
  return status;
}
