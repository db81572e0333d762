/* candidate_facts.c: what is known of a pair's candidates before one is chosen, without a target
 * label. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "measure_json.h"
#include "memory.h"
#include "probability.h"
#include "study_file.h"
#include "text.h"
#include "training_run.h"

/* ---- class shares -------------------------------------------------------------------------------
 */

static double *shares_of(const xs_outputs *x) {
  double *share = memory_new((size_t)x->classes * sizeof *share);
  for (int64_t i = 0; i < x->n; i++) {
    share[probability_top(x->logit + i * x->classes, x->classes)] += 1 / (double)x->n;
  }
  return share;
}

/* Shares that cannot be told are no failure: then they strike nobody out. */
static void estimate_shares(chooser *c, const judged *none) {
  const size_t bytes = (size_t)c->classes * sizeof(double);
  c->source = memory_new(bytes);
  c->em = memory_new(bytes);
  c->bbse = memory_new(bytes);
  const xs_outputs *target = &none->answers.target;
  const xs_labelled_outputs *source = &none->answers.source;
  bool known = !xs_source_prior(source, c->source);
  if (!known || xs_prior_em(target, c->source, c->em)) {
    free(c->em);
    c->em = NULL;
  }
  if (!known || xs_bbse(source, target, c->bbse)) {
    free(c->bbse);
    c->bbse = NULL;
  }
}

static void compare_shares(chooser *c, const judged *none) {
  xs_interval *difference = memory_new((size_t)c->classes * sizeof *difference);
  if (xs_prior_compare(&none->answers.source, &none->answers.target,
                       (int)c->job->settings->replicates, c->seed, difference, &c->shares)) {
    c->shares = (xs_prior_mismatch){0};
  }
  free(difference);
}

static xs_status find_shares(chooser *c) {
  judged j;
  xs_status status = judged_open(c, &c->job->unadapted, XS_VALIDATION, false, &j);
  if (!status) {
    estimate_shares(c, &j);
    compare_shares(c, &j);
  }
  judged_release(&j);
  return status;
}

/* ---- one candidate ------------------------------------------------------------------------------
 */

/* A criterion that has no value for a candidate only ends the choice where it decides. */
static xs_status value_by(const chooser *c, const xs_criterion *by, const xs_choice_data *d,
                          const char *method, double *value) {
  xs_status status = by->value(d, value);
  if (!status) return XS_OK;
  *value = NAN;
  if (strcmp(by->name, c->options->criterion) != 0) return XS_OK;
  return (xs_status)fail_context(status, "%s: %s: ", c->job->train->task, method);
}

/* Every criterion's value, though one decides: what others would have chosen is worth knowing. */
static xs_status find_values(const chooser *c, const node_candidate *x, const judged *j,
                             candidate_facts *f) {
  int n;
  const xs_criterion *criterion = xs_criteria(&n);
  judged training;
  xs_status status = judged_open(c, x, XS_TRAIN, true, &training);
  const xs_choice_data d = {.target = j->answers.target,
                            .source = j->answers.source,
                            .training = training.answers.source.of,
                            .ensemble = c->ensemble,
                            .rows = c->options->rows,
                            .seed = c->seed};
  f->value = memory_new((size_t)n * sizeof *f->value);
  f->information = memory_new((size_t)(c->n_rows + 1) * sizeof *f->information);
  for (int i = 0; i < n && !status; i++) {
    status = value_by(c, &criterion[i], &d, x->method, &f->value[i]);
  }
  if (!status) status = xs_information_terms(&d.target, f->information);
  judged_release(&training);
  return status;
}

static bool shares_translator(const node_candidate *a, const node_candidate *b) {
  return a->generator && strcmp(a->generator, b->generator) == 0;
}

/* Candidates share translators. */
static xs_status find_keeping(const chooser *c, int candidate, candidate_facts *f) {
  const node_candidate *x = &c->candidate[candidate];
  const size_t bytes = (size_t)c->classes * sizeof *f->keeping;
  xs_interval overall;
  f->keeping = memory_new(bytes);
  for (int i = 0; i < candidate; i++) {
    if (!shares_translator(&c->candidate[i], x)) continue;
    memcpy(f->keeping, c->fact[i].keeping, bytes);
    return XS_OK;
  }
  return judged_keeping(c, x, &overall, f->keeping);
}

/* A classifier without a curve of epochs has nothing to say of its training. */
static xs_status find_untrained(const node_candidate *x, candidate_facts *f) {
  if (!x->folder) return XS_OK;
  json_t *training;
  xs_status status = run_training(x->folder, &training);
  const char *why = json_string_value(json_object_get(training, "why"));
  if (why) f->untrained = text_copy(why);
  json_decref(training);
  return status;
}

static xs_status find_judged(const chooser *c, const node_candidate *x, const judged *j,
                             candidate_facts *f) {
  const xs_predictor *predictor = xs_predictor_find(c->options->predictor);
  const xs_prediction_data d = {.target = j->answers.target, .source = j->answers.source};
  xs_interval overall;
  f->share = shares_of(&j->answers.target);
  xs_status status = predictor->accuracy(&d, &f->predicted);
  if (!status) status = xs_temperature_fit(&j->answers.source, &f->temperature);
  if (!status && x->generator) {
    f->recall = memory_new((size_t)c->classes * sizeof *f->recall);
    status = xs_label_keeping(&j->answers.source, &overall, f->recall);
  }
  return status;
}

static xs_status find_agreement(const chooser *c, candidate_facts *f) {
  const xs_outputs x = {.n = c->n_rows, .classes = c->classes, .logit = f->logit};
  return c->n_rows ? xs_agreement(&x, c->ensemble, &f->agreement) : XS_OK;
}

static xs_status find_facts(chooser *c, int candidate) {
  const node_candidate *x = &c->candidate[candidate];
  candidate_facts *f = &c->fact[candidate];
  judged j;
  xs_status status = judged_open(c, x, XS_VALIDATION, true, &j);
  if (!status) status = find_values(c, x, &j, f);
  if (!status) status = find_judged(c, x, &j, f);
  if (!status && x->generator) status = find_keeping(c, candidate, f);
  if (!status) status = find_agreement(c, f);
  if (!status) status = find_untrained(x, f);
  judged_release(&j);
  return status;
}

static void strike_out(chooser *c, int candidate) {
  candidate_facts *f = &c->fact[candidate];
  const bool shifted = c->shares.mismatch && method_takes_shares(c->candidate[candidate].method);
  const xs_candidate_evidence e = {.classes = c->classes,
                                   .keeping = f->keeping,
                                   .recall = f->recall,
                                   .share = f->share,
                                   .images = c->groups,
                                   .source = c->source,
                                   .em = c->em,
                                   .bbse = c->bbse,
                                   .shifted = shifted ? &c->shares.distance : NULL,
                                   .uncalibrated = f->temperature.bounded,
                                   .untrained = f->untrained != NULL};
  f->strike = memory_new((size_t)(3 * c->classes + 3) * sizeof *f->strike);
  if (candidate != c->none) f->strikes = xs_strikes(&e, f->strike);
}

/* ---- all candidates -----------------------------------------------------------------------------
 */

/* Their answers at the target, of which those of the portfolio make the ensemble. */
static xs_status find_answers(chooser *c, int candidate) {
  float *logit = memory_new((size_t)(c->n_rows + 1) * (size_t)c->classes * sizeof *logit);
  const xs_outputs x = {.n = c->n_rows, .classes = c->classes, .logit = logit};
  xs_classifier *k = NULL;
  xs_status status = xs_classifier_load(c->candidate[candidate].model, &k);
  c->fact[candidate].logit = logit;
  if (!status) status = xs_classifier_features(k, c->job->target, c->rows, c->n_rows, logit, NULL);
  if (!status && c->candidate[candidate].listed) status = xs_ensemble_add(&x, c->ensemble);
  xs_classifier_free(k);
  return status;
}

xs_status facts_make(chooser *c) {
  xs_status status = XS_OK;
  c->fact = memory_new((size_t)c->n * sizeof *c->fact);
  c->ensemble = memory_new((size_t)(c->n_rows + 1) * (size_t)c->classes * sizeof *c->ensemble);
  for (int i = 0; i < c->n && !status; i++) status = find_answers(c, i);
  if (!status) status = find_shares(c);
  for (int i = 0; i < c->n && !status; i++) {
    status = node_check_stop(c->job->train->watch, c->job->train->task);
    if (!status) status = find_facts(c, i);
    if (!status) strike_out(c, i);
  }
  return status;
}

void facts_release(chooser *c) {
  for (int i = 0; i < c->n && c->fact; i++) {
    candidate_facts *f = &c->fact[i];
    free(f->value);
    free(f->logit);
    free(f->information);
    free(f->share);
    free(f->keeping);
    free(f->recall);
    free(f->untrained);
    free(f->strike);
  }
  free(c->fact);
  free(c->ensemble);
  free(c->source);
  free(c->em);
  free(c->bbse);
}

/* ---- in words -----------------------------------------------------------------------------------
 */

static char *strike_text(const chooser *c, int candidate, const xs_strike *s) {
  const char *class = c->job->site[0].class_name[s->of_class];
  const double seen = 100 * s->seen.value, low = 100 * s->seen.low, high = 100 * s->seen.high;
  switch (s->kind) {
  case XS_STRIKE_KEEPING:
    return text_format("translation loses the class '%s': the source's classifier gives the right "
                       "label to %.1f %% of its translated images (%.1f to %.1f)",
                       class, seen, low, high);
  case XS_STRIKE_RECALL:
    return text_format("of the translated images of the class '%s' it labels %.1f %% rightly "
                       "itself (%.1f to %.1f)",
                       class, seen, low, high);
  case XS_STRIKE_SHARE:
    return text_format("at the target it gives the class '%s' to %.1f %% of the images (%.1f to "
                       "%.1f), and nothing says that the class is so rare there",
                       class, seen, low, high);
  case XS_STRIKE_PRIORS:
    return text_format("its method takes the classes to be as frequent at the target as at the "
                       "source, and their shares differ by %.1f %% (%.1f to %.1f)",
                       seen, low, high);
  case XS_STRIKE_TEMPERATURE:
    return text_format("its temperature ran to the bound %g: its answers say nothing of the labels",
                       c->fact[candidate].temperature.value);
  case XS_STRIKE_TRAINING:
    break;
  }
  return text_format("it was not trained enough: %s", c->fact[candidate].untrained);
}

static json_t *shares_json(const double *share, int classes) {
  json_t *list = json_array();
  for (int k = 0; k < classes; k++) json_array_append_new(list, per_cent_json(share[k]));
  return list;
}

/* Agreement that an adapted candidate must have. */
static double wanted_agreement(const chooser *c) {
  const double unadapted = c->fact[c->none].agreement;
  return unadapted + LEAST_SETTLED * (1 - unadapted);
}

bool facts_settle(const chooser *c, int candidate) {
  return c->fact[candidate].agreement >= wanted_agreement(c) && c->fact[c->none].agreement < 1;
}

int facts_against(const chooser *c, int candidate, char **text) {
  const candidate_facts *f = &c->fact[candidate];
  int n = 0;
  for (int i = 0; i < f->strikes; i++) text[n++] = strike_text(c, candidate, &f->strike[i]);
  if (candidate != c->none && !facts_settle(c, candidate)) {
    text[n++] = text_format("it settles too little: it agrees with all candidates together on %.1f "
                            "%% of the images, the classifier as it is on %.1f %%, and at least "
                            "%.1f %% are wanted",
                            100 * f->agreement, 100 * c->fact[c->none].agreement,
                            100 * wanted_agreement(c));
  }
  return n;
}

static json_t *against_json(const chooser *c, int candidate) {
  char **text = memory_new((size_t)(c->fact[candidate].strikes + 1) * sizeof *text);
  const int n = facts_against(c, candidate, text);
  json_t *list = option_texts_json(text, n);
  for (int i = 0; i < n; i++) free(text[i]);
  free(text);
  return list;
}

json_t *facts_json(const chooser *c, int candidate) {
  int n;
  const xs_criterion *criterion = xs_criteria(&n);
  const candidate_facts *f = &c->fact[candidate];
  json_t *values = json_object();
  for (int k = 0; k < n; k++) {
    json_object_set_new(values, criterion[k].name, number_json(f->value[k]));
  }
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "method", c->candidate[candidate].method,
                   "criteria", values, "shares", shares_json(f->share, c->classes), "predicted",
                   per_cent_json(f->predicted), "agreement", per_cent_json(f->agreement), "struck",
                   against_json(c, candidate));
}
