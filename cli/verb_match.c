#include <stdlib.h>

#include "error.h"
#include "job.h"
#include "settings_rows.h"

typedef struct matching_options {
  job_options job; /* nothing that only training needs */
  char *source, *target;
  int64_t size, image_channels;
  xs_match_options match;
} matching_options;

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(matching_options, source), NULL, true, 0, 0, NULL,
     "FILE", "domain file of the site whose images are translated"},
    {NULL, "target", OPTION_TEXT, offsetof(matching_options, target), NULL, true, 0, 0, NULL,
     "FILE", "domain file of the new site; labels of neither are used"},
    OPTION_INTEGER_ROW(NULL, 0, matching_options, size, "32", 1, 4096,
                       "height and width of the translated images"),
    OPTION_INTEGER_ROW(NULL, 0, matching_options, image_channels, "3", 1, 3, "1 or 3"),
    JOB_FOLDER_ROWS(matching_options, "the translator and example images", "references and shares"),
    MATCH_METHOD_ROW(NULL, offsetof(matching_options, match)),
    MATCH_ROWS(NULL, offsetof(matching_options, match)),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The rows of one split; released with free. */
static xs_status open_rows(const matching_options *o, const xs_site *s, xs_split which,
                           train_images *out) {
  const split_rule rule = split_rule_of(o->job.seed, o->job.split_by);
  int64_t *row = NULL;
  out->images = &s->images;
  xs_status status = xs_split_rows(out->images, rule.seed, rule.by_image, which, &row, &out->n);
  out->rows = row;
  return status;
}

static void release_rows(train_images *x) { free((void *)(uintptr_t)x->rows); }

static xs_status work(const train_job *job, const void *record) {
  const matching_options *o = record;
  xs_site *source = NULL, *target = NULL;
  match_task task = {
      .options = &o->match, .size = (int)o->size, .channels = (int)o->image_channels};
  xs_status status = job_open_site(job, &o->job, o->source, o->size, &source);
  if (!status)
    status = job_open_target(job, &o->job, o->source, source, o->target, o->size, &target);
  if (!status) status = open_rows(o, source, XS_TRAIN, &task.source);
  if (!status) status = open_rows(o, source, XS_VALIDATION, &task.examples);
  if (!status) status = open_rows(o, target, XS_TRAIN, &task.target);
  if (!status) status = train_match(job, &task);
  release_rows(&task.source);
  release_rows(&task.examples);
  release_rows(&task.target);
  xs_site_close(source);
  xs_site_close(target);
  return status;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  (void)word;
  const matching_options *o = record;
  if (match_check("--", &o->match, o->image_channels)) return XS_USAGE;
  return job_run(&o->job, rows, ROWS, record, "match", work);
}

const cli_verb verb_match = {
    .name = "match",
    .words = "",
    .summary = "Make a translator without training: matched histograms or amplitudes.",
    .options = rows,
    .n_options = ROWS,
    .record = sizeof(matching_options),
    .computes = true,
    .run = run};
