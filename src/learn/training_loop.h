/* training_loop.h: the one loop that trains.  Classifiers (classify/), adapters (translate/) and
 * alignment (align/) are a trainer each: how weights begin, what a step does, what is kept.  All
 * else is here: checkpoints, the curve, progress, and what is looked at while it goes on.
 *
 * The job's watch is called from the thread that called training_loop, and from no other. */
#ifndef TRAINING_LOOP_H
#define TRAINING_LOOP_H

#include "batch.h"
#include "buffer.h"
#include "checkpoint.h"
#include "learn.h"

/* The functions get `own` of the training, and return 0, or 1 with a message. */
typedef struct trainer {
  const char *unit;                 /* what a step is called: "step", "generator step" */
  int (*set_up)(void *own);         /* plans, and first values of all that a checkpoint holds */
  int (*start)(void *own);          /* training_load of the images, from t.done steps on */
  int (*step)(void *own);           /* the step after t.done: training_update, training_show */
  int (*measure)(void *own);        /* after each step, which t.done counts: rows of the curve */
  bool (*stops)(const void *own);   /* before t.total steps are done; NULL: never */
  json_t *(*save)(const void *own); /* counters beside t.done; NULL: none */
  int (*restore)(void *own, const json_t *counter); /* before the stores are; NULL: none */
  int (*finish)(void *own);                         /* files beside curve.tsv */
} trainer;

enum { TRAINING_PARTS = 2, TRAINING_LOADERS = 16 };

/* Zeros but for what the trainer sets before training_loop: */
typedef struct training {
  const train_job *job;
  const trainer *trainer;
  void *own;                            /* the trainer's */
  const char *precision;                /* asked for */
  checkpoint_part part[TRAINING_PARTS]; /* stores; NULL: no more */
  int64_t total;                        /* most steps; `start` may lower it */
  /* the loop's: */
  int64_t done, saved; /* steps, and those at the last checkpoint */
  buffer curve;        /* text of curve.tsv; training_row */
  loader *loader[TRAINING_LOADERS];
  xs_progress shown; /* of the last step */
} training;

/* Trains from the job's checkpoint, where there is a whole one, or from the beginning: until the
 * last step, or until the watch wants it to stop: then a checkpoint is in the job's folder, and the
 * status is XS_FAILED.  Frees what is the loop's. */
xs_status training_loop(training *t);

/* Of plans that train. */
tg_plan_options training_plan_options(const training *t);
/* Batches of the step `first` and those after it; side: "source" of two, or NULL.  o has its rows,
 * images, batch and views; *out is freed by the loop. */
int training_load(training *t, const char *side, const train_geometry *g, int64_t first,
                  loader_options *o, loader **out);

/* A plan that updates weights. */
typedef struct training_plan {
  tg_plan *plan;
  tg_value rate, step; /* Adam's; step is 1 at the first update */
  int losses;
  const tg_value *loss;    /* [losses] scalars */
  const char *const *name; /* [losses] */
} training_plan;
/* Runs it after so many updates; loss [losses].  One that is not finite is an error that names it.
 */
int training_update(const training *t, const training_plan *p, int64_t updates, double rate,
                    double *loss);
double training_scalar(tg_plan *p, tg_value v); /* a float plan's scalar */
void training_set_scalar(tg_plan *p, tg_value v, double x);

/* What progress shows of this step; at most 8. */
void training_show(training *t, const char *name, double value);
/* Adds text to the curve: its header before training_loop, its rows in `measure`. */
void training_row(training *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool training_has_row(const training *t); /* every tenth step has one, and the last */

/* Counters of a checkpoint: 0 to most (beyond the training's own end they are another's), or any
 * number; what is missing or no such thing is an error. */
int training_count(const training *t, const json_t *counter, const char *key, int64_t most,
                   int64_t *x);
int training_number(const training *t, const json_t *counter, const char *key, double *x);

#endif
