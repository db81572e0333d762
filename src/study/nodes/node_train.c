/* node_train.c: classifiers that are trained on labels of the sites themselves. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "study_file.h"

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

static xs_status fit(study_run *r, const train_job *job, int like, training *t) {
  char *init = study_init_file(r->study);
  const fit_task task = {.options = &t->options,
                         .init = init,
                         .geometry = run_geometry(r),
                         .train = t->train,
                         .validation = t->validation,
                         .classes = seal_classes(r->seal, like),
                         .class_name = seal_class_name(r->seal, like),
                         .like = seal_images(r->seal, like)};
  xs_status status = train_fit(job, &task);
  free(init);
  return status;
}

static xs_status open_site(study_run *r, const study_node *n, int site, training *t) {
  t->options = r->study->settings.classifier;
  xs_status status = run_labelled(r, n, site, XS_TRAIN, &t->train);
  if (!status) status = run_labelled(r, n, site, XS_VALIDATION, &t->validation);
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

/* The wanted number of labelled images, validation included. */
static void limit_site(const study_run *r, const study_node *n, training *t) {
  const uint64_t seed = (uint64_t)r->study->settings.seed;
  double both = (double)(t->train.n + t->validation.n), part = fmin(1, n->amount / both);
  train_set_limit(&t->train, seed, llrint(ceil(part * (double)t->train.n)));
  train_set_limit(&t->validation, seed, llrint(floor(part * (double)t->validation.n)));
  fit_to_few(t, seal_classes(r->seal, n->source));
}

static xs_status train_site(study_run *r, const study_node *n, const train_job *job) {
  training t = {0};
  xs_status status = open_site(r, n, n->source, &t);
  if (!status && n->kind == NODE_LABELLED) limit_site(r, n, &t);
  /* a batch of more images than the site has is refused where it is loaded, not made smaller */
  if (!status && t.options.batch <= t.train.n) node_fit_few(&t.options, t.train.n);
  if (!status) status = fit(r, job, n->source, &t);
  release(&t);
  return status;
}

/* ---- all sites together -------------------------------------------------------------------------
 */

static int labelled_site(const xs_study *s) {
  int i = 0;
  while (!s->site[i].labelled) i++;
  return i;
}

static void pool(const study_run *r, const training *part, int parts, training *all,
                 xs_images *images[2]) {
  train_set *set = memory_new((size_t)(2 * parts) * sizeof *set);
  const train_geometry g = run_geometry(r);
  for (int i = 0; i < parts; i++) {
    set[i] = part[i].train;
    set[parts + i] = part[i].validation;
  }
  all->options = r->study->settings.classifier;
  train_set_pool(set, parts, &g, &images[0], &all->train);
  train_set_pool(set + parts, parts, &g, &images[1], &all->validation);
  free(set);
}

/* The same share of every site's training images, and all validation images. */
static xs_status train_pooled(study_run *r, const study_node *n, const train_job *job) {
  const xs_study *s = r->study;
  training *part = memory_new((size_t)s->n_sites * sizeof *part), all = {0};
  xs_images *images[2] = {NULL, NULL};
  int parts = 0;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    if (!s->site[i].labelled) continue;
    status = open_site(r, n, i, &part[parts]);
    int64_t wanted = llrint(ceil(n->amount / 100 * (double)part[parts].train.n));
    if (!status) train_set_limit(&part[parts].train, (uint64_t)s->settings.seed, wanted);
    parts++;
  }
  if (!status) pool(r, part, parts, &all, images);
  if (!status) fit_to_few(&all, seal_classes(r->seal, labelled_site(s)));
  if (!status) status = fit(r, job, labelled_site(s), &all);
  release(&all);
  for (int i = 0; i < parts; i++) release(&part[i]);
  for (int i = 0; i < 2; i++) xs_images_close(images[i]);
  free(part);
  return status;
}

xs_status node_train(study_run *r, const study_node *n, const train_job *job) {
  return n->kind == NODE_POOLED ? train_pooled(r, n, job) : train_site(r, n, job);
}
