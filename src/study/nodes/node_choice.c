/* node_choice.c: which of a pair's adapted classifiers to use, and whether to adapt at all, judged
 * without a label of the target. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "file.h"
#include "group_count.h"
#include "memory.h"
#include "training_run.h"

/* ---- the images that decide ---------------------------------------------------------------------
 */

static int64_t keep_side(int64_t *rows, int64_t n, const int64_t *test, int64_t n_test) {
  int64_t kept = 0;
  for (int64_t i = 0, t = 0; i < n; i++) {
    while (t < n_test && test[t] < rows[i]) t++;
    if (t == n_test || test[t] != rows[i]) rows[kept++] = rows[i];
  }
  return kept;
}

/* A stratified split draws test images from all that are not called training images without labels.
 */
xs_status choice_rows(const xs_images *images, bool labelled, split_rule rule, int64_t **rows,
                      int64_t *n) {
  const bool stratified = images->split.kind == XS_SPLIT_STRATIFIED;
  int64_t *test = NULL, n_test = 0;
  xs_status status = xs_split_rows(images, rule.seed, rule.by_image,
                                   labelled && stratified ? XS_TRAIN : XS_ALL, rows, n);
  if (!status && labelled && !stratified) {
    status = xs_split_rows(images, rule.seed, rule.by_image, XS_TEST, &test, &n_test);
    *n = keep_side(*rows, *n, test, n_test);
  }
  free(test);
  return status;
}

static xs_status target_images(const chooser *c, train_set *set) {
  const xs_images *images = c->job->target;
  *set = (train_set){.images = images,
                     .label = memory_new((size_t)(images->n + 1) * sizeof *set->label)};
  xs_status status =
      choice_rows(images, c->job->target_labelled, c->job->split, &set->rows, &set->n);
  if (!status) train_set_limit(set, c->seed, JUDGED_MOST);
  return status;
}

static double count_groups(const train_set *s) {
  uint64_t *key = memory_new((size_t)(s->n + 1) * sizeof *key);
  for (int64_t i = 0; i < s->n; i++) key[i] = s->images->group[s->rows[i]];
  const double groups = (double)group_count(key, s->n);
  free(key);
  return groups;
}

static xs_status open_chooser(const node_job *job, chooser *c) {
  train_set set;
  *c = (chooser){.job = job,
                 .options = &job->settings->choice,
                 .seed = job->train->seed,
                 .classes = job->site[0].classes,
                 .candidate = job->candidate,
                 .n = job->candidates};
  while (strcmp(c->candidate[c->none].method, "none") != 0) c->none++;
  xs_status status = target_images(c, &set);
  c->rows = set.rows;
  c->n_rows = set.n;
  c->groups = count_groups(&set);
  free(set.label);
  return status;
}

static void close_chooser(chooser *c) {
  facts_release(c);
  free(c->rows);
}

/* ---- what is written ----------------------------------------------------------------------------
 */

typedef struct outcome {
  decision taken, careful, bold;
  choice_evidence found;
} outcome;

static json_t *choice_json(const chooser *c, const outcome *x) {
  json_t *candidates = json_array(), *j = choice_evidence_json(c, &x->found);
  for (int i = 0; i < c->n; i++) json_array_append_new(candidates, facts_json(c, i));
  json_object_set_new(j, "rule", json_string(c->options->rule));
  json_object_set_new(j, "images", json_integer(c->n_rows));
  json_object_set_new(j, "chosen", json_string(c->candidate[x->taken.chosen].method));
  json_object_set_new(j, "careful", json_string(c->candidate[x->careful.chosen].method));
  json_object_set_new(j, "bold", json_string(c->candidate[x->bold.chosen].method));
  json_object_set_new(j, "criterion", json_string(c->options->criterion));
  if (x->taken.settled) json_object_set_new(j, "settled_by", json_string("ensemble"));
  if (x->taken.reason) json_object_set_new(j, "left", json_string(x->taken.reason));
  json_object_set_new(j, "candidates", candidates);
  return j;
}

static int write_choice(const node_job *job, json_t *choice) {
  char *path = file_join(job->train->dir, "choice.json"),
       *text = json_dumps(choice, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  free(path);
  json_decref(choice);
  return status;
}

xs_status choice_read(const char *dir, const char *const *method, int n, json_t **json,
                      int *chosen) {
  char *path = file_join(dir, "choice.json");
  json_error_t error;
  xs_status status = XS_OK;
  *json = json_load_file(path, 0, &error);
  const char *name = json_string_value(json_object_get(*json, "chosen"));
  for (*chosen = 0; *chosen < n && name && strcmp(method[*chosen], name) != 0; ++*chosen) continue;
  if (!*json) {
    status = (xs_status)fail(XS_FAILED, "%s: %s", path, error.text);
  } else if (!name || *chosen == n) {
    status = (xs_status)fail(XS_FAILED, "%s: chosen is '%s', which is no candidate of the pair",
                             path, name ? name : "");
  }
  free(path);
  return status;
}

/* The chosen classifier becomes the node's own, with its temperature and its target's look. */
static xs_status publish(const chooser *c, const outcome *x) {
  const node_job *job = c->job;
  const xs_temperature *t = &x->found.temperature;
  char *to = file_join(job->train->dir, "model.safetensors");
  int64_t *rows = NULL;
  train_images site = {.images = job->target};
  xs_status status =
      xs_split_rows(job->target, job->split.seed, job->split.by_image, XS_TRAIN, &rows, &site.n);
  site.rows = rows;
  if (!status) {
    status = classifier_publish(c->candidate[x->taken.chosen].model, to,
                                t->bounded ? NAN : t->value, &site, c->seed);
  }
  free(rows);
  free(to);
  return status;
}

static void note_struck(const chooser *c) {
  for (int i = 0; i < c->n; i++) {
    char **why = memory_new((size_t)(c->fact[i].strikes + 1) * sizeof *why);
    const int n = facts_against(c, i, why);
    for (int k = 0; k < n; k++) {
      run_note(c->job->train, "%s is struck out: %s", c->candidate[i].method, why[k]);
      free(why[k]);
    }
    free(why);
  }
}

static void note_choice(const chooser *c, const outcome *x) {
  const train_job *job = c->job->train;
  const choice_evidence *f = &x->found;
  const char *method = c->candidate[x->taken.chosen].method;
  if (x->taken.chosen == c->none) {
    run_note(job, "chosen: %s, by %lld images: the classifier is left as it is%s%s", method,
             (long long)c->n_rows, x->taken.reason ? ": " : "",
             x->taken.reason ? x->taken.reason : "");
  } else {
    run_note(job,
             "chosen: %s, by %lld images; predicted change of accuracy %+.1f points (%+.1f to "
             "%+.1f): adaptation %s",
             method, (long long)c->n_rows, 100 * f->change.value, 100 * f->change.low,
             100 * f->change.high, xs_outlook_word(f->judgement.outlook));
  }
  if (f->temperature.bounded) {
    run_note(job,
             "its temperature ran to the bound %g: it is not calibrated, and no calibrated "
             "probabilities are given",
             f->temperature.value);
  }
}

/* ---- the node -----------------------------------------------------------------------------------
 */

static xs_status decide(const chooser *c, outcome *x) {
  xs_status status = decide_boldly(c, &x->bold);
  if (!status) status = decide_carefully(c, &x->careful);
  x->taken = strcmp(c->options->rule, "careful") == 0 ? x->careful : x->bold;
  return status;
}

static xs_status choose(chooser *c) {
  const bool careful = strcmp(c->options->rule, "careful") == 0;
  outcome x = {0};
  xs_status status = facts_make(c);
  if (!status && careful) note_struck(c);
  if (!status) status = decide(c, &x);
  if (!status) status = choice_evidence_make(c, x.taken.chosen, &x.found);
  if (!status) status = publish(c, &x);
  if (!status && write_choice(c->job, choice_json(c, &x))) status = XS_FAILED;
  if (!status) note_choice(c, &x);
  choice_evidence_release(&x.found);
  return status;
}

xs_status node_choice(const node_job *job) {
  chooser c;
  xs_status status = open_chooser(job, &c);
  if (!status) status = choose(&c);
  close_chooser(&c);
  return status;
}
