/* task_adapt.c: a translator, trained between two sites (the paper's method). */
#include <stdlib.h>

#include "classifier.h"
#include "job.h"
#include "model_file.h"
#include "settings_rows.h"
#include "task_tables.h"

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(xs_adapt_task, source), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the labelled site"},
    {NULL, "target", OPTION_TEXT, offsetof(xs_adapt_task, target), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the new site, whose labels are never used"},
    MODEL_ROW(offsetof(xs_adapt_task, model), "the source site's classifier"),
    JOB_ROWS(xs_adapt_task),
    ADAPTER_ROWS(NULL, offsetof(xs_adapt_task, adapter)),
};
enum { ROWS = sizeof rows / sizeof *rows };

static xs_status adapt(const train_job *job, const xs_adapt_task *t, const model_file *model,
                       const xs_site *source, const xs_images *target) {
  const split_rule rule = split_rule_of(t->job.seed, t->job.split_by);
  int64_t *wanted = NULL, n = 0;
  adapt_task task = {.options = &t->adapter, .classifier = model, .targets = 1};
  xs_status status = train_check_splits(source, rule);
  if (!status) status = train_set_open(source, rule, XS_TRAIN, &task.source);
  if (!status) status = train_set_open(source, rule, XS_VALIDATION, &task.validation);
  if (!status) status = job_split_rows(&t->job, target, XS_TRAIN, &wanted, &n);
  const train_images images = {target, wanted, n};
  task.target = &images;
  if (!status) status = train_adapt(job, &task);
  train_set_release(&task.source);
  train_set_release(&task.validation);
  free(wanted);
  return status;
}

static xs_status work(const train_job *job, const void *task) {
  const xs_adapt_task *t = task;
  job_site source = {0}, target = {0};
  model_file file;
  xs_classifier *model;
  xs_status status = classifier_open(t->model, &file, &model);
  const int size = status ? 0 : xs_classifier_preprocessing(model)->size;
  if (!status) status = job_open_site(job, &t->job, t->source, t->source_site, size, &source);
  if (!status) status = job_check_classes(t->model, model, t->source, source.site);
  xs_classifier_free(model);
  if (!status) {
    status = job_open_images(job, &t->job, t->target, t->target_images, &source, size, &target);
  }
  if (!status) status = adapt(job, t, &file, source.site, target.images);
  model_close(&file);
  job_close_site(&source);
  job_close_site(&target);
  return status;
}

const option_table task_adapt_table = {.what = "adapt", .row = rows, .n = ROWS};

void xs_adapt_defaults(xs_adapt_task *t) {
  *t = (xs_adapt_task){0};
  option_defaults_lent(&task_adapt_table, t);
}

xs_status xs_adapt(const xs_adapt_task *t, const xs_watch *w) {
  if (task_options_check(&task_adapt_table, t)) return XS_USAGE;
  if (adapter_check("--", &t->adapter, 1)) return XS_USAGE;
  return job_run(&t->job, &task_adapt_table, t, w, work);
}
