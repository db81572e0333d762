/* align.h: adapting a classifier itself to an unlabelled site, without translating images: one
 * loop, and one file a method. */
#ifndef ALIGN_H
#define ALIGN_H

#include "learn.h"

typedef struct align_task {
  const xs_align_options *options;
  const model_file *start_from; /* the source's classifier */
  train_set source;        /* labelled images, original or translated; n 0 where none are needed */
  const xs_images *target; /* no labels: none can be seen */
  int64_t *target_rows;
  int64_t target_n;
} align_task;

/* Whether a method trains on labelled source images, too. */
bool align_needs_source(const char *method);

/* XS_USAGE where the options are impossible; where: what stands before the option's name in the
 * message, "--" or "FILE: ". */
int align_check(const char *where, const xs_align_options *o);

/* Writes model.safetensors, as it is after the last step (no choice among steps: it would need
 * labels), and curve.tsv, with the losses of every tenth step.  Continues from dir's checkpoint if
 * there is one. */
xs_status train_align(const train_job *job, const align_task *task);

/* The training step, whose networks have no weights yet. */
typedef struct align_plan {
  nn_net *net, *other; /* other: a method's second network, or NULL */
  tg_plan *plan;
  tg_value step; /* Adam's */
} align_plan;
/* o is checked; all of *out is to be freed, also after a failure. */
int align_plan_new(const xs_align_options *o, const nn_classifier *c, tg_store *s,
                   const tg_plan_options *p, align_plan *out);

#endif
