/* measure_pair.c: what a pair of sites has lost, and what was salvaged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "result_parts.h"

/* The ceiling on all images, and the salvage where the others are on all of them too. */
static void add_crossed(const pair_answers *x, json_t *parts) {
  if (!x->crossed) return;
  json_object_set(parts, "ceiling_all", x->crossed);
  const double ceiling = json_number_value(json_object_get(x->crossed, "auc")) / PER_CENT;
  if (strcmp(x->external->on->what, "all") != 0) return;
  json_object_set_new(
      parts, "salvage_all",
      per_cent_json(xs_salvage(answer_auc(x->external), answer_auc(x->adapted), ceiling)));
}

/* The keys in the order of results.json. */
static xs_status measure_parts(const measure_settings *s, const pair_answers *x, json_t *parts) {
  json_t *part = NULL;
  xs_status status = calibration_json(s, x, &part);
  if (!status) json_object_set_new(parts, "calibration", part);
  if (!status) add_crossed(x, parts);
  if (!status && s->positive) {
    status = operating_json(s, x, &part);
    if (!status) json_object_set_new(parts, "operating_point", part);
  }
  if (!status && x->external->on->classes == 2) {
    json_object_set_new(parts, "delong", delong_json(x));
  }
  if (!status && x->points) {
    status = equivalent_json(s, x, &part);
    if (!status) json_object_set_new(parts, "label_equivalent", part);
  }
  if (!status && x->external->on->attributes) {
    status = subgroups_json(s, x, &part);
    if (!status) json_object_set_new(parts, "subgroups", part);
  }
  return status;
}

static xs_status measure_pair(const measure_settings *s, const pair_answers *x, pair_result *r) {
  json_t *verdict = NULL;
  xs_status status = XS_OK;
  *r = (pair_result){
      .of = x, .gain = {NAN, NAN, NAN, NAN, XS_PERCENTILE}, .holm = NAN, .parts = json_object()};
  if (x->external) status = answer_difference(s, x->external, x->adapted, &r->gain);
  if (x->external && !status) status = measure_parts(s, x, r->parts);
  if (!status) status = verdict_json(s, r, &verdict);
  json_object_set_new(r->parts, "verdict", verdict);
  return status;
}

static xs_status adjust_gains(pair_result *r, int n) {
  double *p = memory_new((size_t)n * sizeof *p);
  for (int i = 0; i < n; i++) p[i] = r[i].gain.p;
  xs_status status = xs_holm(p, n, p);
  for (int i = 0; i < n && !status; i++) r[i].holm = p[i];
  free(p);
  return status;
}

xs_status pairs_measure(const measure_settings *s, const pair_answers *x, int n, pair_result *r) {
  xs_status status = XS_OK;
  for (int i = 0; i < n && !status; i++) status = measure_pair(s, &x[i], &r[i]);
  return status ? status : adjust_gains(r, n);
}

void pair_result_release(pair_result *r) { json_decref(r->parts); }

int pair_oracle(const pair_answers *x) {
  int best = x->adapted ? 0 : -1;
  for (int i = 1; i < x->n && best >= 0; i++) {
    if (answer_auc(x->candidate[i].answer) > answer_auc(x->candidate[best].answer)) best = i;
  }
  return best;
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */

static json_t *gain_json(const pair_result *r) {
  if (!r->of->external) return json_null();
  json_t *j = difference_json(&r->gain);
  json_object_set_new(j, "p_holm", number_json(r->holm));
  return j;
}

static json_t *candidates_json(const pair_answers *x) {
  json_t *list = json_array();
  for (int i = 0; i < x->n; i++) {
    const pair_candidate *c = &x->candidate[i];
    json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o}", "method", c->method, "node",
                                          c->node, "translator", c->translator, "measure",
                                          answer_json(c->answer)));
  }
  return list;
}

static json_t *oracle_json(const pair_answers *x) {
  int best = pair_oracle(x);
  if (best < 0) return json_null();
  const double auc = answer_auc(x->candidate[best].answer);
  return json_pack("{s:s, s:o, s:o}", "method", x->candidate[best].method, "auc",
                   per_cent_json(auc), "regret", per_cent_json(auc - answer_auc(x->adapted)));
}

json_t *pair_json(const measure_settings *s, const pair_result *r) {
  const pair_answers *x = r->of;
  const double salvage =
      xs_salvage(answer_auc(x->external_test), answer_auc(x->adapted_test), answer_auc(x->ceiling));
  json_t *j = json_object();
  json_object_set_new(j, "source", json_string(x->source));
  json_object_set_new(j, "target", json_string(x->target));
  json_object_set_new(j, "internal", answer_json(x->internal));
  json_object_set_new(j, "external", answer_json(x->external));
  json_object_set_new(j, "external_all", answer_json(x->external_all));
  json_object_set_new(j, "adapted", answer_json(x->adapted));
  json_object_set_new(j, "ceiling", answer_json(x->ceiling));
  if (x->adapted) json_object_set_new(j, "seen_without_labels", json_integer(x->seen));
  json_object_set_new(j, "gain", gain_json(r));
  json_object_set_new(j, "salvage", per_cent_json(salvage));
  json_object_set_new(j, "keeps_label", per_cent_json(x->kept));
  json_object_set_new(j, "candidates", candidates_json(x));
  json_object_set(j, "choice", x->choice);
  if (s->oracle) json_object_set_new(j, "oracle", oracle_json(x));
  json_object_update(j, r->parts);
  return j;
}
