/* choice_evidence.c: what a choice is worth, as far as can be told without labels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "measure_json.h"
#include "memory.h"
#include "shift.h"
#include "text.h"

static xs_status answer_shifted(xs_classifier *k, const train_set *source, int shift, uint64_t seed,
                                xs_labelled_outputs *out) {
  xs_images *made = shift_images(source->images, source->rows, source->n, shift, seed);
  train_set set;
  train_set_made(source, made, &set);
  xs_status status = outputs_open(k, &set, false, out);
  train_set_release(&set);
  xs_images_close(made);
  return status;
}

/* A classifier, its answers, and its accuracy as predicted and as measured on every shift. */
typedef struct prediction {
  const char *model;
  judged judged;
  double value;                 /* at the target */
  double *predicted, *measured; /* [shift_count()] */
} prediction;

static xs_status predict(const chooser *c, const node_candidate *x, prediction *p) {
  const xs_predictor *predictor = xs_predictor_find(c->options->predictor);
  const size_t shifts = (size_t)shift_count();
  *p = (prediction){.model = x->model,
                    .predicted = memory_new(shifts * sizeof(double)),
                    .measured = memory_new(shifts * sizeof(double))};
  xs_status status = judged_open(c, x, XS_VALIDATION, false, &p->judged);
  const xs_prediction_data d = {.target = p->judged.answers.target,
                                .source = p->judged.answers.source};
  return status ? status : predictor->accuracy(&d, &p->value);
}

static void release_prediction(prediction *p) {
  judged_release(&p->judged);
  free(p->predicted);
  free(p->measured);
}

/* Images of the source, changed in known ways, stand in for a site whose labels are known. */
static xs_status check_on_shifts(const chooser *c, const train_set *source, prediction *p) {
  const xs_predictor *predictor = xs_predictor_find(c->options->predictor);
  xs_classifier *k = NULL;
  xs_status status = xs_classifier_load(p->model, &k);
  for (int i = 0; i < shift_count() && !status; i++) {
    xs_labelled_outputs x;
    status = answer_shifted(k, source, i, c->seed, &x);
    const xs_prediction_data d = {.target = x.of, .source = p->judged.answers.source};
    if (!status) status = predictor->accuracy(&d, &p->predicted[i]);
    if (!status) p->measured[i] = xs_accuracy(x.of.logit, x.label, x.of.n, x.of.classes);
    outputs_release(&x);
  }
  xs_classifier_free(k);
  return status;
}

static xs_status accuracy_of(const prediction *p, xs_interval *accuracy) {
  xs_prediction_error e;
  xs_status status = xs_prediction_calibrate(p->predicted, p->measured, shift_count(), &e);
  if (!status) *accuracy = xs_accuracy_interval(&e, p->value);
  return status;
}

static xs_status change_between(const prediction *a, const prediction *b, xs_interval *change,
                                double *mean_error) {
  const int n = shift_count();
  double *predicted = memory_new((size_t)n * sizeof(double)),
         *measured = memory_new((size_t)n * sizeof(double));
  xs_prediction_error e;
  for (int i = 0; i < n; i++) {
    predicted[i] = b->predicted[i] - a->predicted[i];
    measured[i] = b->measured[i] - a->measured[i];
  }
  xs_status status = xs_prediction_calibrate(predicted, measured, n, &e);
  if (!status) {
    *change = xs_change_interval(&e, b->value - a->value);
    *mean_error = e.mean_absolute;
  }
  free(measured);
  free(predicted);
  return status;
}

/* Of the chosen candidate, else of the first that has one: translators can be judged where none is
 * chosen; NULL: no candidate translates. */
static const node_candidate *find_translating(const chooser *c, int chosen) {
  if (c->candidate[chosen].generator) return &c->candidate[chosen];
  for (int i = 0; i < c->n; i++) {
    if (c->candidate[i].generator) return &c->candidate[i];
  }
  return NULL;
}

static const xs_interval unknown = {NAN, NAN, NAN};

/* Priors cannot be told where the classifier confuses classes too much; that is no failure. */
static void compare_priors(const chooser *c, const judged *j, choice_evidence *f) {
  const int replicates = (int)c->job->settings->replicates;
  f->compared = !xs_prior_compare(&j->answers.source, &j->answers.target, replicates, c->seed,
                                  f->prior_change, &f->priors);
  if (!f->compared) f->not_compared = text_copy(fail_message());
}

static xs_interval least_kept(const choice_evidence *f, int classes) {
  xs_interval least = unknown;
  for (int k = 0; k < classes && f->translated; k++) {
    const xs_interval x = f->class_keeping[k];
    if (isnan(x.value)) continue;
    if (isnan(least.value) || x.value < least.value) least = x;
  }
  return least;
}

static xs_status find_judgement(const chooser *c, int chosen, choice_evidence *f) {
  const xs_evidence e = {.before = f->before,
                         .after = f->after,
                         .change = f->change,
                         .keeping = f->translated ? f->keeping : unknown,
                         .worst_class = least_kept(f, c->classes),
                         .strikes = c->fact[chosen].strikes,
                         .priors = f->compared ? &f->priors : NULL};
  xs_status status = xs_judge(&e, &f->judgement);
  return status == XS_HARM ? XS_OK : status;
}

static xs_status check_both_on_shifts(const chooser *c, prediction *before, prediction *after) {
  const size_t bytes = (size_t)shift_count() * sizeof(double);
  const train_set *source = &before->judged.source;
  const bool unchanged = strcmp(before->model, after->model) == 0;
  xs_status status = check_on_shifts(c, source, before);
  if (!status && !unchanged) return check_on_shifts(c, source, after);
  memcpy(after->predicted, before->predicted, bytes);
  memcpy(after->measured, before->measured, bytes);
  return status;
}

static xs_status predict_all(const chooser *c, prediction *before, prediction *after,
                             choice_evidence *f) {
  xs_status status = check_both_on_shifts(c, before, after);
  if (!status) status = accuracy_of(before, &f->before);
  if (!status) status = accuracy_of(after, &f->after);
  return status ? status : change_between(before, after, &f->change, &f->change_error);
}

xs_status choice_evidence_make(const chooser *c, int chosen, choice_evidence *f) {
  const node_candidate *x = &c->candidate[chosen];
  const node_candidate *kept = find_translating(c, chosen);
  const size_t classes = (size_t)c->classes;
  prediction before = {0}, after = {0};
  *f = (choice_evidence){.translated = x->generator != NULL,
                         .kept_by = kept ? kept->method : NULL,
                         .class_keeping = memory_new(classes * sizeof *f->class_keeping),
                         .prior_change = memory_new(classes * sizeof *f->prior_change)};
  xs_status status = predict(c, &c->job->unadapted, &before);
  if (!status) status = predict(c, x, &after);
  if (!status) status = predict_all(c, &before, &after, f);
  if (!status && kept) status = judged_keeping(c, kept, &f->keeping, f->class_keeping);
  if (!status) status = xs_temperature_fit(&after.judged.answers.source, &f->temperature);
  if (!status) compare_priors(c, &after.judged, f);
  if (!status) status = find_judgement(c, chosen, f);
  release_prediction(&before);
  release_prediction(&after);
  return status;
}

void choice_evidence_release(choice_evidence *f) {
  free(f->class_keeping);
  free(f->prior_change);
  free(f->not_compared);
}

static json_t *intervals_json(const xs_interval *x, int n) {
  json_t *list = json_array();
  for (int i = 0; i < n; i++) json_array_append_new(list, interval_json(x[i], PER_CENT));
  return list;
}

static json_t *reasons_json(const xs_judgement *j) {
  json_t *list = json_array();
  for (int i = 0; i < j->reasons; i++) {
    json_array_append_new(list, json_string(xs_reason_text(j->reason[i])));
  }
  return list;
}

static json_t *priors_json(const chooser *c, const choice_evidence *f) {
  if (!f->compared) return json_pack("{s:s}", "unknown", f->not_compared);
  return json_pack("{s:b, s:f, s:o, s:o}", "differ", (int)f->priors.mismatch, "p", f->priors.p,
                   "distance", interval_json(f->priors.distance, PER_CENT), "change",
                   intervals_json(f->prior_change, c->classes));
}

json_t *choice_evidence_json(const chooser *c, const choice_evidence *f) {
  json_t *j = json_pack(
      "{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "predictor", c->options->predictor, "before",
      interval_json(f->before, PER_CENT), "after", interval_json(f->after, PER_CENT), "change",
      interval_json(f->change, PER_CENT), "change_error", per_cent_json(f->change_error), "outlook",
      xs_outlook_word(f->judgement.outlook), "reasons", reasons_json(&f->judgement), "priors",
      priors_json(c, f));
  const xs_temperature *t = &f->temperature;
  json_object_set_new(j, "temperature", number_json(t->bounded ? NAN : t->value));
  if (t->bounded) {
    char *why = text_format("the temperature ran to the bound %g: on validation images of the "
                            "source its answers say nothing of the labels",
                            t->value);
    json_object_set_new(j, "uncalibrated", json_string(why));
    free(why);
  }
  if (f->kept_by) {
    json_object_set_new(j, "kept_by", json_string(f->kept_by));
    json_object_set_new(j, "keeping", interval_json(f->keeping, PER_CENT));
    json_object_set_new(j, "class_keeping", intervals_json(f->class_keeping, c->classes));
  }
  return j;
}
