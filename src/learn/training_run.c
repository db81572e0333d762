#include "training_run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "file.h"
#include "memory.h"

static void append(curve *c, const char *line) {
  size_t length = strlen(line);
  c->text = memory_grow(c->text, c->size + length + 1);
  memcpy(c->text + c->size, line, length + 1);
  c->size += length;
}

void curve_start(curve *c, const char *header) {
  *c = (curve){0};
  append(c, header);
  append(c, "\n");
}

void curve_restore(curve *c, const char *text) {
  curve_free(c);
  append(c, text);
}

void curve_add(curve *c, const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  append(c, line);
}

void curve_free(curve *c) {
  free(c->text);
  *c = (curve){0};
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

run_clock run_clock_start(void) { return (run_clock){.start = now()}; }

static void update_rates(run_clock *c, int64_t done) {
  double t = now(), took = t - c->since;
  bool first = c->since <= 0;
  if (!first && took <= 2) return;
  if (!first) {
    c->rate = (double)(done - c->done) / took;
    c->waiting = (c->waited - c->waited_since) / took;
  }
  c->since = t;
  c->done = done;
  c->waited_since = c->waited;
}

void run_report(const train_job *job, run_clock *c, int64_t done, int64_t total, int losses,
                const char *const *name, const double *loss) {
  if (!job->watch || !job->watch->progress) return;
  update_rates(c, done);
  xs_progress p = {
      .task = job->task, .done = done, .total = total, .rate = c->rate, .waiting = c->waiting};
  for (; p.losses < losses && p.losses < 8; p.losses++) {
    p.loss_name[p.losses] = name[p.losses];
    p.loss[p.losses] = loss[p.losses];
  }
  job->watch->progress(job->watch->context, &p);
}

void run_note(const train_job *job, const char *format, ...) {
  if (!job->watch || !job->watch->note) return;
  char line[512];
  int used = snprintf(line, sizeof line, "%s: ", job->task);
  va_list args;
  va_start(args, format);
  vsnprintf(line + used, sizeof line - (size_t)used, format, args);
  va_end(args);
  job->watch->note(job->watch->context, line);
}

void run_record_machine(const train_job *job, json_t *record) {
  json_object_set_new(record, "threads", json_integer(tg_threads()));
  json_object_set_new(record, "processor", json_string(tg_processor()));
  json_object_set_new(record, "kernels", kernels_json(job->kernels));
}

/* As many as --threads can ask for: of a file that says more nothing is taken. */
static int recorded_threads(const json_t *record) {
  enum { MOST_THREADS = 1024 };
  const json_int_t n = json_integer_value(json_object_get(record, "threads"));
  return n > 0 && n <= MOST_THREADS ? (int)n : 0;
}

void run_restore_machine(const train_job *job, const json_t *record) {
  const int threads = recorded_threads(record);
  const char *processor = json_string_value(json_object_get(record, "processor"));
  kernels_restore(job->kernels, json_object_get(record, "kernels"));
  if (threads > 0 && !job->threads) tg_set_threads(threads);
  if (threads > 0 && threads != tg_threads()) {
    run_note(job, "continues with %d threads what %d began: the last digits may differ",
             tg_threads(), threads);
  }
  if (processor && strcmp(processor, tg_processor()) != 0) {
    run_note(job,
             "continues on a processor with %s what one with %s began: the last digits may differ",
             tg_processor(), processor);
  }
}

const char *run_precision(const char *asked) { return run_rounds(asked) ? "bf16" : "f32"; }

bool run_rounds(const char *precision) {
  return precision && strcmp(precision, "bf16") == 0 && tg_has_bf16();
}

void run_note_precision(const train_job *job, const char *precision) {
  if (strcmp(precision, run_precision(precision)) != 0) {
    run_note(job, "precision %s: this processor cannot multiply in it; %s is used", precision,
             run_precision(precision));
  }
}

int run_save(const train_job *job, int64_t step, int n, const checkpoint_part *part,
             json_t *state) {
  char *path = run_path(job, "checkpoint.safetensors");
  run_record_machine(job, state);
  int status = checkpoint_save(path, n, part, state);
  if (status) fail_context(1, "%s: step %lld: ", job->task, (long long)step);
  free(path);
  json_decref(state);
  return status;
}

int run_saved_state(const train_job *job, json_t **state) {
  char *path = run_path(job, "checkpoint.safetensors");
  int status = checkpoint_state(path, state);
  if (status == CHECKPOINT_DAMAGED) {
    run_note(job, "begins anew: %s", fail_message());
    status = 0;
  }
  if (!status && *state) run_restore_machine(job, *state);
  free(path);
  return status;
}

int run_restore(const train_job *job, int n, const checkpoint_part *part) {
  char *path = run_path(job, "checkpoint.safetensors");
  int status = checkpoint_load(path, n, part);
  free(path);
  return status;
}

static int refuse_state(const train_job *job, const char *key, const char *needed) {
  return fail(
      1,
      "%s/checkpoint.safetensors: metadata: state: %s: %s is needed: the file is damaged or "
      "of another run; delete it to start this node again",
      job->dir, key, needed);
}

int run_state_count(const train_job *job, const json_t *state, const char *key, int64_t most,
                    int64_t *x) {
  const json_t *j = json_object_get(state, key);
  char needed[64];
  *x = json_integer_value(j);
  if (json_is_integer(j) && *x >= 0 && *x <= most) return 0;
  snprintf(needed, sizeof needed, "a whole number from 0 to %lld", (long long)most);
  return refuse_state(job, key, needed);
}

int run_state_number(const train_job *job, const json_t *state, const char *key, double *x) {
  const json_t *j = json_object_get(state, key);
  *x = json_number_value(j);
  return json_is_number(j) ? 0 : refuse_state(job, key, "a number");
}

int run_state_text(const train_job *job, const json_t *state, const char *key, const char **text) {
  *text = json_string_value(json_object_get(state, key));
  return *text ? 0 : refuse_state(job, key, "text");
}

void run_note_waiting(const train_job *job, const run_clock *c) {
  double took = now() - c->start;
  if (c->since > 0)
    run_note(job, "waited for images %.2f %% of %.3g s", 100 * c->waited / took, took);
}

bool run_stopped(const train_job *job) {
  return job->watch && job->watch->stop && job->watch->stop(job->watch->context);
}

xs_status run_interrupted(const train_job *job, int64_t step) {
  return (xs_status)fail(XS_FAILED,
                         "%s: stopped at step %lld; a checkpoint is in %s, continue with --resume",
                         job->task, (long long)step, job->dir);
}

int run_check_losses(const train_job *job, int64_t step, int losses, const char *const *name,
                     const double *loss) {
  for (int i = 0; i < losses; i++) {
    if (isfinite(loss[i])) continue;
    return fail(
        XS_FAILED,
        "%s: step %lld: loss '%s' is %g; the last good checkpoint and model files in %s are "
        "kept; a lower learning rate usually mends this",
        job->task, (long long)step, name[i], loss[i], job->dir);
  }
  return 0;
}

char *run_path(const train_job *job, const char *name) { return file_join(job->dir, name); }

double run_scalar(tg_plan *p, tg_value v) { return (double)*(const float *)tg_plan_data(p, v); }

void run_set_scalar(tg_plan *p, tg_value v, double x) { *(float *)tg_plan_data(p, v) = (float)x; }
