/* align.c: the methods, and the loop that they share. */
#include "align.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "align_method.h"
#include "batch.h"
#include "batch_size.h"
#include "classifier.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "text.h"
#include "training_run.h"

static const align_method *const methods[] = {&align_coral, &align_dann, &align_shot,
                                              &align_selftrain};

typedef struct align {
  const train_job *job;
  const align_task *task;
  const xs_align_options *o;
  const align_method *method;
  xs_classifier *start; /* the source's classifier: its description */
  nn_net *net, *other;
  tg_store *store;
  align_step step;
  tg_plan *plan;
  loader *source, *target;
  int64_t done, saved; /* kept in checkpoints, with the curve */
  curve curve;
} align;

static const align_method *find(const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(methods[i]->name, name) == 0) return methods[i];
  }
  return NULL;
}

bool align_needs_source(const char *method) {
  const align_method *m = find(method);
  return m && m->source;
}

int align_check(const char *where, const xs_align_options *o) {
  if (!find(o->method)) {
    return fail(XS_USAGE, "%smethod: '%s' is not coral, dann, shot or selftrain", where, o->method);
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
  const tg_value more[] = {s->source, s->label, s->target, s->changed, s->progress};
  int n = 0;
  tg_value *output = memory_new((size_t)(s->updates + s->losses + 5) * sizeof *output);
  for (int i = 0; i < s->updates; i++) output[n++] = s->update[i];
  for (int i = 0; i < s->losses; i++) output[n++] = s->loss[i];
  for (int i = 0; i < 5; i++) {
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
  describe_step(m, o, c, g, s);
  m->build(s);
  int status = plan_outputs(s, store, p, plan);
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
  return status ? fail_context(1, "the %s step: ", m->name) : 0;
}

static int make_plan(align *a) {
  const tg_plan_options p = {.effort = a->job->effort,
                             .kernels = a->job->kernels,
                             .seed = a->job->seed,
                             .memory = a->job->memory,
                             .bf16 = run_rounds(a->o->precision)};
  a->step.net = a->net;
  a->step.other = a->other;
  return plan_step(a->method, a->o, classifier_description(a->start), a->store, &p, &a->step,
                   &a->plan);
}

int align_rehearse(const xs_align_options *o, const nn_classifier *c, tg_store *s,
                   const tg_plan_options *p, align_rehearsal *out) {
  const align_method *m = find(o->method);
  *out = (align_rehearsal){.net = nn_net_new("")};
  if (m->other) out->other = nn_net_new(m->other);
  align_step step = {.net = out->net, .other = out->other};
  int status = plan_step(m, o, c, s, p, &step, &out->plan);
  if (!status) status = nn_net_initialise(out->net, s, 1);
  if (!status && out->other) status = nn_net_initialise(out->other, s, 1);
  if (!status) run_set_scalar(out->plan, step.step, 1);
  free(step.update);
  return status;
}

static int initialise(align *a) {
  if (model_load(a->task->start_from, a->net, a->store)) return 1;
  if (!a->other) return 0;
  if (a->method->copies) return model_load(a->task->start_from, a->other, a->store);
  return nn_net_initialise(a->other, a->store, a->job->seed);
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
                   .invert = o->invert,
                   .colour = o->colour,
                   .noise = o->noise};
}

static int start_loader(const align *a, const char *side, loader_options *o, loader **out) {
  const train_geometry *geo = classifier_geometry(a->start);
  char *stream = text_format("%s %s", a->job->task, side);
  o->sampler.seed = a->job->seed;
  o->sampler.stream = stream;
  o->sampler.mode = SAMPLER_RANDOM;
  o->sampler.batch = a->o->batch;
  o->size = geo->size;
  o->channels = geo->channels;
  o->norm = geo->norm;
  int status = loader_new(o, a->done, out);
  free(stream);
  return status ? fail_context(1, "%s: %s images: ", a->job->task, side) : 0;
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
  return a->method->source ? start_loader(a, "source", &o, &a->source) : 0;
}

/* Each image as it is, and changed. */
static int start_target(align *a) {
  const align_task *t = a->task;
  loader_options o = {.sampler = {.rows = t->target_rows, .n = t->target_n},
                      .images = t->target,
                      .views = 2,
                      .view = {{0}, change_of(a->o)}};
  return start_loader(a, "target", &o, &a->target);
}

/* ---- the run ---------------------------------------------------------------------------------
 */

static void fill_source(align *a, size_t bytes) {
  const batch *b = loader_next(a->source);
  memcpy(tg_plan_data(a->plan, a->step.source), b->x, bytes);
  memcpy(tg_plan_data(a->plan, a->step.label), b->label, (size_t)a->o->batch * sizeof *b->label);
}

static int run_step(align *a, double *loss) {
  const train_geometry *geo = classifier_geometry(a->start);
  const align_step *s = &a->step;
  size_t values = (size_t)(a->o->batch * geo->size * geo->size * geo->channels);
  if (a->source) fill_source(a, values * sizeof(float));
  const batch *b = loader_next(a->target);
  memcpy(tg_plan_data(a->plan, s->target), b->x, values * sizeof *b->x);
  memcpy(tg_plan_data(a->plan, s->changed), b->x + values, values * sizeof *b->x);
  run_set_scalar(a->plan, s->progress, (double)a->done / (double)a->o->steps);
  run_set_scalar(a->plan, s->rate, a->o->learning_rate);
  run_set_scalar(a->plan, s->step, (double)(a->done + 1));
  if (tg_plan_run(a->plan, (uint64_t)a->done)) return 1;
  for (int i = 0; i < s->losses; i++) loss[i] = run_scalar(a->plan, s->loss[i]);
  return run_check_losses(a->job, a->done, s->losses, a->method->loss, loss);
}

static void add_curve(align *a, const double *loss) {
  curve_add(&a->curve, "%lld", (long long)a->done);
  for (int i = 0; i < a->step.losses; i++) curve_add(&a->curve, "\t%.6g", loss[i]);
  curve_add(&a->curve, "\n");
}

static int save(align *a) {
  const checkpoint_part part = {"", a->store};
  json_t *state = json_pack("{s:I, s:s}", "done", (json_int_t)a->done, "curve", a->curve.text);
  a->saved = a->done;
  return run_save(a->job, a->done, 1, &part, state);
}

static int restore(align *a, const json_t *state) {
  const checkpoint_part part = {"", a->store};
  const char *text;
  if (run_state_count(a->job, state, "done", a->o->steps, &a->done) ||
      run_state_text(a->job, state, "curve", &text)) {
    return 1;
  }
  a->saved = a->done;
  curve_restore(&a->curve, text);
  if (run_restore(a->job, 1, &part)) return 1;
  run_note(a->job, "continues after step %lld", (long long)a->done);
  return 0;
}

static xs_status train(align *a) {
  run_clock clock = run_clock_start();
  run_note_precision(a->job, a->o->precision);
  while (a->done < a->o->steps) {
    double loss[ALIGN_LOSSES];
    if (run_step(a, loss)) return XS_FAILED;
    a->done++;
    if (a->done % 10 == 0 || a->done == a->o->steps) add_curve(a, loss);
    clock.waited = loader_waited(a->target) + (a->source ? loader_waited(a->source) : 0);
    run_report(a->job, &clock, a->done, a->o->steps, a->step.losses, a->method->loss, loss);
    bool stopped = run_stopped(a->job);
    if ((stopped || a->done - a->saved >= a->job->checkpoint_every) && save(a)) return XS_FAILED;
    if (stopped) return run_interrupted(a->job, a->done);
  }
  run_note_waiting(a->job, &clock);
  return XS_OK;
}

/* The source's classifier with other weights, for images like the target's. */
static int finish(align *a) {
  char *model = run_path(a->job, "model.safetensors"), *table = run_path(a->job, "curve.tsv");
  json_t *metadata = NULL;
  int status = model_metadata(a->task->start_from, "classifier", &metadata);
  if (!status) {
    model_forget_site(metadata);
    json_object_set_new(
        metadata, "preprocessing",
        preprocessing_json(&a->task->target->how, classifier_geometry(a->start)->size));
    json_object_set_new(metadata, "training",
                        json_pack("{s:s, s:I, s:s, s:I}", "task", a->job->task, "seed",
                                  (json_int_t)a->job->seed, "method", a->method->name, "steps",
                                  (json_int_t)a->done));
    status = model_save(model, a->method->copies ? a->other : a->net, a->store, metadata);
  }
  if (!status) status = file_write_atomic(table, a->curve.text, a->curve.size);
  json_decref(metadata);
  free(table);
  free(model);
  return status;
}

static xs_status run(align *a) {
  json_t *state = NULL;
  int status = classifier_describe(a->task->start_from, &a->start);
  if (!status) status = run_saved_state(a->job, &state);
  if (!status) status = make_plan(a);
  if (!status) status = initialise(a);
  if (!status && state) status = restore(a, state);
  json_decref(state);
  if (status || start_source(a) || start_target(a)) return XS_FAILED;
  xs_status trained = train(a);
  if (trained) return trained;
  return finish(a) ? XS_FAILED : XS_OK;
}

static void start_curve(align *a) {
  char header[128] = "step";
  for (int i = 0; i < ALIGN_LOSSES && a->method->loss[i]; i++) {
    size_t used = strlen(header);
    snprintf(header + used, sizeof header - used, "\t%s", a->method->loss[i]);
  }
  curve_start(&a->curve, header);
}

xs_status train_align(const train_job *job, const align_task *task) {
  if (align_check("align: ", task->options)) return XS_USAGE;
  align a = {.job = job, .task = task, .o = task->options, .method = find(task->options->method)};
  a.net = nn_net_new("");
  if (a.method->other) a.other = nn_net_new(a.method->other);
  a.store = tg_store_new(job->device);
  start_curve(&a);
  xs_status status = run(&a);
  loader_free(a.source);
  loader_free(a.target);
  tg_plan_free(a.plan);
  tg_store_free(a.store);
  nn_net_free(a.net);
  nn_net_free(a.other);
  xs_classifier_free(a.start);
  free(a.step.update);
  curve_free(&a.curve);
  return status;
}
