/* results_pair.c: one pair of results.json. */
#include "results.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static const field measure_fields[] = {
    {"auc", offsetof(measure, auc)},
    {"low", offsetof(measure, low)},
    {"high", offsetof(measure, high)},
    {"paper_mean", offsetof(measure, paper_mean)},
    {"paper_low", offsetof(measure, paper_low)},
    {"paper_high", offsetof(measure, paper_high)},
    {"accuracy", offsetof(measure, accuracy)},
    {"accuracy_low", offsetof(measure, accuracy_low)},
    {"accuracy_high", offsetof(measure, accuracy_high)},
    {"n", offsetof(measure, n)},
};
static const field gain_fields[] = {
    {"value", offsetof(pair, gain)},    {"low", offsetof(pair, low)},
    {"high", offsetof(pair, high)},     {"p", offsetof(pair, p)},
    {"p_holm", offsetof(pair, p_holm)},
};
static const field pair_fields[] = {
    {"salvage", offsetof(pair, salvage)},
    {"keeps_label", offsetof(pair, keeps_label)},
    {"salvage_all", offsetof(pair, salvage_all)},
    {"seen_without_labels", offsetof(pair, seen_without_labels)},
};
static const field bin_fields[] = {
    {"confidence", offsetof(reliability_bin, confidence)},
    {"accuracy", offsetof(reliability_bin, accuracy)},
    {"n", offsetof(reliability_bin, n)},
};

int measure_read(const json_t *object, const char *where, const char *name, measure *m) {
  const json_t *j = json_object_get(object, name);
  int status = fields_numbers_of(object, where, name, measure_fields, COUNT(measure_fields), m);
  m->images = m->interval = NULL;
  if (status || !json_is_object(j)) return status;
  status = fields_text(j, where, "images", &m->images);
  return status ? status : fields_text(j, where, "interval", &m->interval);
}

static int read_candidate(const json_t *j, const char *where, void *record) {
  candidate *c = record;
  int status = json_is_object(j) ? 0 : fields_wrong_type(where, "", "an object", j);
  const json_t *translator = json_object_get(j, "translator");
  if (!status) status = fields_name(j, where, "method", &c->method);
  if (!status) status = fields_name(j, where, "node", &c->node);
  if (!status && translator && !json_is_null(translator)) {
    status = fields_name(j, where, "translator", &c->translator);
  }
  return status ? status : measure_read(j, where, "measure", &c->m);
}

/* ---- the choice ------------------------------------------------------------------------------ */

/* Every member is a number or null. */
static int read_criteria(const json_t *j, const char *where, void *record) {
  const char *name;
  json_t *value;
  double number;
  int status = 0;
  json_object_foreach((json_t *)(uintptr_t)j, name, value) {
    if (!status) status = fields_number(j, where, name, &number);
  }
  *(const json_t **)record = j;
  return status;
}

static int read_reason(const json_t *j, const char *where, void *record) {
  if (!json_is_string(j)) return fields_wrong_type(where, "", "a text", j);
  const char *text = json_string_value(j);
  memcpy(record, &text, sizeof text);
  return 0;
}

static int read_values(const json_t *j, const char *where, void *record) {
  criteria_values *v = record;
  int status = fields_name(j, where, "method", &v->method);
  if (!status) status = fields_object(j, where, "criteria", read_criteria, &v->criteria);
  v->struck = fields_list(j, where, "struck", sizeof *v->struck, read_reason, &v->strikes, &status);
  return status;
}

static int read_priors(const json_t *j, const char *where, void *record) {
  priors *p = record;
  const json_t *differ = json_object_get(j, "differ");
  p->compared = json_is_boolean(differ);
  p->differ = json_is_true(differ);
  int status = fields_text(j, where, "unknown", &p->unknown);
  if (!status) status = fields_number(j, where, "p", &p->p);
  if (!status) status = fields_interval(j, where, "distance", &p->distance);
  p->change = fields_list(j, where, "change", sizeof *p->change, fields_read_interval, &p->classes,
                          &status);
  return status;
}

static int read_choice(const json_t *j, const char *where, void *record) {
  choice *c = record;
  int status = fields_text(j, where, "chosen", &c->chosen);
  if (!status) status = fields_text(j, where, "criterion", &c->criterion);
  if (!status) status = fields_text(j, where, "settled_by", &c->settled_by);
  if (!status) status = fields_text(j, where, "rule", &c->rule);
  if (!status) status = fields_text(j, where, "bold", &c->bold);
  if (!status) status = fields_text(j, where, "left", &c->left);
  if (!status) status = fields_text(j, where, "uncalibrated", &c->uncalibrated);
  if (!status) status = fields_number(j, where, "images", &c->images);
  if (!status) status = fields_text(j, where, "predictor", &c->predictor);
  if (!status) status = fields_text(j, where, "outlook", &c->outlook);
  if (!status) status = fields_interval(j, where, "before", &c->before);
  if (!status) status = fields_interval(j, where, "after", &c->after);
  if (!status) status = fields_interval(j, where, "change", &c->change);
  if (!status) status = fields_number(j, where, "change_error", &c->change_error);
  if (!status) status = fields_text(j, where, "kept_by", &c->kept_by);
  if (!status) status = fields_interval(j, where, "keeping", &c->keeping);
  if (!status) status = fields_object(j, where, "priors", read_priors, &c->priors);
  c->value =
      fields_list(j, where, "candidates", sizeof *c->value, read_values, &c->values, &status);
  c->reason =
      fields_list(j, where, "reasons", sizeof *c->reason, read_reason, &c->reasons, &status);
  c->class_keeping = fields_list(j, where, "class_keeping", sizeof *c->class_keeping,
                                 fields_read_interval, &c->classes, &status);
  return status;
}

static int read_oracle(const json_t *j, const char *where, void *record) {
  oracle *o = record;
  int status = fields_text(j, where, "method", &o->method);
  if (!status) status = fields_number(j, where, "auc", &o->auc);
  return status ? status : fields_number(j, where, "regret", &o->regret);
}

/* ---- calibration, operating point ------------------------------------------------------------ */

static int read_bin(const json_t *j, const char *where, void *record) {
  return fields_numbers(j, where, bin_fields, COUNT(bin_fields), record);
}

static int read_reliability(const json_t *j, const char *where, void *record) {
  reliability *r = record;
  int status = fields_interval(j, where, "ece", &r->ece);
  if (!status) status = fields_interval(j, where, "brier", &r->brier);
  r->bin = fields_list(j, where, "bins", sizeof *r->bin, read_bin, &r->bins, &status);
  return status;
}

static int read_calibration(const json_t *j, const char *where, void *record) {
  static const char *const name[] = {"external", "adapted", "adapted_scaled", "ceiling"};
  pair *p = record;
  int status = fields_number(j, where, "temperature", &p->temperature);
  for (int k = 0; k < RELIABILITIES && !status; k++) {
    status = fields_object(j, where, name[k], read_reliability, &p->reliability[k]);
  }
  return status;
}

static int read_rates(const json_t *j, const char *where, interval *sensitivity,
                      interval *specificity) {
  int status = fields_interval(j, where, "sensitivity", sensitivity);
  return status ? status : fields_interval(j, where, "specificity", specificity);
}

static int read_source_rates(const json_t *j, const char *where, void *record) {
  carried *c = record;
  return read_rates(j, where, &c->source_sensitivity, &c->source_specificity);
}

static int read_target_rates(const json_t *j, const char *where, void *record) {
  carried *c = record;
  return read_rates(j, where, &c->sensitivity, &c->specificity);
}

/* Threshold and rates at the source; those at the target are elsewhere before adaptation. */
static int read_threshold(const json_t *j, const char *where, carried *c) {
  int status = fields_number(j, where, "threshold", &c->threshold);
  return status ? status : fields_object(j, where, "source", read_source_rates, c);
}

static int read_after(const json_t *j, const char *where, void *record) {
  carried *c = record;
  int status = fields_text(j, where, "unknown", &c->unknown);
  if (!status) status = read_threshold(j, where, c);
  return status ? status : read_target_rates(j, where, c);
}

static int read_operating_point(const json_t *j, const char *where, void *record) {
  operating_point *o = record;
  int status = fields_text(j, where, "positive", &o->positive);
  if (!status) status = fields_number(j, where, "wanted", &o->wanted);
  if (!status) status = read_threshold(j, where, &o->before);
  if (!status) status = fields_object(j, where, "external", read_target_rates, &o->before);
  return status ? status : fields_object(j, where, "adapted", read_after, &o->after);
}

static int read_delong(const json_t *j, const char *where, void *record) {
  delong *d = record;
  int status = fields_interval(j, where, "external", &d->external);
  if (!status) status = fields_interval(j, where, "adapted", &d->adapted);
  return status ? status : fields_number(j, where, "p", &d->p);
}

static int read_subgroup(const json_t *j, const char *where, void *record) {
  subgroup *s = record;
  int status = json_is_object(j) ? 0 : fields_wrong_type(where, "", "an object", j);
  if (!status) status = fields_text(j, where, "attribute", &s->attribute);
  if (!status) status = fields_text(j, where, "value", &s->value);
  if (!status) status = fields_number(j, where, "n", &s->n);
  if (!status) status = fields_number(j, where, "groups", &s->groups);
  if (!status) status = measure_read(j, where, "external", &s->external);
  if (!status) status = measure_read(j, where, "adapted", &s->adapted);
  return status ? status : fields_interval(j, where, "gain", &s->gain);
}

static int read_better(const json_t *j, const char *where, void *record) {
  usable *u = record;
  int status = fields_number(j, where, "images", &u->better_images);
  if (!status) status = fields_text(j, where, "node", &u->better_node);
  return status ? status : measure_read(j, where, "measure", &u->better);
}

static int read_verdict(const json_t *j, const char *where, void *record) {
  usable *u = record;
  int status = fields_text(j, where, "word", &u->word);
  if (!status) status = fields_text(j, where, "reason", &u->reason);
  if (!status) status = fields_number(j, where, "label", &u->label);
  if (!status) status = fields_number(j, where, "margin", &u->margin);
  if (!status) status = fields_number(j, where, "within", &u->within);
  return status ? status : fields_object(j, where, "better", read_better, u);
}

/* ---- all labelled images of the target ------------------------------------------------------- */

static int read_folds(const json_t *j, const char *where, void *record) {
  return fields_number(j, where, "folds", record);
}

static int read_all(const json_t *j, const char *where, pair *p) {
  int status = measure_read(j, where, "external_all", &p->external_all);
  if (!status) status = measure_read(j, where, "ceiling_all", &p->ceiling_all);
  return status ? status : fields_object(j, where, "ceiling_all", read_folds, &p->folds);
}

static int read_gain_interval(const json_t *j, const char *where, void *record) {
  pair *p = record;
  return fields_text(j, where, "interval", &p->gain_interval);
}

/* ---- the pair -------------------------------------------------------------------------------- */

static int read_details(const json_t *j, const char *where, pair *p) {
  int status = fields_object(j, where, "choice", read_choice, &p->choice);
  if (!status) status = fields_object(j, where, "verdict", read_verdict, &p->verdict);
  if (!status) status = fields_object(j, where, "oracle", read_oracle, &p->oracle);
  if (!status) status = fields_object(j, where, "calibration", read_calibration, p);
  if (!status)
    status = fields_object(j, where, "operating_point", read_operating_point, &p->operating);
  if (!status) status = fields_object(j, where, "delong", read_delong, &p->delong);
  if (!status) status = fields_interval(j, where, "label_equivalent", &p->equivalent);
  p->subgroup = fields_list(j, where, "subgroups", sizeof *p->subgroup, read_subgroup,
                            &p->subgroups, &status);
  p->equivalent_more =
      json_is_true(json_object_get(json_object_get(j, "label_equivalent"), "more"));
  return status;
}

int pair_read(const json_t *j, const char *where, void *record) {
  pair *p = record;
  int status = json_is_object(j) ? 0 : fields_wrong_type(where, "", "an object", j);
  if (!status) status = fields_name(j, where, "source", &p->source);
  if (!status) status = fields_name(j, where, "target", &p->target);
  for (int m = 0; m < MEASURES && !status; m++) {
    status = measure_read(j, where, report_measure_name[m], &p->m[m]);
  }
  if (!status) status = read_all(j, where, p);
  p->candidate = fields_list(j, where, "candidates", sizeof *p->candidate, read_candidate,
                             &p->candidates, &status);
  if (!status) status = fields_numbers_of(j, where, "gain", gain_fields, COUNT(gain_fields), p);
  if (!status) status = fields_object(j, where, "gain", read_gain_interval, p);
  if (!status) status = fields_numbers(j, where, pair_fields, COUNT(pair_fields), p);
  return status ? status : read_details(j, where, p);
}

void pair_release(pair *p) {
  free(p->candidate);
  for (int i = 0; i < p->choice.values; i++) free(p->choice.value[i].struck);
  free(p->choice.value);
  free(p->choice.reason);
  free(p->choice.class_keeping);
  free(p->choice.priors.change);
  free(p->subgroup);
  for (int k = 0; k < RELIABILITIES; k++) free(p->reliability[k].bin);
}
