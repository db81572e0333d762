/* task_align.c: a classifier adapted itself, without a translator. */
#include <stdlib.h>

#include "align.h"
#include "align_rows.h"
#include "classifier.h"
#include "error.h"
#include "job.h"
#include "model_file.h"
#include "task_tables.h"

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(xs_align_task, source), NULL, false, 0, 0, NULL, "FILE",
     "domain file of the labelled site, which some methods do not need"},
    {NULL, "target", OPTION_TEXT, offsetof(xs_align_task, target), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the new site, whose labels are never used"},
    MODEL_ROW(offsetof(xs_align_task, model), "the source site's classifier"),
    JOB_ROWS(xs_align_task),
    ALIGN_METHOD_ROW(NULL, offsetof(xs_align_task, align)),
    ALIGN_ROWS(NULL, offsetof(xs_align_task, align)),
};
enum { ROWS = sizeof rows / sizeof *rows };

static xs_status open_source(const train_job *job, const xs_align_task *t,
                             const xs_classifier *model, job_site *source, train_set *set) {
  const int size = xs_classifier_preprocessing(model)->size;
  const split_rule rule = split_rule_of(t->job.seed, t->job.split_by);
  if (!align_needs_source(t->align.method)) return XS_OK;
  xs_status status = job_open_site(job, &t->job, t->source, t->source_site, size, source);
  if (!status) status = train_check_splits(source->site, rule);
  if (!status) status = job_check_classes(t->model, model, t->source, source->site);
  return status ? status : train_set_open(source->site, rule, XS_TRAIN, set);
}

static xs_status work(const train_job *job, const void *task) {
  const xs_align_task *t = task;
  job_site source = {0}, target = {0};
  model_file file;
  align_task align = {.options = &t->align, .start_from = &file};
  xs_classifier *model;
  xs_status status = classifier_open(t->model, &file, &model);
  const int size = status ? 0 : xs_classifier_preprocessing(model)->size;
  if (!status) status = open_source(job, t, model, &source, &align.source);
  xs_classifier_free(model);
  if (!status) {
    status = job_open_images(job, &t->job, t->target, t->target_images, &source, size, &target);
  }
  align.target = target.images;
  if (!status) {
    status = job_split_rows(&t->job, target.images, XS_TRAIN, &align.target_rows, &align.target_n);
  }
  if (!status) status = train_align(job, &align);
  model_close(&file);
  train_set_release(&align.source);
  free(align.target_rows);
  job_close_site(&source);
  job_close_site(&target);
  return status;
}

const option_table task_align_table = {.what = "align", .row = rows, .n = ROWS};

void xs_align_defaults(xs_align_task *t) {
  *t = (xs_align_task){0};
  option_defaults_lent(&task_align_table, t);
}

xs_status xs_align(const xs_align_task *t, const xs_watch *w) {
  if (task_options_check(&task_align_table, t)) return XS_USAGE;
  if (align_check("--", &t->align)) return XS_USAGE;
  if (!t->source && !t->source_site && align_needs_source(t->align.method)) {
    return (xs_status)fail(XS_USAGE, "--source is missing: %s learns from labelled images, too",
                           t->align.method);
  }
  return job_run(&t->job, &task_align_table, t, w, work);
}
