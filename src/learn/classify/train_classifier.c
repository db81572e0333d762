/* train_classifier.c: training a classifier with early stopping (method 3). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "classifier_plan.h"
#include "error.h"
#include "file.h"
#include "inference.h"
#include "initial_weights.h"
#include "memory.h"
#include "model_file.h"
#include "trained_enough.h"
#include "training_loop.h"
#include "training_run.h"

typedef struct fit {
  training t;
  const fit_task *task;
  nn_classifier description;
  nn_net *net;
  tg_store *now, *best;
  fit_plan train;
  inference_plan evaluate;
  int64_t at_once; /* images of evaluate */
  loader *loader;
  int64_t epoch_steps;
  /* kept in checkpoints */
  int64_t epoch, stale; /* epochs done; epochs since the best */
  double best_auc;
  double epoch_loss; /* sum over the present epoch */
} fit;

static int build_training(fit *f) {
  const xs_classifier_options *o = f->task->options;
  nn_classifier dropping = f->description;
  dropping.dropout = o->dropout;
  const tg_plan_options p = training_plan_options(&f->t);
  return fit_plan_new(f->net, &dropping, o->batch, o->weight_decay, f->now, &p, &f->train);
}

static int build_evaluation(fit *f) {
  tg_plan_options p = {.effort = f->t.job->effort, .kernels = f->t.job->kernels};
  f->at_once = classifier_batch(f->task->geometry.size);
  return inference_plan_classifier(f->net, &f->description, f->at_once, f->now, &p, &f->evaluate);
}

/* Parameters first, so that they exist under their names before a plan is made. */
static int set_up(void *own) {
  fit *f = own;
  if (build_evaluation(f)) return 1;
  if (nn_net_initialise(f->net, f->now, f->t.job->seed)) return 1;
  if (f->task->init && init_from_file(f->t.job, f->task->init, f->net, f->now)) return 1;
  if (f->task->start_from && model_parameters(f->task->start_from, f->net, f->now)) return 1;
  return build_training(f);
}

/* Whether robust training has the part. */
static bool has(const xs_classifier_options *o, const char *part) {
  return !o->robust_without || strcmp(o->robust_without, part) != 0;
}

/* How training images are changed.  Robust training (docs/method.md, "Training to travel") moves
 * images at least so far, and changes their tones and textures. */
static augment change_of(const xs_classifier_options *o) {
  augment a = {.shift = o->shift, .rotation = o->rotation, .flip = o->flips};
  if (!o->robust) return a;
  if (has(o, "movement")) {
    a.shift = fmax(a.shift, 0.06);
    a.rotation = fmax(a.rotation, 12);
    a.scale = 0.15;
  }
  if (has(o, "tones")) {
    a.contrast = 0.5;
    a.brightness = 0.15;
    a.colour = true;
  }
  if (has(o, "negative")) a.invert = 0.25;
  if (has(o, "noise")) a.noise = 0.04;
  a.convolve = has(o, "convolution");
  a.every_other = has(o, "pauses");
  return a;
}

static int start(void *own) {
  fit *f = own;
  const fit_task *t = f->task;
  loader_options o = {
      .sampler = {.mode = SAMPLER_EPOCHS,
                  .batch = t->options->batch,
                  .rows = t->train.rows,
                  .n = t->train.n,
                  .balanced = t->options->balanced,
                  .label = t->train.label,
                  .classes = t->classes},
      .images = t->train.images,
      .label = t->train.label,
      .view = {change_of(t->options)},
  };
  if (training_load(&f->t, NULL, &t->geometry, f->t.done, &o, &f->loader)) return 1;
  f->epoch_steps = t->options->steps_per_epoch;
  if (!f->epoch_steps) f->epoch_steps = loader_epoch_steps(f->loader);
  f->t.total = t->options->epochs * f->epoch_steps;
  return 0;
}

int fit_check(const char *where, const xs_classifier_options *o, int64_t size, int64_t channels) {
  const nn_classifier c = {
      .architecture = o->architecture, .size = (int)size, .channels = (int)channels, .classes = 2};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "%ssize %lld: %s", where, (long long)size, why);
  if (channels == 2) return fail(XS_USAGE, "%simage_channels: 2 is not 1 or 3", where);
  if (o->batch >= 2) return 0;
  return fail(XS_USAGE,
              "%sbatch 1 is too small for a classifier; give 2 or more (the paper uses 128)",
              where);
}

/* ---- checkpoints ---------------------------------------------------------------------------- */

static json_t *save(const void *own) {
  const fit *f = own;
  return json_pack("{s:I, s:I, s:f, s:f}", "epoch", (json_int_t)f->epoch, "stale",
                   (json_int_t)f->stale, "best_auc", f->best_auc, "epoch_loss", f->epoch_loss);
}

static int keep_best(fit *f) {
  int status = 0;
  for (int i = 0; i < f->net->n && !status; i++) {
    const nn_param *p = &f->net->param[i];
    float *x = memory_new((size_t)tg_count(p->shape) * sizeof *x);
    status = tg_store_get(f->now, p->name, p->shape, x);
    if (!status) status = tg_store_put(f->best, p->name, p->shape, x);
    free(x);
  }
  return status;
}

/* An epoch that is one pass has no more steps than images. */
static int64_t most_steps(const fit *f) {
  const xs_classifier_options *o = f->task->options;
  return o->epochs * (o->steps_per_epoch ? o->steps_per_epoch : f->task->train.n);
}

static int restore(void *own, const json_t *counter) {
  fit *f = own;
  const training *t = &f->t;
  if (training_count(t, counter, "epoch", f->task->options->epochs, &f->epoch) ||
      training_count(t, counter, "stale", f->epoch, &f->stale) ||
      training_number(t, counter, "best_auc", &f->best_auc) ||
      training_number(t, counter, "epoch_loss", &f->epoch_loss)) {
    return 1;
  }
  /* The best of the epochs that are done. */
  return f->epoch > 0 ? keep_best(f) : 0;
}

/* ---- epochs --------------------------------------------------------------------------------- */

/* Of the present weights. */
static int measure_on(fit *f, const train_set *v, double *auc) {
  const train_geometry *geo = &f->task->geometry;
  int classes = f->task->classes;
  int64_t rows[CLASSIFIER_MOST], at_once = f->at_once;
  float *logit = memory_new((size_t)((v->n + at_once) * classes) * sizeof *logit);
  int32_t *label = memory_new((size_t)(v->n + 1) * sizeof *label);
  for (int64_t i = 0; i < v->n; i++) label[i] = v->label[v->rows[i]];
  int status = 0;
  for (int64_t first = 0; first < v->n && !status; first += at_once) {
    batch_rows(v->rows, v->n, first, at_once, rows);
    xs_images_fetch(v->images, rows, at_once, geo->size, geo->channels, &geo->norm,
                    tg_plan_data(f->evaluate.plan, f->evaluate.x));
    status = tg_plan_run(f->evaluate.plan, 0);
    memcpy(logit + first * classes, tg_plan_data(f->evaluate.plan, f->evaluate.y),
           (size_t)(at_once * classes) * sizeof *logit);
  }
  *auc = xs_auc(logit, label, v->n, classes);
  free(label);
  free(logit);
  return status;
}

static int step(void *own) {
  static const char *const name[] = {"classification"};
  fit *f = own;
  double loss;
  const fit_plan *p = &f->train;
  const training_plan plan = {p->plan, p->rate, p->step, 1, &p->loss, name};
  const batch *b = loader_next(f->loader);
  const xs_classifier_options *o = f->task->options;
  const train_geometry *geo = &f->task->geometry;
  size_t pixels = (size_t)(o->batch * geo->size * geo->size * geo->channels);
  memcpy(tg_plan_data(p->plan, p->x), b->x, pixels * sizeof(float));
  memcpy(tg_plan_data(p->plan, p->label), b->label, (size_t)o->batch * sizeof(float));
  if (training_update(&f->t, &plan, f->t.done, o->learning_rate, &loss)) return 1;
  f->epoch_loss += loss;
  training_show(&f->t, "loss", loss);
  if (f->epoch && f->task->validation.n) {
    training_show(&f->t, "validation AUC", 100 * f->best_auc);
  }
  return 0;
}

static int end_epoch(fit *f) {
  const bool blind = f->task->validation.n == 0;
  double auc = 0;
  if (!blind && measure_on(f, &f->task->validation, &auc)) return 1;
  if (isnan(auc)) {
    return fail(
        1,
        "%s: the validation split holds fewer than two classes, so that early stopping has no "
        "AUC; give the site more labelled images",
        f->t.job->task);
  }
  f->epoch++;
  f->stale++;
  if (f->epoch == 1 || blind || auc > f->best_auc) {
    f->best_auc = auc;
    f->stale = 0;
    if (keep_best(f)) return 1;
  }
  training_row(&f->t, "%lld\t%.6g\t%.6g\n", (long long)f->epoch,
               f->epoch_loss / (double)f->epoch_steps, blind ? NAN : 100 * auc);
  f->epoch_loss = 0;
  return 0;
}

static int measure(void *own) {
  fit *f = own;
  return f->t.done % f->epoch_steps == 0 ? end_epoch(f) : 0;
}

static bool stops_early(const void *own) {
  const fit *f = own;
  return f->stale >= f->task->options->patience;
}

/* ---- the result ----------------------------------------------------------------------------- */

enum { MEASURED_MOST = 1000 }; /* training images: more say no more of what was learnt */

static xs_status take_best(fit *f) {
  int status = 0;
  for (int i = 0; i < f->net->n && !status; i++) {
    const nn_param *p = &f->net->param[i];
    float *x = memory_new((size_t)tg_count(p->shape) * sizeof *x);
    status =
        tg_store_get(f->best, p->name, p->shape, x) || tg_store_put(f->now, p->name, p->shape, x);
    free(x);
  }
  return status ? XS_FAILED : XS_OK;
}

/* AUC of the kept epoch on training images, evenly spaced in their order. */
static int measure_training(fit *f, double *auc) {
  const train_set *all = &f->task->train;
  train_set some = *all;
  some.n = all->n < MEASURED_MOST ? all->n : MEASURED_MOST;
  some.rows = memory_new((size_t)(some.n + 1) * sizeof *some.rows);
  for (int64_t i = 0; i < some.n; i++) some.rows[i] = all->rows[i * all->n / some.n];
  int status = take_best(f);
  if (!status) status = measure_on(f, &some, auc);
  free(some.rows);
  return status;
}

static json_t *training_json(const fit *f, const trained *t) {
  json_t *j = json_pack("{s:s, s:I}", "task", f->t.job->task, "seed", (json_int_t)f->t.job->seed);
  trained_describe(t, j);
  if (f->task->validation.n) json_object_set_new(j, "validation_auc", json_real(f->best_auc));
  return j;
}

static void note_best(const fit *f, const trained *t) {
  if (f->task->validation.n) {
    run_note(f->t.job, "best of %lld epochs is %lld, validation AUC %.2f", (long long)t->epochs,
             (long long)t->best_epoch, 100 * f->best_auc);
  } else {
    run_note(f->t.job, "trained for %lld epochs, without validation images", (long long)t->epochs);
  }
  char *why = trained_complaint(t);
  if (why) run_note(f->t.job, "not trained enough: %s", why);
  free(why);
}

static int finish(void *own) {
  fit *f = own;
  char *model = run_path(f->t.job, "model.safetensors");
  json_t *metadata = classifier_metadata(&f->description, &f->task->geometry, f->task->class_name);
  const xs_images *like = f->task->like ? f->task->like : f->task->train.images;
  trained t = {.steps = f->t.done,
               .epochs = f->epoch,
               .best_epoch = f->epoch - f->stale,
               .continued = f->task->start_from != NULL};
  int status = measure_training(f, &t.train_auc);
  json_object_set_new(metadata, "preprocessing",
                      preprocessing_json(&like->how, f->task->geometry.size));
  json_object_set_new(metadata, "training", training_json(f, &t));
  if (!status) status = model_save(model, f->net, f->best, metadata);
  if (!status) note_best(f, &t);
  json_decref(metadata);
  free(model);
  return status;
}

static const trainer classifier_trainer = {.unit = "step",
                                           .set_up = set_up,
                                           .start = start,
                                           .step = step,
                                           .measure = measure,
                                           .stops = stops_early,
                                           .save = save,
                                           .restore = restore,
                                           .finish = finish};

xs_status train_fit(const train_job *job, const fit_task *task) {
  fit f = {.task = task};
  f.description = (nn_classifier){.architecture = task->options->architecture,
                                  .size = task->geometry.size,
                                  .channels = task->geometry.channels,
                                  .classes = task->classes};
  const char *why = nn_classifier_impossible(&f.description);
  if (why) return (xs_status)fail(XS_USAGE, "%s: %s", job->task, why);
  f.net = nn_net_new("");
  f.now = tg_store_new(job->device);
  f.best = tg_store_new(job->device);
  f.t = (training){.job = job,
                   .trainer = &classifier_trainer,
                   .own = &f,
                   .precision = task->options->precision,
                   .part = {{"now/", f.now}, {"best/", f.best}},
                   .total = most_steps(&f)};
  training_row(&f.t, "epoch\tloss\tvalidation_auc\n");
  const xs_status status = training_loop(&f.t);
  tg_plan_free(f.train.plan);
  tg_plan_free(f.evaluate.plan);
  tg_store_free(f.now);
  tg_store_free(f.best);
  nn_net_free(f.net);
  return status;
}
