/* timed_step.h: what the timed steps share: options, timing, the roofline and the trace. */
#ifndef TIMED_STEP_H
#define TIMED_STEP_H

#include <jansson.h>
#include <stdio.h>

#include "option.h"
#include "rows.h"
#include "settings_rows.h"
#include "tg.h"
#include "xsite.h"

#define BENCH_FIELD(name) offsetof(xs_bench_task, name)
#define BENCH_INTEGER_ROW(name, fallback, low, high, help)                                         \
  OPTION_INTEGER_ROW(NULL, 0, xs_bench_task, name, fallback, low, high, help)
#define BENCH_TRACE_ROW                                                                            \
  {                                                                                                \
    NULL, "trace", OPTION_TEXT, BENCH_FIELD(trace), NULL, false, 0, 0, NULL, "FILE",               \
        "new trace file of the last run, for Perfetto or chrome://tracing"                         \
  }
#define BENCH_ROWS                                                                                 \
  BENCH_INTEGER_ROW(size, "32", 1, 4096, "height and width of the images"),                        \
      OPTION_CHOICE_ROW(NULL, 0, xs_bench_task, precision, "f32", "f32|bf16", "NAME",              \
                        "numbers that convolutions multiply; sums and all else are f32"),          \
      BENCH_INTEGER_ROW(repeats, "7", 1, 10000, "timed steps; the median is printed"),             \
      OPTION_FLAG_ROW(NULL, 0, xs_bench_task, first,                                               \
                      "run the first step once and stop: the process takes what a start takes"),   \
      THREADS_ROW(BENCH_FIELD(threads)), MEMORY_ROW(BENCH_FIELD(memory)),                          \
      MEASURE_KERNELS_ROW(BENCH_FIELD(measure_kernels)),                                           \
      OPTION_FLAG_ROW(NULL, 0, xs_bench_task, plan,                                                \
                      "print the planned steps and their mean times too"),                         \
      OPTION_FLAG_ROW(NULL, 0, xs_bench_task, explain,                                             \
                      "compare every planned kernel with what this machine reaches (a roofline)"), \
      BENCH_TRACE_ROW, JSON_ROW(BENCH_FIELD(json), "print JSON")

/* Of a training step. */
#define BENCH_DATA_ROWS                                                                            \
  {NULL,                                                                                           \
   "data",                                                                                         \
   OPTION_TEXT,                                                                                    \
   BENCH_FIELD(data),                                                                              \
   NULL,                                                                                           \
   false,                                                                                          \
   0,                                                                                              \
   0,                                                                                              \
   NULL,                                                                                           \
   "DOMAIN-FILE",                                                                                  \
   "a site whose images are read ahead as in training, instead of made-up ones"},                  \
      DATA_DIR_ROW(BENCH_FIELD(data_dir))

enum { BENCH_MOST_PLANS = 2 };

/* A training step: plans that run one after the other. */
typedef struct bench_step {
  const char *name, *key; /* "critic step", "critic_ms" */
  int plans;
  tg_plan *plan[BENCH_MOST_PLANS];
  tg_value x[BENCH_MOST_PLANS];     /* images of a site go here, */
  int64_t images[BENCH_MOST_PLANS]; /* so many; 0: none */
} bench_step;

/* Runs a timed work with checked options; *text: what it prints. */
xs_status bench_task(const option_table *table, const xs_bench_task *o,
                     int (*work)(const xs_bench_task *o, FILE *f), char **text);

/* Before any work: refuses a trace file that exists. */
int bench_check(const xs_bench_task *o, FILE *f);
tg_plan_options bench_plan_options(const xs_bench_task *o);
void bench_fill_uniform(tg_plan *p, tg_value v, int64_t count); /* in [-1,1) */

/* Batches of the site o->data, or NULL where there is none, which the others take too. */
typedef struct bench_feed bench_feed;
xs_status bench_feed_open(const xs_bench_task *o, bench_feed **out); /* to be closed in any case */
void bench_feed_close(bench_feed *f);
double bench_feed_next(bench_feed *f); /* the next batch; seconds that it was waited for */
void bench_feed_fill(const bench_feed *f, const bench_step *s, int plan); /* with that batch */

/* Times the steps and prints what the options ask for to f; their plans have their inputs. */
int bench_run(const xs_bench_task *o, int n, const bench_step *step, FILE *f);

/* "206.2 MB of intermediate values, 1.07 times the most that are alive at once" */
void bench_print_memory(FILE *f, double block, double alive);
int bench_kernels(const bench_step *s); /* planned kernels of all its plans */
/* Kernel i of the step, its start counted from the step's. */
void bench_profile(const bench_step *s, int i, tg_step_profile *out);

/* The step's kernels, [bench_kernels] of them with their median seconds, against the roofline;
 * equal sites are one row, rows with most time lost first. */
typedef struct explain_row {
  tg_step_profile profile; /* of one */
  int count;               /* of equal ones */
  double seconds, limit;   /* of all: median and least */
  bool memory;             /* what limits them: moving, else products */
} explain_row;
typedef struct explanation {
  const char *name;
  int kernels, rows;
  explain_row *row;
  double seconds, limit; /* sums */
  double waiting;        /* seconds of a step that went by waiting for images; < 0: made-up ones */
  double block, alive;   /* bytes of the plan that needs most: tg_plan_bytes, tg_plan_live_bytes */
} explanation;
explanation explain_step(const bench_step *s, const tg_rates *r, const double *seconds);
void explain_free(explanation *e);
void explain_print_rates(FILE *f, const tg_rates *r);
void explain_print(FILE *f, const explanation *e);
json_t *explain_rates_json(const tg_rates *r);
json_t *explain_json(const explanation *e);

/* Chrome's trace event format: a complete event for every kernel, a track for every step. */
int trace_write(const char *path, int n, const bench_step *step);

#endif
