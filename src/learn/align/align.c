/* align.c: the methods, and the trainer that they share. */
#include "align.h"

#include <stdlib.h>
#include <string.h>

#include "align_method.h"
#include "batch_size.h"
#include "classifier.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "text.h"
#include "training_loop.h"
#include "training_run.h"

static const struct {
  const char *name;
  const align_method *method;
} methods[] = {
#define ALIGN(id, ...) {#id, &align_##id},
#include "xsite/methods.def"
};

static const char names[] = ""
#define ALIGN(id, ...) #id ", "
#include "xsite/methods.def"
    ;

typedef struct align {
  training t;
  const align_task *task;
  const xs_align_options *o;
  const align_method *method;
  xs_classifier *start; /* the source's classifier: its description */
  nn_net *net, *other;
  tg_store *store;
  align_step step;
  tg_plan *plan;
  loader *source, *target;
  double loss[ALIGN_LOSSES]; /* of the last step */
} align;

static const align_method *find(const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i].name, name) == 0) return methods[i].method;
  }
  return NULL;
}

bool align_needs_source(const char *method) {
  const align_method *m = find(method);
  return m && m->source;
}

int align_check(const char *where, const xs_align_options *o) {
  if (!find(o->method)) {
    return fail(XS_USAGE, "%smethod: '%s' is not one of %swhich are all that there are", where,
                o->method, names);
  }
  if (o->batch >= 2) return 0;
  return fail(XS_USAGE, "%sbatch: 1 is too small; give 2 images of each site or more", where);
}

/* ---- the step --------------------------------------------------------------------------------
 */

static void describe_step(const align_method *m, const xs_align_options *o, const nn_classifier *c,
                          tg_graph *g, align_step *s) {
  tg_shape images = tg_shape4(o->batch, c->size, c->size, c->channels);
  *s = (align_step){.g = g,
                    .o = o,
                    .description = *c,
                    .net = s->net,
                    .other = s->other,
                    .target = tg_input(g, "target", images),
                    .changed = tg_input(g, "changed", images),
                    .progress = tg_input(g, "progress", tg_scalar()),
                    .rate = tg_input(g, "rate", tg_scalar()),
                    .step = tg_input(g, "step", tg_scalar())};
  if (!m->source) return;
  s->source = tg_input(g, "source", images);
  s->label = tg_input(g, "label", tg_shape4(o->batch, 1, 1, 1));
}

/* Updates, and all that the caller writes or reads. */
static int plan_outputs(const align_step *s, tg_store *store, const tg_plan_options *options,
                        tg_plan **plan) {
  const tg_value more[] = {s->source,   s->label, s->target, s->changed,
                           s->progress, s->rate,  s->step};
  enum { MORE = sizeof more / sizeof *more };
  int n = 0;
  tg_value *output = memory_new((size_t)(s->updates + s->losses + MORE) * sizeof *output);
  for (int i = 0; i < s->updates; i++) output[n++] = s->update[i];
  for (int i = 0; i < s->losses; i++) output[n++] = s->loss[i];
  for (int i = 0; i < MORE; i++) {
    if (more[i] != TG_NONE) output[n++] = more[i];
  }
  int status = tg_plan_new(s->g, store, n, output, options, plan);
  free(output);
  return status;
}

/* s has its networks; its updates are to be freed. */
static int plan_batch(const align_method *m, const xs_align_options *o, const nn_classifier *c,
                      tg_store *store, const tg_plan_options *p, align_step *s, tg_plan **plan) {
  tg_graph *g = tg_graph_new();
  *plan = NULL;
  describe_step(m, o, c, g, s);
  m->build(s);
  int status = s->updates ? plan_outputs(s, store, p, plan)
                          : fail(1,
                                 "%s has no batch norms, and nothing else of a classifier would "
                                 "change: take a network that has some, or another method",
                                 c->architecture);
  tg_graph_free(g);
  return status;
}

typedef struct align_trial {
  const align_method *method;
  const xs_align_options *o;
  const nn_classifier *c;
  tg_store *store;
  const align_step *step;
  tg_plan_options options;
} align_trial;

static int try_batch(const void *trial, int64_t images) {
  const align_trial *t = trial;
  xs_align_options o = *t->o;
  align_step s = {.net = t->step->net, .other = t->step->other};
  tg_plan *plan;
  o.batch = images;
  int status = plan_batch(t->method, &o, t->c, t->store, &t->options, &s, &plan);
  tg_plan_free(plan);
  free(s.update);
  return status;
}

/* As plan_batch; where memory is short, the message says which batch would fit. */
static int plan_step(const align_method *m, const xs_align_options *o, const nn_classifier *c,
                     tg_store *store, const tg_plan_options *p, align_step *s, tg_plan **plan) {
  const align_trial smaller = {m, o, c, store, s, batch_size_options(p)};
  int status = plan_batch(m, o, c, store, p, s, plan);
  if (status == TG_TOO_LARGE) status = batch_size_refuse(o->batch, 2, try_batch, &smaller);
  return status ? fail_context(1, "the %s step: ", o->method) : 0;
}

static int make_plan(align *a) {
  const tg_plan_options p = training_plan_options(&a->t);
  a->step.net = a->net;
  a->step.other = a->other;
  return plan_step(a->method, a->o, classifier_description(a->start), a->store, &p, &a->step,
                   &a->plan);
}

int align_plan_new(const xs_align_options *o, const nn_classifier *c, tg_store *s,
                   const tg_plan_options *p, align_plan *out) {
  const align_method *m = find(o->method);
  *out = (align_plan){.net = nn_net_new(""), .other = m->other ? nn_net_new(m->other) : NULL};
  align_step step = {.net = out->net, .other = out->other};
  int status = plan_step(m, o, c, s, p, &step, &out->plan);
  out->step = step.step;
  free(step.update);
  return status;
}

static int set_up(void *own) {
  align *a = own;
  if (make_plan(a)) return 1;
  if (model_parameters(a->task->start_from, a->net, a->store)) return 1;
  if (!a->other) return 0;
  if (a->method->copies) return model_parameters(a->task->start_from, a->other, a->store);
  return nn_net_initialise(a->other, a->store, a->t.job->seed);
}

/* ---- images ----------------------------------------------------------------------------------
 */

static augment change_of(const xs_align_options *o) {
  return (augment){.shift = o->shift,
                   .rotation = o->rotation,
                   .scale = o->scale,
                   .flip = o->flips,
                   .contrast = o->contrast,
                   .brightness = o->brightness,
                   .invert = o->invert ? 0.5 : 0,
                   .colour = o->colour,
                   .noise = o->noise};
}

static int load(align *a, const char *side, loader_options *o, loader **out) {
  o->sampler.mode = SAMPLER_RANDOM;
  o->sampler.batch = a->o->batch;
  return training_load(&a->t, side, classifier_geometry(a->start), a->t.done, o, out);
}

static int start_source(align *a) {
  const train_set *t = &a->task->source;
  loader_options o = {.sampler = {.rows = t->rows,
                                  .n = t->n,
                                  .balanced = a->o->balanced,
                                  .label = t->label,
                                  .classes = xs_classifier_classes(a->start)},
                      .images = t->images,
                      .label = t->label,
                      .views = 1,
                      .view = {change_of(a->o)}};
  return a->method->source ? load(a, "source", &o, &a->source) : 0;
}

/* Each image as it is, and changed. */
static int start_target(align *a) {
  const align_task *t = a->task;
  loader_options o = {.sampler = {.rows = t->target_rows, .n = t->target_n},
                      .images = t->target,
                      .views = 2,
                      .view = {{0}, change_of(a->o)}};
  return load(a, "target", &o, &a->target);
}

static int start(void *own) {
  align *a = own;
  return start_source(a) || start_target(a);
}

/* ---- the run ---------------------------------------------------------------------------------
 */

static void fill_source(align *a, size_t bytes) {
  const batch *b = loader_next(a->source);
  memcpy(tg_plan_data(a->plan, a->step.source), b->x, bytes);
  memcpy(tg_plan_data(a->plan, a->step.label), b->label, (size_t)a->o->batch * sizeof *b->label);
}

static int step(void *own) {
  align *a = own;
  const train_geometry *geo = classifier_geometry(a->start);
  const align_step *s = &a->step;
  const training_plan plan = {a->plan, s->rate, s->step, s->losses, s->loss, a->method->loss};
  size_t values = (size_t)(a->o->batch * geo->size * geo->size * geo->channels);
  if (a->source) fill_source(a, values * sizeof(float));
  const batch *b = loader_next(a->target);
  memcpy(tg_plan_data(a->plan, s->target), b->x, values * sizeof *b->x);
  memcpy(tg_plan_data(a->plan, s->changed), b->x + values, values * sizeof *b->x);
  training_set_scalar(a->plan, s->progress, (double)a->t.done / (double)a->o->steps);
  if (training_update(&a->t, &plan, a->t.done, a->o->learning_rate, a->loss)) return 1;
  for (int i = 0; i < s->losses; i++) training_show(&a->t, plan.name[i], a->loss[i]);
  return 0;
}

static int measure(void *own) {
  align *a = own;
  if (!training_has_row(&a->t)) return 0;
  training_row(&a->t, "%lld", (long long)a->t.done);
  for (int i = 0; i < a->step.losses; i++) training_row(&a->t, "\t%.6g", a->loss[i]);
  training_row(&a->t, "\n");
  return 0;
}

/* The source's classifier with other weights, for images like the target's. */
static int finish(void *own) {
  const align *a = own;
  char *model = run_path(a->t.job, "model.safetensors");
  json_t *metadata = model_inherited(a->task->start_from);
  json_object_set_new(
      metadata, "preprocessing",
      preprocessing_json(&a->task->target->how, classifier_geometry(a->start)->size));
  json_object_set_new(metadata, "training",
                      json_pack("{s:s, s:I, s:s, s:I}", "task", a->t.job->task, "seed",
                                (json_int_t)a->t.job->seed, "method", a->o->method, "steps",
                                (json_int_t)a->t.done));
  int status = model_save(model, a->method->copies ? a->other : a->net, a->store, metadata);
  json_decref(metadata);
  free(model);
  return status;
}

static const trainer align_trainer = {.unit = "step",
                                      .set_up = set_up,
                                      .start = start,
                                      .step = step,
                                      .measure = measure,
                                      .finish = finish};

static void add_header(align *a) {
  training_row(&a->t, "step");
  for (int i = 0; i < ALIGN_LOSSES && a->method->loss[i]; i++) {
    training_row(&a->t, "\t%s", a->method->loss[i]);
  }
  training_row(&a->t, "\n");
}

static xs_status run(align *a) {
  if (classifier_describe(a->task->start_from, &a->start)) return XS_FAILED;
  a->net = nn_net_new("");
  if (a->method->other) a->other = nn_net_new(a->method->other);
  add_header(a);
  return training_loop(&a->t);
}

xs_status train_align(const train_job *job, const align_task *task) {
  const xs_align_options *o = task->options;
  if (align_check("align: ", o)) return XS_USAGE;
  align a = {.task = task, .o = o, .method = find(o->method), .store = tg_store_new(job->device)};
  a.t = (training){.job = job,
                   .trainer = &align_trainer,
                   .own = &a,
                   .precision = o->precision,
                   .part = {{"", a.store}},
                   .total = o->steps};
  const xs_status status = run(&a);
  tg_plan_free(a.plan);
  tg_store_free(a.store);
  nn_net_free(a.net);
  nn_net_free(a.other);
  xs_classifier_free(a.start);
  free(a.step.update);
  return status;
}
