#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "cli.h"
#include "error.h"
#include "file.h"
#include "job.h"
#include "measure.h"
#include "memory.h"
#include "preprocessing.h"
#include "text.h"
#include "threshold.h"

typedef struct eval_options {
  char *model, *data, *split, *split_by, *data_dir, *cache, *outputs, *threshold;
  int64_t seed, replicates, threads;
  bool json, skip_unreadable;
} eval_options;

#define FIELD(name) offsetof(eval_options, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "DOMAIN-FILE",
     "the site: a YAML file that says where its images and labels are"},
    SPLIT_ROW(FIELD(split), "test"),
    SEED_ROW(FIELD(seed),
             "of the split and the bootstrap; the study's seed gives the study's test set"),
    OPTION_INTEGER_ROW(NULL, 0, eval_options, replicates, "2000", 10, 1000000,
                       "bootstrap replicates"),
    SPLIT_BY_ROW(FIELD(split_by)),
    DATA_DIR_ROW(FIELD(data_dir)),
    CACHE_ROW(FIELD(cache)),
    SKIP_UNREADABLE_ROW(FIELD(skip_unreadable)),
    THREADS_ROW(FIELD(threads)),
    THRESHOLD_ROW(FIELD(threshold)),
    {NULL, "outputs", OPTION_TEXT, FIELD(outputs), NULL, false, 0, 0, NULL, "FILE",
     "also write each image's label, logits, probabilities and decision, as CSV"},
    JSON_ROW(FIELD(json), "print JSON"),
};

static xs_status check_labelled(const eval_options *o, const xs_site *s) {
  if (site_is_labelled(s)) return XS_OK;
  return fail(XS_FAILED,
              "%s: has no labels, so nothing can be measured; `xsite predict` needs none", o->data);
}

/* The site has every class; a part of it need not. */
static xs_status check_two_classes(const eval_options *o, const xs_site *s, const test_set *t) {
  for (int64_t i = 1; i < t->n; i++) {
    if (t->label[i] != t->label[0]) return XS_OK;
  }
  return fail(
      XS_FAILED,
      "%s: no AUC: split '%s' has %" PRId64
      " labelled image%s, none of another class than \"%s\"; `--split all` takes all of the "
      "site's images",
      o->data, o->split, t->n, t->n == 1 ? "" : "s", s->class_name[t->label[0]]);
}

static xs_status select_set(const eval_options *o, const xs_site *s, train_set *images,
                            test_set *t) {
  xs_status status =
      train_set_open(s, split_rule_of(o->seed, o->split_by), job_split(o->split), images);
  if (status) return status;
  test_set_make(images->images, images->label, images->rows, images->n, s->classes, t);
  if (images->n > 0) return check_two_classes(o, s, t);
  return fail(XS_FAILED, "%s: no labelled image is in the split '%s'", o->data, o->split);
}

static xs_status measure(const eval_options *o, xs_classifier *c, const train_set *images,
                         test_answer *a) {
  const measure_settings s = {.replicates = (int)o->replicates, .seed = (uint64_t)o->seed};
  a->logit = memory_new((size_t)(a->on->n * a->on->classes + 1) * sizeof *a->logit);
  xs_status status = xs_classifier_logits(c, images->images, images->rows, images->n, a->logit);
  return status ? status : answer_measure(&s, a);
}

/* ---- every image's answer ---- */

/* All rows of the split in the site's order, those without a label too. */
static xs_status put_answers(const eval_options *o, const xs_site *s, xs_classifier *c,
                             const xs_decision *d, FILE *f) {
  const answer_columns columns = {c, d, ""};
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  const int classes = xs_classifier_classes(c);
  int64_t *row = NULL, n = 0;
  uint8_t *side = NULL;
  xs_status status = xs_split_labelled(&s->images, s->label, s->classes, rule.seed, rule.by_image,
                                       rule.fold, job_split(o->split), &row, &n);
  float *logit = memory_new(sizeof *logit * (size_t)(n + 1) * (size_t)classes);
  if (!status) status = answer_sides(s, rule, &side);
  if (!status) status = xs_classifier_logits(c, &s->images, row, n, logit);
  fputs(ANSWER_IMAGE, f);
  answer_put_names(f, &columns);
  fputc('\n', f);
  for (int64_t i = 0; i < n && !status; i++) {
    const int32_t label = s->label[row[i]];
    answer_put_row(f, &s->images, s->patient, row[i], side[row[i]],
                   label >= 0 ? s->class_name[label] : NULL);
    answer_put(f, &columns, logit + i * classes);
    fputc('\n', f);
  }
  free(side);
  free(row);
  free(logit);
  return status;
}

static xs_status write_answers(const eval_options *o, const xs_site *s, xs_classifier *c,
                               const xs_decision *d) {
  char *text;
  size_t size;
  if (!o->outputs) return XS_OK;
  FILE *f = text_open(&text, &size);
  xs_status status = put_answers(o, s, c, d, f);
  text_close(f);
  if (!status && file_write_atomic(o->outputs, text, size)) status = XS_FAILED;
  free(text);
  return status;
}

static xs_status check_outputs(const eval_options *o) {
  if (!o->outputs || !file_exists(o->outputs)) return XS_OK;
  return (xs_status)fail(XS_FAILED,
                         "%s: is there already; nothing was changed: give --outputs another name",
                         o->outputs);
}

/* ---- printing ---- */

/* Of the labelled images: how many of the class are found, and of the others not called so. */
static xs_interval rate(const test_answer *a, const xs_decision *d, bool positive) {
  const test_set *t = a->on;
  double n = 0, right = 0;
  for (int64_t i = 0; i < t->n; i++) {
    if ((t->label[i] == d->positive) != positive) continue;
    const bool called = xs_decide(d, a->logit + i * t->classes, t->classes) == d->positive;
    n++;
    right += called == positive;
  }
  return xs_wilson(right / n, n);
}

static void print_rate(const char *what, const xs_interval *x) {
  printf("%-16s %6.2f %%  95 %% interval %.2f to %.2f (Wilson, of single images)\n", what,
         100 * x->value, 100 * x->low, 100 * x->high);
}

static void print_decision(const xs_classifier *c, const test_answer *a, const xs_decision *d) {
  threshold_print(stdout, c, d);
  if (d->positive < 0) return;
  const xs_interval found = rate(a, d, true), spared = rate(a, d, false);
  print_rate("sensitivity", &found);
  print_rate("specificity", &spared);
}

static json_t *decision_rates(const xs_classifier *c, const test_answer *a, const xs_decision *d) {
  json_t *j = threshold_json(c, d);
  if (d->positive < 0) return j;
  const xs_interval found = rate(a, d, true), spared = rate(a, d, false);
  json_object_set_new(j, "sensitivity", interval_json(found, PER_CENT));
  json_object_set_new(j, "specificity", interval_json(spared, PER_CENT));
  return j;
}

static void print_text(const eval_options *o, const xs_site *s, const xs_measure *m) {
  printf("%s on %s, split '%s', seed %" PRId64 ": %" PRId64 " images, %" PRId64 " groups\n",
         o->model, s->images.name, o->split, o->seed, m->n, m->groups);
  if (s->skipped > 0) {
    printf("left out         %" PRId64 " unreadable images, the first: %s\n", s->skipped,
           s->skipped_image[0]);
  }
  printf("AUC              %6.2f %%  95 %% interval %.2f to %.2f (%s)\n", 100 * m->auc,
         100 * m->low, 100 * m->high,
         m->interval == XS_NEWCOMBE ? "few images or an AUC near its bound: Newcombe's method 5"
                                    : "groups resampled");
  printf("AUC as in paper  %6.2f %%  interval %.2f to %.2f (1,000 samples of 1,000 images)\n",
         100 * m->paper_mean, 100 * m->paper_low, 100 * m->paper_high);
  printf("accuracy         %6.2f %%  95 %% interval %.2f to %.2f (Wilson, groups together)\n",
         100 * m->accuracy, 100 * m->accuracy_low, 100 * m->accuracy_high);
}

/* decision is taken over. */
static void print_json(const eval_options *o, const xs_site *s, const xs_measure *m,
                       json_t *decision) {
  json_t *j = json_pack("{s:o, s:s, s:s, s:I}", "model", option_text_json(o->model), "site",
                        s->images.name, "split", o->split, "seed", (json_int_t)o->seed);
  json_t *measured = measure_json(m);
  json_object_update(j, measured);
  json_decref(measured);
  json_object_set_new(j, "decision", decision);
  json_object_set_new(j, "skipped", json_integer((json_int_t)s->skipped));
  char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  puts(text);
  free(text);
  json_decref(j);
}

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const eval_options *o = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  xs_site_options reading = {.data_dir = o->data_dir,
                             .skip_unreadable = o->skip_unreadable,
                             .cache = o->cache,
                             .watch = &watch};
  xs_classifier *c = NULL;
  xs_site *s = NULL;
  train_set images = {0};
  test_set t = {0};
  test_answer a = {.on = &t};
  xs_decision d;
  tg_set_threads((int)o->threads);
  xs_status status = check_outputs(o);
  if (status == XS_OK) status = xs_classifier_load(o->model, &c);
  if (status == XS_OK) status = threshold_read(c, o->model, o->threshold, &d);
  if (status == XS_OK) {
    reading.size = xs_classifier_preprocessing(c)->size;
    status = xs_site_open(o->data, &reading, &s);
  }
  cli_watch_end(&progress);
  if (status == XS_OK) status = check_labelled(o, s);
  if (status == XS_OK) status = job_check_classes(o->model, c, o->data, s);
  if (status == XS_OK) status = select_set(o, s, &images, &t);
  if (status != XS_OK) goto out;
  preprocessing_note_unknown(o->model, c);
  preprocessing_note_other(o->data, &s->images.how, c);
  status = measure(o, c, &images, &a);
  if (status == XS_OK) status = write_answers(o, s, c, &d);
  if (status == XS_OK && o->json) print_json(o, s, &a.measure, decision_rates(c, &a, &d));
  if (status == XS_OK && !o->json) print_text(o, s, &a.measure);
  if (status == XS_OK && !o->json) print_decision(c, &a, &d);
out:
  answer_release(&a);
  test_set_release(&t);
  train_set_release(&images);
  xs_site_close(s);
  xs_classifier_free(c);
  return status;
}

const cli_verb verb_eval = {.name = "eval",
                            .words = "",
                            .summary = "Measure a classifier on a site: AUC with intervals.",
                            .options = rows,
                            .n_options = sizeof rows / sizeof *rows,
                            .record = sizeof(eval_options),
                            .computes = true,
                            .run = run};
