#include <stdlib.h>

#include "job.h"
#include "settings_rows.h"

typedef struct adapt_options {
  job_options job;
  char *source, *target, *model;
  xs_adapter_options adapter;
} adapt_options;

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(adapt_options, source), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the labelled site"},
    {NULL, "target", OPTION_TEXT, offsetof(adapt_options, target), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the new site, whose labels are never used"},
    MODEL_ROW(offsetof(adapt_options, model), "the source site's classifier"),
    JOB_ROWS(adapt_options),
    ADAPTER_ROWS(NULL, offsetof(adapt_options, adapter)),
};
enum { ROWS = sizeof rows / sizeof *rows };

static xs_status work(const train_job *job, const void *record) {
  const adapt_options *o = record;
  xs_site *source = NULL, *target = NULL;
  adapt_task task = {.options = &o->adapter, .classifier = o->model};
  const split_rule rule = split_rule_of(o->job.seed, o->job.split_by);
  int64_t size;
  xs_status status = job_model_size(o->model, &size);
  if (!status) status = job_open_site(job, &o->job, o->source, size, &source);
  if (!status) status = job_check_model(o->model, o->source, source);
  if (!status) status = job_open_target(job, &o->job, o->source, source, o->target, size, &target);
  if (!status) status = train_check_splits(source, rule);
  if (!status) status = train_set_open(source, rule, XS_TRAIN, &task.source);
  if (!status) status = train_set_open(source, rule, XS_VALIDATION, &task.validation);
  if (!status) {
    task.target = &target->images;
    status = xs_split_rows(task.target, rule.seed, rule.by_image, XS_TRAIN, &task.target_rows,
                           &task.target_n);
  }
  if (!status) status = train_adapt(job, &task);
  train_set_release(&task.source);
  train_set_release(&task.validation);
  free(task.target_rows);
  xs_site_close(source);
  xs_site_close(target);
  return status;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  (void)word;
  const adapt_options *o = record;
  if (adapter_check("--", &o->adapter)) return XS_USAGE;
  return job_run(&o->job, rows, ROWS, record, "adapt", work);
}

const cli_verb verb_adapt = {.name = "adapt",
                             .words = "",
                             .summary = "Learn to translate one site's images into another's look.",
                             .options = rows,
                             .n_options = ROWS,
                             .record = sizeof(adapt_options),
                             .computes = true,
                             .run = run};
