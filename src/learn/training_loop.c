#include "training_loop.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "text.h"
#include "training_run.h"
#include "watch.h"

#define CHECKPOINT "checkpoint.safetensors"

/* ---- the curve ---------------------------------------------------------------------------------
 */

void training_row(training *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buffer_add_list(&t->curve, format, args);
  va_end(args);
}

bool training_has_row(const training *t) { return t->done % 10 == 0 || t->done == t->total; }

static int write_curve(const training *t) {
  char *path = run_path(t->job, "curve.tsv");
  const int status = file_write_atomic(path, t->curve.text, t->curve.size);
  free(path);
  return status;
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

static int parts(const training *t) {
  int n = 0;
  while (n < TRAINING_PARTS && t->part[n].store) n++;
  return n;
}

static int save(training *t) {
  char *path = run_path(t->job, CHECKPOINT);
  json_t *state = t->trainer->save ? t->trainer->save(t->own) : json_object();
  json_object_set_new(state, "done", json_integer(t->done));
  json_object_set_new(state, "curve", json_string(t->curve.text));
  run_record_machine(t->job, state);
  const int status = checkpoint_save(path, parts(t), t->part, state);
  if (status) fail_context(1, "%s: step %lld: ", t->job->task, (long long)t->done);
  t->saved = t->done;
  json_decref(state);
  free(path);
  return status;
}

/* NULL where there is none, or a damaged one, of which a note tells: the training begins anew.  The
 * recorded kernels are needed to plan, so that this comes first. */
static int read_state(const training *t, json_t **state) {
  char *path = run_path(t->job, CHECKPOINT);
  int status = checkpoint_state(path, state);
  if (status == CHECKPOINT_DAMAGED) {
    run_note(t->job, "begins anew: %s", fail_message());
    status = 0;
  }
  if (!status && *state) run_restore_machine(t->job, *state);
  free(path);
  return status;
}

static int refuse_state(const training *t, const char *key, const char *needed) {
  return fail(1,
              "%s/" CHECKPOINT
              ": metadata: state: %s: %s is needed: the file is damaged or of another run; delete "
              "it to start this node again",
              t->job->dir, key, needed);
}

int training_count(const training *t, const json_t *counter, const char *key, int64_t most,
                   int64_t *x) {
  const json_t *j = json_object_get(counter, key);
  char needed[64];
  *x = json_integer_value(j);
  if (json_is_integer(j) && *x >= 0 && *x <= most) return 0;
  snprintf(needed, sizeof needed, "a whole number from 0 to %lld", (long long)most);
  return refuse_state(t, key, needed);
}

int training_number(const training *t, const json_t *counter, const char *key, double *x) {
  const json_t *j = json_object_get(counter, key);
  *x = json_number_value(j);
  return json_is_number(j) ? 0 : refuse_state(t, key, "a number");
}

static int restore_curve(training *t, const json_t *state) {
  const char *text = json_string_value(json_object_get(state, "curve"));
  if (!text) return refuse_state(t, "curve", "text");
  t->curve.size = 0;
  buffer_text(&t->curve, text);
  return 0;
}

/* The stores' numbers go over the first ones. */
static int restore(training *t, const json_t *state) {
  const trainer *own = t->trainer;
  char *path = run_path(t->job, CHECKPOINT);
  int status = training_count(t, state, "done", t->total, &t->done);
  if (!status && own->restore) status = own->restore(t->own, state);
  if (!status) status = restore_curve(t, state);
  if (!status) status = checkpoint_load(path, parts(t), t->part);
  if (!status) run_note(t->job, "continues after %s %lld", own->unit, (long long)t->done);
  t->saved = t->done;
  free(path);
  return status;
}

/* ---- progress ----------------------------------------------------------------------------------
 */

typedef struct stopwatch { /* rates are of the last two seconds or so */
  double start, since;
  int64_t done;
  double waited_since; /* seconds that were waited for images until `since` */
  double rate, waiting;
} stopwatch;

static double waited(const training *t) {
  double seconds = 0;
  for (int i = 0; i < TRAINING_LOADERS; i++) {
    if (t->loader[i]) seconds += loader_waited(t->loader[i]);
  }
  return seconds;
}

static void update_rates(stopwatch *w, const training *t) {
  const double at = clock_seconds(), took = at - w->since;
  const bool first = w->since <= 0;
  if (!first && took <= 2) return;
  if (!first) {
    w->rate = (double)(t->done - w->done) / took;
    w->waiting = (waited(t) - w->waited_since) / took;
  }
  w->since = at;
  w->done = t->done;
  w->waited_since = waited(t);
}

void training_show(training *t, const char *name, double value) {
  xs_progress *p = &t->shown;
  p->loss_name[p->losses] = name;
  p->loss[p->losses++] = value;
}

static void report(training *t, stopwatch *w) {
  const xs_watch *watch = t->job->watch;
  if (!watch || !watch->progress) return;
  update_rates(w, t);
  t->shown.task = t->job->task;
  t->shown.done = t->done;
  t->shown.total = t->total;
  t->shown.rate = w->rate;
  t->shown.waiting = w->waiting;
  watch_progress(watch, &t->shown);
}

static void note_waiting(const training *t, const stopwatch *w) {
  const double took = clock_seconds() - w->start;
  if (w->since <= 0) return;
  run_note(t->job, "waited for images %.2f %% of %.3g s", 100 * waited(t) / took, took);
}

static void note_precision(const training *t) {
  const char *used = run_precision(t->precision);
  if (strcmp(t->precision, used) == 0) return;
  run_note(t->job, "precision %s: this processor cannot multiply in it; %s is used", t->precision,
           used);
}

/* ---- a step ------------------------------------------------------------------------------------
 */

tg_plan_options training_plan_options(const training *t) {
  return (tg_plan_options){.effort = t->job->effort,
                           .kernels = t->job->kernels,
                           .seed = t->job->seed,
                           .memory = t->job->memory,
                           .bf16 = run_rounds(t->precision)};
}

int training_load(training *t, const char *side, const train_geometry *g, int64_t first,
                  loader_options *o, loader **out) {
  const char *task = t->job->task;
  char *stream = side ? text_format("%s %s", task, side) : text_copy(task);
  loader **place = t->loader;
  while (*place) place++;
  o->sampler.seed = t->job->seed;
  o->sampler.stream = stream;
  o->size = g->size;
  o->channels = g->channels;
  o->norm = g->norm;
  const int status = loader_new(o, first, place);
  free(stream);
  *out = *place;
  if (!status) return 0;
  return side ? fail_context(1, "%s: %s images: ", task, side) : fail_context(1, "%s: ", task);
}

double training_scalar(tg_plan *p, tg_value v) {
  return (double)*(const float *)tg_plan_data(p, v);
}

void training_set_scalar(tg_plan *p, tg_value v, double x) {
  *(float *)tg_plan_data(p, v) = (float)x;
}

static int refuse_loss(const training *t, const char *name, double loss) {
  return fail(1,
              "%s: step %lld: loss '%s' is %g; the last good checkpoint and model files in %s are "
              "kept; a lower learning rate usually mends this",
              t->job->task, (long long)t->done, name, loss, t->job->dir);
}

int training_update(const training *t, const training_plan *p, int64_t updates, double rate,
                    double *loss) {
  training_set_scalar(p->plan, p->rate, rate);
  training_set_scalar(p->plan, p->step, (double)(updates + 1));
  if (tg_plan_run(p->plan, (uint64_t)updates)) return 1;
  for (int i = 0; i < p->losses; i++) loss[i] = training_scalar(p->plan, p->loss[i]);
  for (int i = 0; i < p->losses; i++) {
    if (!isfinite(loss[i])) return refuse_loss(t, p->name[i], loss[i]);
  }
  return 0;
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

static int run_step(training *t, stopwatch *w) {
  t->shown.losses = 0;
  if (t->trainer->step(t->own)) return 1;
  t->done++;
  report(t, w);
  return t->trainer->measure(t->own);
}

static int run_steps(training *t) {
  const trainer *own = t->trainer;
  stopwatch w = {.start = clock_seconds()};
  note_precision(t);
  while (t->done < t->total && !(own->stops && own->stops(t->own))) {
    if (run_step(t, &w)) return 1;
    const bool stopped = watch_stops(t->job->watch);
    if ((stopped || t->done - t->saved >= t->job->checkpoint_every) && save(t)) return 1;
    if (stopped) {
      return fail(1, "%s: stopped at step %lld; a checkpoint is in %s, continue with --resume",
                  t->job->task, (long long)t->done, t->job->dir);
    }
  }
  note_waiting(t, &w);
  return 0;
}

xs_status training_loop(training *t) {
  json_t *state = NULL;
  int status = read_state(t, &state);
  if (!status) status = t->trainer->set_up(t->own);
  if (!status && state) status = restore(t, state);
  if (!status) status = t->trainer->start(t->own);
  if (!status) status = run_steps(t);
  if (!status) status = t->trainer->finish(t->own);
  if (!status) status = write_curve(t);
  for (int i = 0; i < TRAINING_LOADERS; i++) loader_free(t->loader[i]);
  json_decref(state);
  buffer_free(&t->curve);
  return status ? XS_FAILED : XS_OK;
}
