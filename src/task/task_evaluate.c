/* task_evaluate.c: a classifier measured on a labelled site. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "classifier.h"
#include "error.h"
#include "file.h"
#include "job.h"
#include "memory.h"
#include "preprocessing_notes.h"
#include "result_parts.h"
#include "task_tables.h"
#include "text.h"
#include "threshold.h"
#include "watch.h"

#define FIELD(name) offsetof(xs_eval_task, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "DOMAIN-FILE",
     "the site: a YAML file that says where its images and labels are"},
    SPLIT_ROW(FIELD(split), "test"),
    SEED_ROW(FIELD(seed),
             "of the split and the bootstrap; the study's seed gives the study's test set"),
    OPTION_INTEGER_ROW(NULL, 0, xs_eval_task, replicates, "2000", 10, 1000000,
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
enum { ROWS = sizeof rows / sizeof *rows };

/* The site in a message. */
static const char *called(const xs_eval_task *o, const xs_site *s) {
  return o->data ? o->data : s->images.name;
}

static xs_status check_labelled(const xs_eval_task *o, const xs_site *s) {
  if (site_is_labelled(s)) return XS_OK;
  return fail(XS_FAILED,
              "%s: has no labels, so nothing can be measured; `xsite predict` needs none",
              called(o, s));
}

/* The site has every class; a part of it need not. */
static xs_status check_two_classes(const xs_eval_task *o, const xs_site *s, const test_set *t) {
  for (int64_t i = 1; i < t->n; i++) {
    if (t->label[i] != t->label[0]) return XS_OK;
  }
  return fail(
      XS_FAILED,
      "%s: no AUC: split '%s' has %" PRId64
      " labelled image%s, none of another class than \"%s\"; `--split all` takes all of the "
      "site's images",
      called(o, s), o->split, t->n, t->n == 1 ? "" : "s", s->class_name[t->label[0]]);
}

static xs_status select_set(const xs_eval_task *o, const xs_site *s, train_set *images,
                            test_set *t) {
  xs_status status =
      train_set_open(s, split_rule_of(o->seed, o->split_by), job_split(o->split), images);
  if (status) return status;
  *t = test_set_of(s->images.name, s->classes, images->label, s->images.group, images->rows,
                   images->n);
  if (images->n > 0) return check_two_classes(o, s, t);
  return fail(XS_FAILED, "%s: no labelled image is in the split '%s'", called(o, s), o->split);
}

/* ---- every image's answer ---- */

/* All rows of the split in the site's order, those without a label too. */
static xs_status put_answers(const xs_eval_task *o, const xs_site *s, xs_classifier *c,
                             const xs_decision *d, csv_writer *f) {
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
  csv_plain(f, ANSWER_IMAGE);
  answer_put_names(f, &columns);
  csv_end(f, "\n");
  for (int64_t i = 0; i < n && !status; i++) {
    const int32_t label = s->label[row[i]];
    answer_put_row(f, &s->images, s->patient, row[i], side[row[i]],
                   label >= 0 ? s->class_name[label] : NULL);
    answer_put(f, &columns, logit + i * classes);
    csv_end(f, "\n");
  }
  free(side);
  free(row);
  free(logit);
  return status;
}

static xs_status write_answers(const xs_eval_task *o, const xs_site *s, xs_classifier *c,
                               const xs_decision *d) {
  csv_writer f = {0};
  if (!o->outputs) return XS_OK;
  xs_status status = put_answers(o, s, c, d, &f);
  if (!status && file_write_atomic(o->outputs, f.text.text, f.text.size)) status = XS_FAILED;
  buffer_free(&f.text);
  return status;
}

static xs_status check_outputs(const xs_eval_task *o) {
  if (!o->outputs || !file_exists(o->outputs)) return XS_OK;
  return (xs_status)fail(XS_FAILED,
                         "%s: is there already; nothing was changed: give --outputs another name",
                         o->outputs);
}

/* ---- the result ---- */

/* Of the labelled images: how many of the class are found, and of the others not called so. */
static xs_interval rate(const test_answer *a, const xs_decision *d, bool positive) {
  const test_set *t = a->on;
  double n = 0, right = 0;
  for (int64_t i = 0; i < t->n; i++) {
    if ((t->label[i] == d->positive) != positive) continue;
    const bool called_so = xs_decide(d, a->logit + i * t->classes, t->classes) == d->positive;
    n++;
    right += called_so == positive;
  }
  return xs_wilson(right / n, n);
}

static json_t *decision_json(const xs_classifier *c, const xs_decision *d, const xs_evaluation *e) {
  json_t *j = threshold_json(c, d);
  if (!e->threshold) return j;
  json_object_set_new(j, "sensitivity", interval_json(e->sensitivity, PER_CENT));
  json_object_set_new(j, "specificity", interval_json(e->specificity, PER_CENT));
  return j;
}

/* decision is taken over. */
static char *evaluation_json(const xs_eval_task *o, const xs_evaluation *e, json_t *decision) {
  json_t *j = json_pack("{s:o, s:s, s:s, s:I}", "model", option_text_json(o->model), "site",
                        e->site, "split", o->split, "seed", (json_int_t)o->seed);
  json_t *measured = measure_json(&e->measure);
  json_object_update(j, measured);
  json_decref(measured);
  json_object_set_new(j, "decision", decision);
  json_object_set_new(j, "skipped", json_integer((json_int_t)e->skipped));
  char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  json_decref(j);
  return text;
}

static void describe(const xs_eval_task *o, const xs_site *s, const xs_classifier *c,
                     const xs_decision *d, const test_answer *a, xs_evaluation *e) {
  e->site = text_copy(s->images.name);
  e->measure = a->measure;
  e->skipped = s->skipped;
  if (s->skipped) e->skipped_image = text_copy(s->skipped_image[0]);
  e->decision = threshold_text(c, d);
  e->threshold = d->positive >= 0;
  if (e->threshold) {
    e->sensitivity = rate(a, d, true);
    e->specificity = rate(a, d, false);
  }
  e->json = evaluation_json(o, e, decision_json(c, d, e));
}

/* In pieces of whole batches, which give the bits of all at once. */
static xs_status find_logits(xs_classifier *c, const xs_images *images, const int64_t *row,
                             int64_t n, const xs_watch *w, float *logit) {
  const int classes = xs_classifier_classes(c);
  const int64_t piece = 10 * classifier_batch(xs_classifier_preprocessing(c)->size);
  xs_status status = XS_OK;
  for (int64_t first = 0; first < n && !status; first += piece) {
    const int64_t count = n - first < piece ? n - first : piece;
    status = watch_step(w, "eval", first, n);
    if (!status) {
      status = xs_classifier_logits(c, images, row + first, count, logit + first * classes);
    }
  }
  return status;
}

static xs_status answer(const xs_eval_task *o, xs_classifier *c, const train_set *images,
                        const xs_watch *w, test_answer *a) {
  const measure_settings s = {.replicates = (int)o->replicates, .seed = (uint64_t)o->seed};
  a->logit = memory_new((size_t)(a->on->n * a->on->classes + 1) * sizeof *a->logit);
  xs_status status = find_logits(c, images->images, images->rows, images->n, w, a->logit);
  return status ? status : answer_measure(&s, a);
}

static xs_status measure(const xs_eval_task *o, const xs_site *s, xs_classifier *c,
                         const xs_decision *d, const xs_watch *w, xs_evaluation *e) {
  train_set images = {0};
  test_set t = {0};
  test_answer a = {.on = &t};
  xs_status status = check_labelled(o, s);
  if (!status) status = job_check_classes(o->model, c, o->data, s);
  if (!status) status = select_set(o, s, &images, &t);
  if (!status) {
    preprocessing_note_unknown(w, o->model, c);
    preprocessing_note_other(w, called(o, s), &s->images.how, c);
    status = answer(o, c, &images, w, &a);
  }
  if (!status) status = write_answers(o, s, c, d);
  if (!status) describe(o, s, c, d, &a, e);
  answer_release(&a);
  test_set_release(&t);
  train_set_release(&images);
  return status;
}

static xs_status open_site(const xs_eval_task *o, const xs_classifier *c, const xs_watch *w,
                           xs_site **out) {
  const xs_site_options reading = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .cache = o->cache,
                                   .size = xs_classifier_preprocessing(c)->size,
                                   .watch = w};
  if (!o->data) return (xs_status)fail(XS_USAGE, "eval: the site's domain file is missing");
  return xs_site_open(o->data, &reading, out);
}

const option_table task_eval_table = {.what = "eval", .row = rows, .n = ROWS};

void xs_eval_defaults(xs_eval_task *t) {
  *t = (xs_eval_task){0};
  option_defaults_lent(&task_eval_table, t);
}

xs_status xs_eval(const xs_eval_task *o, const xs_watch *w, xs_evaluation *out) {
  xs_classifier *c = NULL;
  xs_site *opened = NULL;
  xs_decision d;
  *out = (xs_evaluation){0};
  if (task_options_check(&task_eval_table, o)) return XS_USAGE;
  tg_set_threads((int)o->threads);
  xs_status status = check_outputs(o);
  if (!status) status = xs_classifier_load(o->model, &c);
  if (!status) status = threshold_read(c, o->model, o->threshold, &d);
  if (!status && !o->site) status = open_site(o, c, w, &opened);
  if (!status) status = measure(o, o->site ? o->site : opened, c, &d, w, out);
  xs_site_close(opened);
  xs_classifier_free(c);
  return status;
}

void xs_evaluation_release(xs_evaluation *e) {
  free(e->site);
  free(e->decision);
  free(e->skipped_image);
  free(e->json);
  *e = (xs_evaluation){0};
}
