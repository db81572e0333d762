/* task_train.c: a classifier from one site's labels. */
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "job.h"
#include "model_file.h"
#include "settings_rows.h"
#include "task_tables.h"

static const option rows[] = {
    {NULL, "data", OPTION_TEXT, offsetof(xs_train_task, data), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the labelled site"},
    {NULL, "start_from", OPTION_TEXT, offsetof(xs_train_task, start_from), NULL, false, 0, 0, NULL,
     "FILE", "classifier to fine-tune instead of training a new one"},
    {NULL, "init", OPTION_TEXT, offsetof(xs_train_task, init), NULL, false, 0, 0, NULL, "FILE",
     "safetensors file whose tensors of equal name and shape to begin with"},
    OPTION_INTEGER_ROW(NULL, 0, xs_train_task, size, "32", 1, 4096,
                       "height and width of the images that the network sees"),
    OPTION_INTEGER_ROW(NULL, 0, xs_train_task, image_channels, "3", 1, 3, "1 or 3"),
    NORMALISATION_ROW(xs_train_task),
    JOB_ROWS(xs_train_task),
    CLASSIFIER_ROWS(NULL, offsetof(xs_train_task, classifier)),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Fine-tuning goes on with the same network on the same classes, and images normalised as before.
 */
static xs_status check_start(const xs_train_task *t, const xs_site *site, model_file *file,
                             train_geometry *g) {
  xs_classifier *c;
  xs_status status = classifier_open(t->start_from, file, &c);
  if (status) return status;
  const nn_classifier *net = classifier_description(c);
  status = job_check_classes(t->start_from, c, t->data, site);
  if (!status && (net->size != t->size || net->channels != t->image_channels ||
                  strcmp(net->architecture, t->classifier.architecture) != 0)) {
    status = fail(XS_FAILED,
                  "%s is another network: to start from it, give --architecture %s --size %d "
                  "--image-channels %d",
                  t->start_from, net->architecture, net->size, net->channels);
  }
  *g = *classifier_geometry(c);
  xs_classifier_free(c);
  return status;
}

static xs_status train(const train_job *job, const xs_train_task *t, const xs_site *site,
                       model_file *start, fit_task *fit) {
  const split_rule rule = split_rule_of(t->job.seed, t->job.split_by);
  xs_status status = t->start_from ? check_start(t, site, start, &fit->geometry) : XS_OK;
  if (!status) status = train_check_splits(site, rule);
  if (!status) status = train_set_open(site, rule, XS_TRAIN, &fit->train);
  if (!status) status = train_set_open(site, rule, XS_VALIDATION, &fit->validation);
  if (status) return status;
  fit->classes = site->classes;
  fit->class_name = site->class_name;
  return train_fit(job, fit);
}

static xs_status work(const train_job *job, const void *task) {
  const xs_train_task *t = task;
  job_site site;
  model_file start = {0};
  fit_task fit = {.options = &t->classifier,
                  .geometry = train_geometry_of(t->size, t->image_channels, t->normalisation),
                  .start_from = t->start_from ? &start : NULL,
                  .init = t->init};
  xs_status status = job_open_site(job, &t->job, t->data, t->site, t->size, &site);
  if (!status) status = train(job, t, site.site, &start, &fit);
  model_close(&start);
  train_set_release(&fit.train);
  train_set_release(&fit.validation);
  job_close_site(&site);
  return status;
}

const option_table task_train_table = {.what = "train", .row = rows, .n = ROWS};

void xs_train_defaults(xs_train_task *t) {
  *t = (xs_train_task){0};
  option_defaults_lent(&task_train_table, t);
}

xs_status xs_train(const xs_train_task *t, const xs_watch *w) {
  if (task_options_check(&task_train_table, t)) return XS_USAGE;
  if (t->start_from && t->init) {
    return (xs_status)fail(XS_USAGE, "--start-from brings every weight: leave --init out");
  }
  if (fit_check("--", &t->classifier, t->size, t->image_channels)) return XS_USAGE;
  return job_run(&t->job, &task_train_table, t, w, work);
}
