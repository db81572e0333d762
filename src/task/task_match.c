/* task_match.c: a translator that needs no training. */
#include <stdlib.h>

#include "job.h"
#include "settings_rows.h"
#include "task_tables.h"

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(xs_match_task, source), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the site whose images are translated"},
    {NULL, "target", OPTION_TEXT, offsetof(xs_match_task, target), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the new site; labels of neither are used"},
    OPTION_INTEGER_ROW(NULL, 0, xs_match_task, size, "32", 1, 4096,
                       "height and width of the translated images"),
    OPTION_INTEGER_ROW(NULL, 0, xs_match_task, image_channels, "3", 1, 3, "1 or 3"),
    JOB_FOLDER_ROWS(xs_match_task, "the translator and example images", "references and shares"),
    MATCH_METHOD_ROW(NULL, offsetof(xs_match_task, match)),
    MATCH_ROWS(NULL, offsetof(xs_match_task, match)),
};
enum { ROWS = sizeof rows / sizeof *rows };

static xs_status open_rows(const xs_match_task *t, const xs_images *images, xs_split which,
                           train_images *out) {
  int64_t *row = NULL;
  out->images = images;
  xs_status status = job_split_rows(&t->job, images, which, &row, &out->n);
  out->rows = row;
  return status;
}

static void release_rows(train_images *x) { free((void *)(uintptr_t)x->rows); }

static xs_status match(const train_job *job, const xs_match_task *t, const xs_images *source,
                       const xs_images *target) {
  match_task task = {
      .options = &t->match, .size = (int)t->size, .channels = (int)t->image_channels};
  xs_status status = open_rows(t, source, XS_TRAIN, &task.source);
  if (!status) status = open_rows(t, source, XS_VALIDATION, &task.examples);
  if (!status) status = open_rows(t, target, XS_TRAIN, &task.target);
  if (!status) status = train_match(job, &task);
  release_rows(&task.source);
  release_rows(&task.examples);
  release_rows(&task.target);
  return status;
}

static xs_status work(const train_job *job, const void *task) {
  const xs_match_task *t = task;
  job_site source = {0}, target = {0};
  xs_status status =
      job_open_images(job, &t->job, t->source, t->source_images, NULL, t->size, &source);
  if (!status) {
    status = job_open_images(job, &t->job, t->target, t->target_images, &source, t->size, &target);
  }
  if (!status) status = match(job, t, source.images, target.images);
  job_close_site(&source);
  job_close_site(&target);
  return status;
}

const option_table task_match_table = {.what = "match", .row = rows, .n = ROWS};

void xs_match_defaults(xs_match_task *t) {
  *t = (xs_match_task){0};
  option_defaults_lent(&task_match_table, t);
}

xs_status xs_match(const xs_match_task *t, const xs_watch *w) {
  if (task_options_check(&task_match_table, t)) return XS_USAGE;
  if (match_check("--", &t->match, t->image_channels)) return XS_USAGE;
  return job_run(&t->job, &task_match_table, t, w, work);
}
