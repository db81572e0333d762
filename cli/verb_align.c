#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "align_rows.h"
#include "error.h"
#include "job.h"

typedef struct align_verb_options {
  job_options job;
  char *source, *target, *model;
  xs_align_options align;
} align_verb_options;

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(align_verb_options, source), NULL, false, 0, 0, NULL,
     "FILE", "domain file of the labelled site; shot needs none"},
    {NULL, "target", OPTION_TEXT, offsetof(align_verb_options, target), NULL, true, 0, 0, NULL,
     "FILE", "domain file of the new site, whose labels are never used"},
    MODEL_ROW(offsetof(align_verb_options, model), "the source site's classifier"),
    JOB_ROWS(align_verb_options),
    ALIGN_METHOD_ROW(NULL, offsetof(align_verb_options, align)),
    ALIGN_ROWS(NULL, offsetof(align_verb_options, align)),
};
enum { ROWS = sizeof rows / sizeof *rows };

static xs_status open_source(const train_job *job, const align_verb_options *o, split_rule rule,
                             int64_t size, xs_site **source, train_set *set) {
  if (!align_needs_source(o->align.method)) return XS_OK;
  xs_status status = job_open_site(job, &o->job, o->source, size, source);
  if (!status) status = train_check_splits(*source, rule);
  if (!status) status = job_check_model(o->model, o->source, *source);
  return status ? status : train_set_open(*source, rule, XS_TRAIN, set);
}

static xs_status work(const train_job *job, const void *record) {
  const align_verb_options *o = record;
  xs_site *source = NULL, *target = NULL;
  align_task task = {.options = &o->align, .start_from = o->model};
  const split_rule rule = split_rule_of(o->job.seed, o->job.split_by);
  int64_t size;
  xs_status status = job_model_size(o->model, &size);
  if (!status) status = open_source(job, o, rule, size, &source, &task.source);
  if (!status) status = job_open_target(job, &o->job, o->source, source, o->target, size, &target);
  if (!status) {
    task.target = &target->images;
    status = xs_split_rows(task.target, rule.seed, rule.by_image, XS_TRAIN, &task.target_rows,
                           &task.target_n);
  }
  if (!status) status = train_align(job, &task);
  train_set_release(&task.source);
  free(task.target_rows);
  xs_site_close(source);
  xs_site_close(target);
  return status;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  (void)word;
  const align_verb_options *o = record;
  if (align_check("--", &o->align)) return XS_USAGE;
  if (!o->source && align_needs_source(o->align.method)) {
    return fail(XS_USAGE, "--source is missing: %s learns from labelled images, too",
                o->align.method);
  }
  return job_run(&o->job, rows, ROWS, record, "align", work);
}

const cli_verb verb_align = {.name = "align",
                             .words = "",
                             .summary = "Adapt a classifier to another site without translating.",
                             .options = rows,
                             .n_options = ROWS,
                             .record = sizeof(align_verb_options),
                             .computes = true,
                             .run = run};
