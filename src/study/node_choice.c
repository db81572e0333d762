/* node_choice.c: which of a pair's adapted classifiers to use, and whether to adapt at all, judged
 * without a label of the target. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "file.h"
#include "run.h"

static xs_status open_chooser(study_run *r, const study_node *n, chooser *c) {
  const split_rule rule = run_split(r);
  *c = (chooser){.run = r,
                 .node = n,
                 .options = &r->study->settings.choice,
                 .seed = (uint64_t)r->study->settings.seed};
  c->candidate = nodes_candidates(r->study, &r->nodes, n->pair, &c->n);
  return xs_split_rows(seal_images(r->seal, n->target), rule.seed, rule.by_image, XS_VALIDATION,
                       &c->rows, &c->n_rows);
}

static void close_chooser(chooser *c) {
  nodes_candidates_free(c->candidate, c->n);
  free(c->rows);
  free(c->ensemble);
  free(c->value);
  free(c->information);
}

static xs_status add_to_ensemble(const chooser *c, const study_candidate *x) {
  judged j;
  xs_status status = judged_open(c, x, XS_VALIDATION, false, &j);
  if (!status) status = xs_ensemble_add(&j.answers.target, c->ensemble);
  judged_release(&j);
  return status;
}

/* A criterion that has no value for a candidate only ends the choice where it decides. */
static xs_status value_by(const chooser *c, const xs_criterion *by, const xs_choice_data *d,
                          const char *method, double *value) {
  xs_status status = by->value(d, value);
  if (!status) return XS_OK;
  *value = NAN;
  if (strcmp(by->name, c->options->criterion) != 0) return XS_OK;
  return (xs_status)fail_context(status, "%s: %s: ", c->node->name, method);
}

static bool settles_ties(const chooser *c) {
  return !strcmp(c->options->criterion, "im") && !strcmp(c->options->ties, "ensemble");
}

/* Every criterion's value, though one decides: what others would have chosen is worth knowing. */
static xs_status value_candidate(const chooser *c, int candidate) {
  int n;
  const xs_criterion *criterion = xs_criteria(&n);
  const study_candidate *x = &c->candidate[candidate];
  double *value = &c->value[candidate * n], *terms = &c->information[candidate * c->n_rows];
  judged j, training = {0};
  xs_status status = judged_open(c, x, XS_VALIDATION, true, &j);
  if (!status) status = judged_open(c, x, XS_TRAIN, true, &training);
  const xs_choice_data d = {.target = j.answers.target,
                            .source = j.answers.source,
                            .training = training.answers.source.of,
                            .ensemble = c->ensemble,
                            .rows = c->options->rows,
                            .seed = c->seed};
  for (int i = 0; i < n && !status; i++) {
    status = value_by(c, &criterion[i], &d, x->method, &value[i]);
  }
  if (!status && settles_ties(c)) status = xs_information_terms(&j.answers.target, terms);
  judged_release(&training);
  judged_release(&j);
  return status;
}

/* Of the candidates by one criterion; those that are out do not count; -1: none has a value. */
static int best(const chooser *c, const char *name, const bool *out) {
  int n, chosen = -1;
  const xs_criterion *criterion = xs_criteria(&n);
  double *value = memory_new((size_t)c->n * sizeof *value);
  for (int k = 0; k < n; k++) {
    if (strcmp(criterion[k].name, name) != 0) continue;
    for (int i = 0; i < c->n; i++) value[i] = out && out[i] ? NAN : c->value[i * n + k];
    chosen = xs_criterion_best(&criterion[k], value, c->n);
  }
  free(value);
  return chosen;
}

/* Methods that end alike maximise im alike: where the best is not better than others by more than
 * the difference's 95 % error, im does not decide, and the ensemble's agreement does. */
static int settle_ties(const chooser *c, int leader) {
  bool *out = memory_new((size_t)c->n * sizeof *out);
  const double *first = &c->information[leader * c->n_rows];
  for (int i = 0; i < c->n; i++) {
    const double *other = &c->information[i * c->n_rows];
    double gap = 0;
    for (int64_t k = 0; k < c->n_rows; k++) gap += (first[k] - other[k]) / (double)c->n_rows;
    out[i] = i != leader && gap > 1.96 * xs_paired_error(first, other, c->n_rows);
  }
  int chosen = best(c, "ensemble", out);
  free(out);
  return chosen < 0 ? leader : chosen;
}

static xs_status choose_one(const chooser *c, int *chosen) {
  const choice_options *o = c->options;
  *chosen = best(c, o->criterion, NULL);
  if (*chosen < 0) {
    return (xs_status)fail(XS_FAILED, "%s: criterion %s has no value for any candidate",
                           c->node->name, o->criterion);
  }
  if (settles_ties(c)) *chosen = settle_ties(c, *chosen);
  return XS_OK;
}

static json_t *candidate_json(const chooser *c, int i) {
  int n;
  const xs_criterion *criterion = xs_criteria(&n);
  json_t *values = json_object();
  for (int k = 0; k < n; k++) {
    json_object_set_new(values, criterion[k].name, number_json(c->value[i * n + k]));
  }
  return json_pack("{s:s, s:o}", "method", c->candidate[i].method, "criteria", values);
}

static json_t *choice_json(const chooser *c, int chosen, const findings *f) {
  json_t *candidates = json_array(), *j = findings_json(c, f);
  for (int i = 0; i < c->n; i++) json_array_append_new(candidates, candidate_json(c, i));
  json_object_set_new(j, "chosen", json_string(c->candidate[chosen].method));
  json_object_set_new(j, "criterion", json_string(c->options->criterion));
  if (chosen != best(c, c->options->criterion, NULL)) {
    json_object_set_new(j, "settled_by", json_string("ensemble"));
  }
  json_object_set_new(j, "candidates", candidates);
  return j;
}

static int write_choice(const train_job *job, json_t *choice) {
  char *path = file_join(job->dir, "choice.json"), *text = json_dumps(choice, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  free(path);
  json_decref(choice);
  return status;
}

/* The chosen classifier becomes the node's own, with its temperature and its target's look. */
static xs_status publish(const chooser *c, int chosen, const findings *f, const train_job *job) {
  const split_rule rule = run_split(c->run);
  char *from = run_node_path(c->run, c->candidate[chosen].node, "model.safetensors");
  char *to = file_join(job->dir, "model.safetensors");
  int64_t *rows = NULL;
  train_images site = {.images = seal_images(c->run->seal, c->node->target)};
  xs_status status = xs_split_rows(site.images, rule.seed, rule.by_image, XS_TRAIN, &rows, &site.n);
  site.rows = rows;
  if (!status) status = classifier_publish(from, to, f->temperature.value, &site, c->seed);
  free(rows);
  free(to);
  free(from);
  return status;
}

static void note_choice(const chooser *c, int chosen, const findings *f, const train_job *job) {
  run_note(job,
           "chosen: %s; predicted change of accuracy %+.1f points (%+.1f to %+.1f): adaptation %s",
           c->candidate[chosen].method, 100 * f->change.value, 100 * f->change.low,
           100 * f->change.high, xs_outlook_word(f->judgement.outlook));
}

static xs_status value_all(chooser *c) {
  int criteria;
  const size_t classes = (size_t)seal_classes(c->run->seal, c->node->source);
  xs_status status = XS_OK;
  xs_criteria(&criteria);
  c->value = memory_new((size_t)(c->n * criteria) * sizeof *c->value);
  c->information = memory_new((size_t)c->n * (size_t)(c->n_rows + 1) * sizeof *c->information);
  c->ensemble = memory_new((size_t)(c->n_rows + 1) * classes * sizeof *c->ensemble);
  for (int i = 0; i < c->n && !status; i++) status = add_to_ensemble(c, &c->candidate[i]);
  for (int i = 0; i < c->n && !status; i++) {
    status = run_check_stop(c->run, c->node->name);
    if (!status) status = value_candidate(c, i);
  }
  return status;
}

static xs_status choose(chooser *c, const train_job *job) {
  findings f = {0};
  int chosen;
  xs_status status = value_all(c);
  if (!status) status = choose_one(c, &chosen);
  if (!status) status = findings_make(c, chosen, &f);
  if (!status) status = publish(c, chosen, &f, job);
  if (!status && write_choice(job, choice_json(c, chosen, &f))) status = XS_FAILED;
  if (!status) note_choice(c, chosen, &f, job);
  findings_release(&f);
  return status;
}

xs_status node_choice(study_run *r, const study_node *n, const train_job *job) {
  chooser c;
  xs_status status = open_chooser(r, n, &c);
  if (!status) status = choose(&c, job);
  close_chooser(&c);
  return status;
}
