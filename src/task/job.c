#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "fingerprint.h"
#include "memory.h"
#include "run_folder.h"
#include "site_opening.h"
#include "task_tables.h"
#include "text.h"
#include "training_run.h"
#include "watch.h"

#define RECORD "record.json"

static xs_status open_site(const train_job *job, const xs_job *o, const char *domain_file,
                           int64_t size, xs_site **out) {
  if (!domain_file)
    return (xs_status)fail(XS_USAGE, "%s: a site's domain file is missing", job->task);
  const xs_site_options options = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .limit = o->limit,
                                   .size = (int)size,
                                   .cache = o->cache,
                                   .watch = job->watch};
  xs_status status = xs_site_open(domain_file, &options, out);
  if (!status) job_note_site(job->watch, *out);
  return status;
}

/* The site is the one with which the work in the folder was begun. */
static xs_status check_site(const xs_job *o, const xs_site *s) {
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  json_t *identity;
  xs_status status = fingerprint_site(s, &rule, &identity);
  if (!status) status = folder_check_site(o->out, s->images.name, identity, false);
  json_decref(identity);
  return status;
}

xs_status job_open_site(const train_job *job, const xs_job *o, const char *domain_file,
                        const xs_site *given, int64_t size, job_site *out) {
  *out = (job_site){.site = given, .file = given ? NULL : domain_file};
  xs_status status = given ? XS_OK : open_site(job, o, domain_file, size, &out->opened);
  if (status) return status;
  if (!given) out->site = out->opened;
  out->images = &out->site->images;
  return check_site(o, out->site);
}

/* A site of images alone has no labels that its identity could be of. */
static xs_status check_images(const xs_job *o, const xs_images *images) {
  int32_t *none = memory_new(sizeof *none * (size_t)(images->n + 1));
  for (int64_t i = 0; i < images->n; i++) none[i] = -1;
  const xs_site unlabelled = {.images = *images, .label = none};
  xs_status status = check_site(o, &unlabelled);
  free(none);
  return status;
}

static const char *called(const job_site *s) { return s->file ? s->file : "the one in memory"; }

static xs_status check_names(const job_site *a, const job_site *b) {
  if (!a || !a->images || strcmp(a->images->name, b->images->name) != 0) return XS_OK;
  return (xs_status)fail(XS_USAGE,
                         "%s and %s are both called '%s': give the target another name if it is "
                         "another site",
                         called(a), called(b), a->images->name);
}

xs_status job_open_images(const train_job *job, const xs_job *o, const char *domain_file,
                          const xs_images *given, const job_site *other, int64_t size,
                          job_site *out) {
  *out = (job_site){.images = given, .file = given ? NULL : domain_file};
  xs_status status = given ? XS_OK : open_site(job, o, domain_file, size, &out->opened);
  if (status) return status;
  if (!given) out->images = &out->opened->images;
  status = check_names(other, out);
  if (status) return status;
  return given ? check_images(o, given) : check_site(o, out->opened);
}

void job_close_site(job_site *s) {
  xs_site_close(s->opened);
  *s = (job_site){0};
}

xs_status job_split_rows(const xs_job *o, const xs_images *images, xs_split which, int64_t **row,
                         int64_t *n) {
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  return xs_split_rows(images, rule.seed, rule.by_image, which, row, n);
}

void job_note_site(const xs_watch *w, const xs_site *s) {
  if (s->skipped) {
    watch_note(w, "site %s: %lld unreadable images left out; the first: %s", s->images.name,
               (long long)s->skipped, s->skipped_image[0]);
  }
  site_note_unlike(w, s);
}

xs_split job_split(const char *name) {
  static const char *const names[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  for (int i = XS_TRAIN; i <= XS_TEST; i++) {
    if (strcmp(name, names[i]) == 0) return (xs_split)i;
  }
  return XS_ALL;
}

xs_status job_check_classes(const char *model, const xs_classifier *c, const char *file,
                            const xs_site *s) {
  int classes = xs_classifier_classes(c);
  if (s->classes != classes) {
    return (xs_status)fail(XS_FAILED, "%s has %d classes, %s has %d; they must be the same", model,
                           classes, file ? file : s->images.name, s->classes);
  }
  for (int i = 0; i < classes; i++) {
    const char *name = xs_classifier_class_name(c, i);
    if (strcmp(name, s->class_name[i]) == 0) continue;
    return (xs_status)fail(
        XS_FAILED,
        "class %d is '%s' in %s and '%s' in %s; list the site's classes in the model's order "
        "and under its names",
        i, name, model, s->class_name[i], file ? file : s->images.name);
  }
  return XS_OK;
}

static bool is_domain(const char *name) {
  return !strcmp(name, "data") || !strcmp(name, "source") || !strcmp(name, "target");
}

static xs_status note_candidate(json_t *j, const char *text) {
  char *name, *model, *generator;
  xs_status status = candidate_read(text, &name, &model, &generator);
  if (!status) status = folder_note_file(j, name, model);
  if (!status && generator) {
    char *made = text_format("%s, its generator", name);
    status = folder_note_file(j, made, generator);
    free(made);
  }
  free(name);
  free(model);
  free(generator);
  return status;
}

static xs_status note_candidates(json_t *j, const xs_texts *list) {
  xs_status status = XS_OK;
  for (int i = 0; i < list->n && !status; i++) status = note_candidate(j, list->text[i]);
  return status;
}

/* Domain files and models: the options whose value is called FILE. */
static xs_status note_files(json_t *j, const option_table *table, const void *task) {
  xs_status status = XS_OK;
  for (int i = 0; i < table->n && !status; i++) {
    const option *row = &table->row[i];
    const void *field = (const char *)task + row->offset;
    if (row->value && !strcmp(row->value, CANDIDATE_WORDS)) status = note_candidates(j, field);
    if (!row->value || strcmp(row->value, "FILE") != 0) continue;
    const char *file = *(char *const *)field;
    if (!file) continue;
    status = (is_domain(row->name) ? folder_note_domain : folder_note_file)(j, row->name, file);
  }
  return status;
}

/* The options that decide the result, without those that only say how to run; and what the files
 * hold that they name. */
static xs_status describe(const option_table *table, const void *task, json_t **out) {
  json_t *j = option_json(table, task);
  static const char *const how[] = {"out",      "resume",           "threads",    "memory",
                                    "data_dir", "checkpoint_every", "kernels_of", "cache"};
  for (size_t i = 0; i < sizeof how / sizeof *how; i++) json_object_del(j, how[i]);
  json_object_set_new(j, "task", json_string(table->what));
  *out = j;
  return note_files(j, table, task);
}

static xs_status follow(const xs_job *o, const option_table *table, const void *task,
                        const xs_watch *w, json_t *options,
                        xs_status (*work)(const train_job *job, const void *task)) {
  tg_set_threads((int)o->threads);
  train_job job = {.task = table->what,
                   .dir = o->out,
                   .seed = (uint64_t)o->seed,
                   .device = tg_device_cpu(),
                   .effort = o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                   .kernels = tg_kernels_new(),
                   .threads = (int)o->threads,
                   .memory = (size_t)o->memory,
                   .checkpoint_every = o->checkpoint_every,
                   .watch = w};
  xs_status status = o->kernels_of ? run_take_kernels(&job, o->kernels_of) : XS_OK;
  if (!status) status = work(&job, task);
  if (!status) status = run_write_record(&job, options, NULL);
  tg_kernels_free(job.kernels);
  return status;
}

xs_status task_options_check(const option_table *table, const void *task) {
  option *row = memory_new((size_t)table->n * sizeof *row);
  option_table loose = {.what = table->what, .row = row, .n = table->n};
  for (int i = 0; i < table->n; i++) {
    row[i] = table->row[i];
    if (is_domain(row[i].name)) row[i].required = false; /* a site may be in memory */
  }
  const int status = option_check(&loose, task, table->what);
  free(row);
  return status ? XS_USAGE : XS_OK;
}

xs_status job_run(const xs_job *o, const option_table *table, const void *task, const xs_watch *w,
                  xs_status (*work)(const train_job *job, const void *task)) {
  bool finished = false;
  int lock = -1;
  json_t *mine = NULL;
  xs_status status = describe(table, task, &mine);
  if (!status) status = folder_claim(o->out, mine, RECORD, o->resume, &finished, NULL, &lock);
  if (!status && finished) watch_note(w, "%s is finished: there is nothing to do", o->out);
  if (!status && !finished) status = follow(o, table, task, w, mine, work);
  if (!status) status = run_remove_checkpoint(o->out);
  folder_unlock(lock);
  json_decref(mine);
  return status;
}
