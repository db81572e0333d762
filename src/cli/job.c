#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "run.h"
#include "study.h"

#define RECORD "record.json"

xs_status job_open_site(const job_options *o, const char *domain_file, xs_site **out) {
  const xs_site_options options = {
      .data_dir = o->data_dir, .skip_unreadable = o->skip_unreadable, .limit = o->limit};
  xs_status status = xs_site_open(domain_file, &options, out);
  if (status) return status;
  job_note_skipped(*out);
  json_t *name = option_text_json(domain_file);
  status = folder_check_site(o->out, json_string_value(name), *out);
  json_decref(name);
  return status;
}

void job_note_skipped(const xs_site *s) {
  if (!s->skipped) return;
  fprintf(stderr, "site %s: %lld unreadable images left out; the first: %s\n", s->images.name,
          (long long)s->skipped, s->first_skipped);
}

xs_status job_set(const job_options *o, const xs_site *s, xs_split which, bool labelled,
                  train_set *set) {
  int64_t *rows = NULL, kept = 0;
  bool by_image = strcmp(o->split_by, "image") == 0;
  *set = (train_set){.images = &s->images, .label = s->label};
  xs_status status = xs_split_rows(&s->images, (uint64_t)o->seed, by_image, which, &rows, &set->n);
  if (status) return status;
  for (int64_t i = 0; i < set->n; i++) {
    if (!labelled || s->label[rows[i]] >= 0) rows[kept++] = rows[i];
  }
  set->rows = rows;
  set->n = kept;
  if (kept) return XS_OK;
  return (xs_status)fail(XS_FAILED,
                         "site %s has no %simages in its %s split; it needs more of them, or "
                         "another --seed or --split-by",
                         s->images.name, labelled ? "labelled " : "",
                         which == XS_TRAIN ? "training" : "validation");
}

void job_release_set(train_set *set) { free((void *)(uintptr_t)set->rows); }

xs_status job_check_classes(const char *model, const xs_classifier *c, const char *domain_file,
                            const xs_site *s) {
  int classes = xs_classifier_classes(c);
  if (s->classes != classes) {
    return (xs_status)fail(XS_FAILED, "%s has %d classes, %s has %d; they must be the same", model,
                           classes, domain_file, s->classes);
  }
  for (int i = 0; i < classes; i++) {
    const char *name = xs_classifier_class_name(c, i);
    if (strcmp(name, s->class_name[i]) == 0) continue;
    return (xs_status)fail(
        XS_FAILED,
        "class %d is '%s' in %s and '%s' in %s; list the site's classes in the model's order "
        "and under its names",
        i, name, model, s->class_name[i], domain_file);
  }
  return XS_OK;
}

xs_status job_check_model(const char *model, const char *domain_file, const xs_site *s) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = job_check_classes(model, c, domain_file, s);
  xs_classifier_free(c);
  return status;
}

/* Domain files and models: the options whose value is called FILE. */
static xs_status note_files(json_t *j, const option *rows, int n_rows, const void *record) {
  xs_status status = XS_OK;
  for (int i = 0; i < n_rows && !status; i++) {
    if (!rows[i].value || strcmp(rows[i].value, "FILE") != 0) continue;
    const char *file = *(char *const *)(const void *)((const char *)record + rows[i].offset);
    if (file) status = folder_note_file(j, rows[i].name, file);
  }
  return status;
}

/* The options that decide the result, without those that only say how to run; and what the files
 * hold that they name. */
static xs_status describe(const option *rows, int n_rows, const void *record, const char *task,
                          json_t **out) {
  const option_table table = {task, rows, n_rows};
  json_t *j = option_json(&table, record);
  static const char *const how[] = {"out", "resume", "threads", "data_dir", "checkpoint_every"};
  for (size_t i = 0; i < sizeof how / sizeof *how; i++) json_object_del(j, how[i]);
  json_object_set_new(j, "task", json_string(task));
  *out = j;
  return note_files(j, rows, n_rows, record);
}

/* With what it was made; written last, it says that all is there. */
static xs_status write_record(const train_job *job) {
  json_t *record =
      json_pack("{s:s, s:I, s:s, s:s, s:{s:s}}", "unit", job->task, "seed", (json_int_t)job->seed,
                "device", "cpu", "precision", "f32", "versions", "xsite", xs_version());
  run_record_machine(job, record);
  char *text = json_dumps(record, JSON_INDENT(2) | JSON_SORT_KEYS);
  char *path = file_join(job->dir, RECORD);
  char *checkpoint = file_join(job->dir, "checkpoint.safetensors");
  int status = file_write_atomic(path, text, strlen(text));
  if (!status) remove(checkpoint);
  free(checkpoint);
  free(path);
  free(text);
  json_decref(record);
  return status ? XS_FAILED : XS_OK;
}

xs_status job_run(const job_options *o, const option *rows, int n_rows, const void *record,
                  const char *task, xs_status (*work)(const train_job *job, const void *record)) {
  bool finished;
  json_t *mine;
  xs_status status = describe(rows, n_rows, record, task, &mine);
  if (!status) status = folder_claim(o->out, mine, RECORD, o->resume, &finished);
  json_decref(mine);
  if (status) return status;
  if (finished) {
    fprintf(stderr, "%s is finished: there is nothing to do\n", o->out);
    return XS_OK;
  }
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  tg_set_threads((int)o->threads);
  train_job job = {.task = task,
                   .dir = o->out,
                   .seed = (uint64_t)o->seed,
                   .device = tg_device_cpu(),
                   .effort = o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                   .kernels = tg_kernels_new(),
                   .threads = (int)o->threads,
                   .checkpoint_every = o->checkpoint_every,
                   .watch = &watch};
  status = work(&job, record);
  cli_watch_end(&progress);
  if (!status) status = write_record(&job);
  tg_kernels_free(job.kernels);
  return status;
}
