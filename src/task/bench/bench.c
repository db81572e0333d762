/* bench.c: timing of training steps on made-up images. */
#include "timed_step.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "numeral.h"
#include "random.h"
#include "sort.h"
#include "task_tables.h"
#include "text.h"

/* Seconds of every repeat: of the whole step, and of each of its kernels [kernels][repeats]. */
typedef struct bench_times {
  double *step, *kernel;
  double waiting; /* for images, the mean of all repeats */
} bench_times;

int bench_check(const xs_bench_task *o, FILE *f) {
  if (strcmp(o->precision, "bf16") == 0 && !tg_has_bf16() && !o->json)
    fprintf(f, "precision bf16: this processor cannot multiply in it; f32 is used\n");
  if (!o->trace || !file_exists(o->trace)) return XS_OK;
  return fail(XS_FAILED, "%s is there already; nothing was changed: give a new file with --trace",
              o->trace);
}

tg_plan_options bench_plan_options(const xs_bench_task *o) {
  return (tg_plan_options){.effort = o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                           .seed = 1,
                           .memory = (size_t)o->memory,
                           .bf16 = strcmp(o->precision, "bf16") == 0,
                           .timed = o->plan || o->explain || o->trace};
}

void bench_fill_uniform(tg_plan *p, tg_value v, int64_t count) {
  float *x = tg_plan_data(p, v);
  for (int64_t i = 0; x && i < count; i++) {
    x[i] = 2 * random_uniform(1, random_stream("bench"), 0, (uint64_t)i) - 1;
  }
}

/* ---- timing ------------------------------------------------------------------------------- */

int bench_kernels(const bench_step *s) {
  int n = 0;
  for (int k = 0; k < s->plans; k++) n += tg_plan_steps(s->plan[k]);
  return n;
}

void bench_profile(const bench_step *s, int i, tg_step_profile *out) {
  double end = 0;
  int k = 0;
  for (; i >= tg_plan_steps(s->plan[k]); k++) {
    int n = tg_plan_steps(s->plan[k]);
    tg_plan_profile(s->plan[k], n - 1, out);
    end += out->start + out->seconds;
    i -= n;
  }
  tg_plan_profile(s->plan[k], i, out);
  out->start += end;
}

static void note_kernels(const xs_bench_task *o, const bench_step *s, int64_t repeat,
                         double *took) {
  tg_step_profile p;
  for (int i = 0; i < bench_kernels(s); i++) {
    bench_profile(s, i, &p);
    took[i * o->repeats + repeat] = p.seconds;
  }
}

static int run_once(const bench_step *s, const bench_feed *feed, uint64_t number, double *seconds) {
  const double start = clock_seconds();
  int status = 0;
  for (int k = 0; k < s->plans && !status; k++) {
    bench_feed_fill(feed, s, k);
    status = tg_plan_run(s->plan[k], number);
  }
  *seconds = clock_seconds() - start;
  return status;
}

/* Runs the step's plans in turn, `repeats` times; before that twice to warm up, unless the first
 * run is asked for. */
static int time_step(const xs_bench_task *o, const bench_step *s, bench_feed *feed,
                     bench_times *t) {
  t->step = memory_new((size_t)o->repeats * sizeof *t->step);
  t->kernel = memory_new((size_t)o->repeats * (size_t)bench_kernels(s) * sizeof *t->kernel);
  for (int64_t i = o->first ? 0 : -2; i < o->repeats; i++) {
    double waited = bench_feed_next(feed), took;
    if (run_once(s, feed, (uint64_t)(i + 2), &took)) return XS_FAILED;
    if (i < 0) continue;
    t->step[i] = took;
    t->waiting += waited / (double)o->repeats;
    if (o->explain) note_kernels(o, s, i, t->kernel);
  }
  return XS_OK;
}

/* ---- printing ----------------------------------------------------------------------------- */

static double peak_bytes(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return 1024.0 * (double)u.ru_maxrss;
}

void bench_print_memory(FILE *f, double block, double alive) {
  numeral_put(f, "%.1f MB of intermediate values, %.2f times the most that are alive at once",
              block / 1e6, alive > 0 ? block / alive : 1);
}

static void print_plans(FILE *f, int n, const bench_step *s) {
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < s[i].plans; k++) {
      char *text = tg_plan_dump(s[i].plan[k]);
      fprintf(f, "%s, ", s[i].name);
      bench_print_memory(f, (double)tg_plan_bytes(s[i].plan[k]),
                         (double)tg_plan_live_bytes(s[i].plan[k]));
      fprintf(f, ":\n%s\n", text);
      free(text);
    }
  }
}

static json_t *numbers_json(const xs_bench_task *o, int n, const bench_step *s, bench_times *t) {
  json_t *j = json_object();
  for (int i = 0; i < n; i++) {
    json_object_set_new(j, s[i].key, json_real(1e3 * sort_median(t[i].step, o->repeats)));
  }
  json_object_set_new(j, "peak_bytes", json_real(peak_bytes()));
  json_object_set_new(j, "threads", json_integer(tg_threads()));
  return j;
}

/* Adds to j, or prints, each step's explanation. */
static int explain(const xs_bench_task *o, int n, const bench_step *s, const bench_times *t,
                   json_t *j, FILE *f) {
  tg_rates r;
  if (tg_rates_measure(&r)) return fail_context(XS_FAILED, "--explain: ");
  json_t *steps = json_array();
  if (!o->json) explain_print_rates(f, &r);
  for (int i = 0; i < n; i++) {
    int kernels = bench_kernels(&s[i]);
    double *seconds = memory_new((size_t)kernels * sizeof *seconds);
    for (int k = 0; k < kernels; k++)
      seconds[k] = sort_median(&t[i].kernel[k * o->repeats], o->repeats);
    explanation e = explain_step(&s[i], &r, seconds);
    e.waiting = o->data ? t[i].waiting : -1;
    if (o->json) {
      json_array_append_new(steps, explain_json(&e));
    } else {
      explain_print(f, &e);
    }
    explain_free(&e);
    free(seconds);
  }
  json_object_set_new(j, "explain",
                      json_pack("{s:o, s:o}", "machine", explain_rates_json(&r), "steps", steps));
  return XS_OK;
}

static int print(const xs_bench_task *o, int n, const bench_step *s, bench_times *t, FILE *f) {
  json_t *j = numbers_json(o, n, s, t), *value;
  const char *key;
  if (o->plan) print_plans(f, n, s);
  if (!o->json) {
    json_object_foreach(j, key, value)
        numeral_put(f, "%-14s %.4g\n", key, json_number_value(value));
  }
  int status = o->explain ? explain(o, n, s, t, j, f) : XS_OK;
  if (!status && o->json) {
    json_dumpf(j, f, JSON_PRESERVE_ORDER);
    fputc('\n', f);
  }
  json_decref(j);
  return status;
}

int bench_run(const xs_bench_task *o, int n, const bench_step *s, FILE *f) {
  xs_bench_task once = *o;
  if (o->first) {
    once.repeats = n = 1;
    o = &once;
  }
  bench_times *t = memory_new((size_t)n * sizeof *t);
  bench_feed *feed;
  int status = bench_feed_open(o, &feed);
  for (int i = 0; i < n && !status; i++) status = time_step(o, &s[i], feed, &t[i]);
  bench_feed_close(feed);
  if (!status && o->trace) status = trace_write(o->trace, n, s);
  if (!status) status = print(o, n, s, t, f);
  for (int i = 0; i < n; i++) {
    free(t[i].step);
    free(t[i].kernel);
  }
  free(t);
  return status;
}

xs_status bench_task(const option_table *table, const xs_bench_task *o,
                     int (*work)(const xs_bench_task *o, FILE *f), char **text) {
  size_t size;
  *text = NULL;
  if (task_options_check(table, o)) return XS_USAGE;
  FILE *f = text_open(text, &size);
  const int status = work(o, f);
  text_close(f);
  return (xs_status)status;
}

void xs_bench_defaults(const char *work, xs_bench_task *t) {
  char *name = text_format("bench %s", work);
  const option_table *table = task_table(name);
  *t = (xs_bench_task){0};
  if (table) option_defaults_lent(table, t);
  free(name);
}
