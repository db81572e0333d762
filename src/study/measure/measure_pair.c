/* measure_pair.c: what a pair of sites has lost, and what was salvaged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "memory.h"

static const study_pair *pair_of(const evaluation *e, const pair_result *x) {
  return &e->run->study->pair[x->pair];
}

static bool has_target_labels(const evaluation *e, const pair_result *x) {
  return e->run->study->site[pair_of(e, x)->target].labelled;
}

/* Share of translated source test images that the source's classifier gives the right label. */
static xs_status measure_kept(const evaluation *e, int adapter, int source, double *kept) {
  const study_run *r = e->run;
  const test_set *test = &e->test[source];
  const train_set *t = &test->images;
  char *generator = run_node_path(r, adapter, "generator.safetensors");
  char *model = run_node_path(r, nodes_start(r->study, &r->nodes, source), "model.safetensors");
  translator *g = NULL;
  xs_classifier *c = NULL;
  xs_images *made = NULL;
  float *logit = memory_new((size_t)(t->n * test->classes + 1) * sizeof *logit);
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(model, &c);
  if (!status) status = translator_apply(g, t->images, t->rows, t->n, 1, &made);
  if (!status) status = xs_classifier_logits(c, made, NULL, t->n, logit);
  if (!status) *kept = xs_accuracy(logit, test->label, t->n, test->classes);
  free(logit);
  xs_images_close(made);
  xs_classifier_free(c);
  translator_free(g);
  free(model);
  free(generator);
  return status;
}

/* Of the first candidate that has a translator. */
static xs_status measure_translator(const evaluation *e, pair_result *x) {
  for (int i = 0; i < x->choice.n; i++) {
    int adapter = x->choice.candidate[i].translator;
    if (adapter >= 0) return measure_kept(e, adapter, pair_of(e, x)->source, &x->kept);
  }
  return XS_OK;
}

static xs_status measure_gain(const evaluation *e, pair_result *x) {
  const study_settings *s = &e->run->study->settings;
  const test_set *t = x->external->on;
  return xs_measure_difference(x->external->logit, x->adapted->logit, t->label, t->group,
                               t->images.n, t->classes, (int)s->replicates, (uint64_t)s->seed,
                               &x->gain);
}

static bool measures_all(const evaluation *e) {
  return strcmp(e->run->study->settings.measure, "all") == 0;
}

/* On the images that the study wants adapted classifiers to be measured on. */
static xs_status answer(evaluation *e, const pair_result *x, int node, const test_answer **a) {
  return measures_all(e) ? evaluation_answer_all(e, node, x->pair, a)
                         : evaluation_answer(e, node, pair_of(e, x)->target, a);
}

/* Adaptations take the target's training images, drawn without labels. */
static xs_status count_seen(const evaluation *e, pair_result *x) {
  const study_run *r = e->run;
  const split_rule rule = run_split(r);
  const train_set *t = &x->adapted->on->images;
  int64_t *rows, n, k = 0;
  xs_status status = xs_split_rows(t->images, rule.seed, rule.by_image, XS_TRAIN, &rows, &n);
  for (int64_t i = 0; i < t->n && !status; i++) {
    while (k < n && rows[k] < t->rows[i]) k++;
    x->seen += k < n && rows[k] == t->rows[i];
  }
  free(rows);
  return status;
}

static xs_status measure_target(evaluation *e, pair_result *x) {
  const study_run *r = e->run;
  const study_pair *p = pair_of(e, x);
  const int source = nodes_start(r->study, &r->nodes, p->source),
            target = nodes_start(r->study, &r->nodes, p->target);
  const int chosen = x->choice.candidate[x->choice.chosen].node;
  xs_status status = evaluation_answer_all(e, source, x->pair, &x->external_all);
  if (!status) status = evaluation_answer(e, source, p->target, &x->external_test);
  if (!status) status = evaluation_answer(e, chosen, p->target, &x->adapted_test);
  if (!status) status = evaluation_answer(e, target, p->target, &x->ceiling);
  if (!status) status = answer(e, x, source, &x->external);
  for (int i = 0; i < x->choice.n && !status; i++) {
    status = answer(e, x, x->choice.candidate[i].node, &x->candidate[i]);
  }
  x->adapted = x->candidate[x->choice.chosen];
  if (!status) status = count_seen(e, x);
  return status ? status : measure_gain(e, x);
}

/* The ceiling on all images, and the salvage where the others are on all of them too. */
static xs_status measure_crossed(evaluation *e, pair_result *x) {
  json_t *crossed;
  xs_status status = crossed_json(e, pair_of(e, x)->target, &crossed);
  if (status || !json_is_object(crossed)) return status;
  json_object_set(x->parts, "ceiling_all", crossed);
  const double ceiling = json_number_value(json_object_get(crossed, "auc")) / PER_CENT;
  if (measures_all(e)) {
    json_object_set_new(
        x->parts, "salvage_all",
        per_cent_json(xs_salvage(answer_auc(x->external), answer_auc(x->adapted), ceiling)));
  }
  return status;
}

static xs_status measure_parts(evaluation *e, pair_result *x) {
  const study_settings *s = &e->run->study->settings;
  json_t *part = NULL;
  xs_status status = calibration_json(e, x, &part);
  if (!status) json_object_set_new(x->parts, "calibration", part);
  if (!status) status = measure_crossed(e, x);
  if (!status && s->operating.positive) {
    status = operating_json(e, x, &part);
    if (!status) json_object_set_new(x->parts, "operating_point", part);
  }
  if (!status && x->external->on->classes == 2) {
    status = delong_json(e, x, &part);
    if (!status) json_object_set_new(x->parts, "delong", part);
  }
  if (!status && s->label_counts.n) {
    status = equivalent_json(e, x, &part);
    if (!status) json_object_set_new(x->parts, "label_equivalent", part);
  }
  if (!status && x->external->on->attributes) {
    status = subgroups_json(e, x, &part);
    if (!status) json_object_set_new(x->parts, "subgroups", part);
  }
  return status;
}

xs_status measure_pair(evaluation *e, int pair, pair_result *x) {
  const study_run *r = e->run;
  *x = (pair_result){.pair = pair,
                     .gain = {NAN, NAN, NAN, NAN, XS_PERCENTILE},
                     .holm = NAN,
                     .kept = NAN,
                     .parts = json_object()};
  const int site = pair_of(e, x)->source, source = nodes_start(r->study, &r->nodes, site);
  json_t *verdict = NULL;
  xs_status status = pair_choice_open(r, pair, &x->choice);
  x->candidate = memory_new((size_t)(x->choice.n + 1) * sizeof(const test_answer *));
  if (!status) status = evaluation_answer(e, source, site, &x->internal);
  if (!status && has_target_labels(e, x)) {
    status = measure_target(e, x);
    if (!status) status = measure_parts(e, x);
  }
  if (!status) status = measure_translator(e, x);
  if (!status) status = verdict_json(e, x, &verdict);
  json_object_set_new(x->parts, "verdict", verdict);
  return status;
}

void pair_result_release(pair_result *x) {
  pair_choice_release(&x->choice);
  json_decref(x->parts);
  free(x->candidate);
}

int pair_oracle(const pair_result *x) {
  int best = x->adapted ? 0 : -1;
  for (int i = 1; i < x->choice.n && best >= 0; i++) {
    if (answer_auc(x->candidate[i]) > answer_auc(x->candidate[best])) best = i;
  }
  return best;
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */

static json_t *gain_json(const pair_result *x) {
  if (!x->external) return json_null();
  json_t *j = difference_json(&x->gain);
  json_object_set_new(j, "p_holm", number_json(x->holm));
  return j;
}

static json_t *candidates_json(const evaluation *e, const pair_result *x) {
  json_t *list = json_array();
  for (int i = 0; i < x->choice.n; i++) {
    const study_candidate *c = &x->choice.candidate[i];
    json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o}", "method", c->method, "node",
                                          evaluation_node_name(e, c->node), "translator",
                                          evaluation_node_name(e, c->translator), "measure",
                                          answer_json(x->candidate[i])));
  }
  return list;
}

static json_t *oracle_json(const pair_result *x) {
  int best = pair_oracle(x);
  if (best < 0) return json_null();
  const double auc = answer_auc(x->candidate[best]);
  return json_pack("{s:s, s:o, s:o}", "method", x->choice.candidate[best].method, "auc",
                   per_cent_json(auc), "regret", per_cent_json(auc - answer_auc(x->adapted)));
}

json_t *pair_json(const evaluation *e, const pair_result *x) {
  const xs_study *s = e->run->study;
  const study_pair *p = pair_of(e, x);
  const double salvage =
      xs_salvage(answer_auc(x->external_test), answer_auc(x->adapted_test), answer_auc(x->ceiling));
  json_t *j = json_object();
  json_object_set_new(j, "source", json_string(s->site[p->source].name));
  json_object_set_new(j, "target", json_string(s->site[p->target].name));
  json_object_set_new(j, "internal", answer_json(x->internal));
  json_object_set_new(j, "external", answer_json(x->external));
  json_object_set_new(j, "external_all", answer_json(x->external_all));
  json_object_set_new(j, "adapted", answer_json(x->adapted));
  json_object_set_new(j, "ceiling", answer_json(x->ceiling));
  if (x->adapted) json_object_set_new(j, "seen_without_labels", json_integer(x->seen));
  json_object_set_new(j, "gain", gain_json(x));
  json_object_set_new(j, "salvage", per_cent_json(salvage));
  json_object_set_new(j, "keeps_label", per_cent_json(x->kept));
  json_object_set_new(j, "candidates", candidates_json(e, x));
  json_object_set(j, "choice", x->choice.json);
  if (s->settings.oracle) json_object_set_new(j, "oracle", oracle_json(x));
  json_object_update(j, x->parts);
  return j;
}
