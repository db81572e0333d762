#include <string.h>

#include "error.h"
#include "job.h"
#include "settings_rows.h"

typedef struct train_options {
  job_options job;
  char *data, *start_from, *init, *normalisation;
  int64_t size, image_channels;
  xs_classifier_options classifier;
} train_options;

static const option rows[] = {
    {NULL, "data", OPTION_TEXT, offsetof(train_options, data), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the labelled site"},
    {NULL, "start_from", OPTION_TEXT, offsetof(train_options, start_from), NULL, false, 0, 0, NULL,
     "FILE", "classifier to fine-tune instead of training a new one"},
    {NULL, "init", OPTION_TEXT, offsetof(train_options, init), NULL, false, 0, 0, NULL, "FILE",
     "safetensors file whose tensors of equal name and shape to begin with"},
    OPTION_INTEGER_ROW(NULL, 0, train_options, size, "32", 1, 4096,
                       "height and width of the images that the network sees"),
    OPTION_INTEGER_ROW(NULL, 0, train_options, image_channels, "3", 1, 3, "1 or 3"),
    NORMALISATION_ROW(train_options),
    JOB_ROWS(train_options),
    CLASSIFIER_ROWS(NULL, offsetof(train_options, classifier)),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Fine-tuning goes on with the same network on the same classes, and images normalised as before.
 */
static xs_status check_start(const train_options *o, const xs_site *site, train_geometry *g) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(o->start_from, &c);
  if (status) return status;
  const nn_classifier *net = classifier_description(c);
  status = job_check_classes(o->start_from, c, o->data, site);
  if (!status && (net->size != o->size || net->channels != o->image_channels ||
                  strcmp(net->architecture, o->classifier.architecture) != 0)) {
    status = fail(XS_FAILED,
                  "%s is another network: to start from it, give --architecture %s --size %d "
                  "--image-channels %d",
                  o->start_from, net->architecture, net->size, net->channels);
  }
  *g = *classifier_geometry(c);
  xs_classifier_free(c);
  return status;
}

static xs_status work(const train_job *job, const void *record) {
  const train_options *o = record;
  const split_rule rule = split_rule_of(o->job.seed, o->job.split_by);
  xs_site *site = NULL;
  fit_task task = {.options = &o->classifier,
                   .geometry = train_geometry_of(o->size, o->image_channels, o->normalisation),
                   .start_from = o->start_from,
                   .init = o->init};
  xs_status status = job_open_site(job, &o->job, o->data, o->size, &site);
  if (!status && o->start_from) status = check_start(o, site, &task.geometry);
  if (!status) status = train_check_splits(site, rule);
  if (!status) status = train_set_open(site, rule, XS_TRAIN, &task.train);
  if (!status) status = train_set_open(site, rule, XS_VALIDATION, &task.validation);
  if (!status) {
    task.classes = site->classes;
    task.class_name = site->class_name;
    status = train_fit(job, &task);
  }
  train_set_release(&task.train);
  train_set_release(&task.validation);
  xs_site_close(site);
  return status;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  (void)word;
  const train_options *o = record;
  if (o->start_from && o->init) {
    return fail(XS_USAGE, "--start-from brings every weight: leave --init out");
  }
  if (fit_check("--", &o->classifier, o->size, o->image_channels)) return XS_USAGE;
  return job_run(&o->job, rows, ROWS, record, "train", work);
}

const cli_verb verb_train = {.name = "train",
                             .words = "",
                             .summary = "Train a classifier on one site's labels.",
                             .options = rows,
                             .n_options = ROWS,
                             .record = sizeof(train_options),
                             .computes = true,
                             .run = run};
