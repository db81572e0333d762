#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "study_file.h"
#include "training_run.h"

#define RECORD "record.json"

static xs_status open_site(const train_job *job, const job_options *o, const char *domain_file,
                           int64_t size, xs_site **out) {
  const xs_site_options options = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .limit = o->limit,
                                   .size = (int)size,
                                   .cache = o->cache,
                                   .watch = job->watch};
  xs_status status = xs_site_open(domain_file, &options, out);
  if (!status) job_note_site(*out);
  return status;
}

/* The site is the one with which the work in the folder was begun. */
static xs_status check_site(const job_options *o, const xs_site *s) {
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  json_t *identity;
  xs_status status = fingerprint_site(s, &rule, &identity);
  if (!status) status = folder_check_site(o->out, s->images.name, identity, false);
  json_decref(identity);
  return status;
}

xs_status job_open_site(const train_job *job, const job_options *o, const char *domain_file,
                        int64_t size, xs_site **out) {
  xs_status status = open_site(job, o, domain_file, size, out);
  return status ? status : check_site(o, *out);
}

xs_status job_open_target(const train_job *job, const job_options *o, const char *source_file,
                          const xs_site *source, const char *target_file, int64_t size,
                          xs_site **out) {
  xs_status status = open_site(job, o, target_file, size, out);
  if (!status && source && strcmp(source->images.name, (*out)->images.name) == 0) {
    status = (xs_status)fail(XS_USAGE,
                             "%s and %s are both called '%s': give the target another name if it "
                             "is another site",
                             source_file, target_file, source->images.name);
  }
  return status ? status : check_site(o, *out);
}

void job_note_site(const xs_site *s) {
  if (s->skipped) {
    fprintf(stderr, "site %s: %lld unreadable images left out; the first: %s\n", s->images.name,
            (long long)s->skipped, s->skipped_image[0]);
  }
  if (s->unlike) {
    fprintf(stderr,
            "site %s: images unlike the others: %s; look at them, and at range, window and "
            "max_value of the domain file\n",
            s->images.name, s->unlike);
  }
}

xs_split job_split(const char *name) {
  static const char *const names[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  for (int i = XS_TRAIN; i <= XS_TEST; i++) {
    if (strcmp(name, names[i]) == 0) return (xs_split)i;
  }
  return XS_ALL;
}

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

xs_status job_model_size(const char *model, int64_t *size) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(model, &c);
  if (!status) *size = xs_classifier_preprocessing(c)->size;
  xs_classifier_free(c);
  return status;
}

xs_status job_check_model(const char *model, const char *domain_file, const xs_site *s) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = job_check_classes(model, c, domain_file, s);
  xs_classifier_free(c);
  return status;
}

static bool is_domain(const char *name) {
  return !strcmp(name, "data") || !strcmp(name, "source") || !strcmp(name, "target");
}

/* Domain files and models: the options whose value is called FILE. */
static xs_status note_files(json_t *j, const option *rows, int n_rows, const void *record) {
  xs_status status = XS_OK;
  for (int i = 0; i < n_rows && !status; i++) {
    if (!rows[i].value || strcmp(rows[i].value, "FILE") != 0) continue;
    const char *file = *(char *const *)(const void *)((const char *)record + rows[i].offset);
    if (!file) continue;
    status =
        (is_domain(rows[i].name) ? folder_note_domain : folder_note_file)(j, rows[i].name, file);
  }
  return status;
}

/* The options that decide the result, without those that only say how to run; and what the files
 * hold that they name. */
static xs_status describe(const option *rows, int n_rows, const void *record, const char *task,
                          json_t **out) {
  const option_table table = {.what = task, .row = rows, .n = n_rows};
  json_t *j = option_json(&table, record);
  static const char *const how[] = {"out",      "resume",           "threads",    "memory",
                                    "data_dir", "checkpoint_every", "kernels_of", "cache"};
  for (size_t i = 0; i < sizeof how / sizeof *how; i++) json_object_del(j, how[i]);
  json_object_set_new(j, "task", json_string(task));
  *out = j;
  return note_files(j, rows, n_rows, record);
}

static xs_status follow(const job_options *o, const void *record, const char *task, json_t *options,
                        xs_status (*work)(const train_job *job, const void *record)) {
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
                   .memory = (size_t)o->memory,
                   .checkpoint_every = o->checkpoint_every,
                   .watch = &watch};
  xs_status status = o->kernels_of ? run_take_kernels(&job, o->kernels_of) : XS_OK;
  if (!status) status = work(&job, record);
  cli_watch_end(&progress);
  if (!status) status = run_write_record(&job, options, NULL);
  tg_kernels_free(job.kernels);
  return status;
}

xs_status job_run(const job_options *o, const option *rows, int n_rows, const void *record,
                  const char *task, xs_status (*work)(const train_job *job, const void *record)) {
  bool finished = false;
  int lock = -1;
  json_t *mine;
  xs_status status = describe(rows, n_rows, record, task, &mine);
  if (!status) status = folder_claim(o->out, mine, RECORD, o->resume, &finished, NULL, &lock);
  if (!status && finished) fprintf(stderr, "%s is finished: there is nothing to do\n", o->out);
  if (!status && !finished) status = follow(o, record, task, mine, work);
  if (!status) status = run_remove_checkpoint(o->out);
  folder_unlock(lock);
  json_decref(mine);
  return status;
}
