/* node_train.c: classifiers that are trained on labels of the sites themselves. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "node_job.h"

enum {
  LEAST_STEPS = 50, /* between validations of few images, so that patience means something */
  BLIND_EPOCHS = 20 /* at most, where too few images are left for validation */
};

typedef struct training {
  train_set train, validation;
  xs_classifier_options options;
} training;

static void release(training *t) {
  train_set_release(&t->train);
  train_set_release(&t->validation);
}

static xs_status fit(const node_job *job, training *t) {
  const node_site *like = &job->site[0];
  const fit_task task = {.options = &t->options,
                         .init = job->init,
                         .geometry = job->geometry,
                         .train = t->train,
                         .validation = t->validation,
                         .classes = like->classes,
                         .class_name = like->class_name,
                         .like = like->images};
  return train_fit(job->train, &task);
}

static xs_status open_site(const node_job *job, const node_site *site, training *t) {
  t->options = job->settings->classifier;
  xs_status status = node_labels(site, XS_TRAIN, &t->train);
  if (!status) status = node_labels(site, XS_VALIDATION, &t->validation);
  return status;
}

static bool has_all_classes(const train_set *s, int classes) {
  for (int k = 0; k < classes; k++) {
    int64_t i = 0;
    while (i < s->n && s->label[s->rows[i]] != k) i++;
    if (i == s->n) return false;
  }
  return true;
}

void node_fit_few(xs_classifier_options *o, int64_t n) {
  if (o->batch > n) o->batch = n;
  if (!o->steps_per_epoch && n / o->batch < LEAST_STEPS) o->steps_per_epoch = LEAST_STEPS;
}

/* Validation images that lack a class give no AUC: then all epochs are trained. */
static void fit_to_few(training *t, int classes) {
  xs_classifier_options *o = &t->options;
  node_fit_few(o, t->train.n);
  if (has_all_classes(&t->validation, classes)) return;
  t->validation.n = 0;
  if (o->epochs > BLIND_EPOCHS) o->epochs = BLIND_EPOCHS;
}

/* A batch of more images than the site has is refused where it is loaded, not made smaller. */
static xs_status fit_site(const node_job *job, training *t) {
  if (t->options.batch <= t->train.n) node_fit_few(&t->options, t->train.n);
  return fit(job, t);
}

xs_status node_baseline(const node_job *job) {
  training t = {0};
  xs_status status = open_site(job, &job->site[0], &t);
  if (!status) status = fit_site(job, &t);
  release(&t);
  return status;
}

xs_status node_source(const node_job *job) {
  training t = {0};
  xs_status status = open_site(job, &job->site[0], &t);
  t.options.robust = true;
  if (!status) status = fit_site(job, &t);
  release(&t);
  return status;
}

/* The wanted number of labelled images, validation included. */
static void limit_site(const node_job *job, training *t) {
  const uint64_t seed = job->train->seed;
  double both = (double)(t->train.n + t->validation.n), part = fmin(1, job->amount / both);
  train_set_limit(&t->train, seed, llrint(ceil(part * (double)t->train.n)));
  train_set_limit(&t->validation, seed, llrint(floor(part * (double)t->validation.n)));
  fit_to_few(t, job->site[0].classes);
}

xs_status node_labelled(const node_job *job) {
  training t = {0};
  xs_status status = open_site(job, &job->site[0], &t);
  if (!status) limit_site(job, &t);
  if (!status) status = fit_site(job, &t);
  release(&t);
  return status;
}

/* ---- all sites together -------------------------------------------------------------------------
 */

static void pool(const node_job *job, const training *part, training *all, xs_images *images[2]) {
  const int parts = job->sites;
  train_set *set = memory_new((size_t)(2 * parts) * sizeof *set);
  for (int i = 0; i < parts; i++) {
    set[i] = part[i].train;
    set[parts + i] = part[i].validation;
  }
  all->options = job->settings->classifier;
  train_set_pool(set, parts, &job->geometry, &images[0], &all->train);
  train_set_pool(set + parts, parts, &job->geometry, &images[1], &all->validation);
  free(set);
}

/* The same share of every site's training images, and all validation images. */
xs_status node_pooled(const node_job *job) {
  training *part = memory_new((size_t)job->sites * sizeof *part), all = {0};
  xs_images *images[2] = {NULL, NULL};
  xs_status status = XS_OK;
  for (int i = 0; i < job->sites && !status; i++) {
    status = open_site(job, &job->site[i], &part[i]);
    int64_t wanted = llrint(ceil(job->amount / 100 * (double)part[i].train.n));
    if (!status) train_set_limit(&part[i].train, job->train->seed, wanted);
  }
  if (!status) pool(job, part, &all, images);
  if (!status) fit_to_few(&all, job->site[0].classes);
  if (!status) status = fit(job, &all);
  release(&all);
  for (int i = 0; i < job->sites; i++) release(&part[i]);
  for (int i = 0; i < 2; i++) xs_images_close(images[i]);
  free(part);
  return status;
}
