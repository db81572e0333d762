/* step_timing.h: what a step of a study's work takes on this machine: its plans, run a few times on
 * zeros. */
#ifndef STEP_TIMING_H
#define STEP_TIMING_H

#include "learn.h"

typedef struct rehearsal {
  double seconds; /* of a step; NAN: its plans are larger than the machine's memory */
  double bytes;   /* intermediate values, parameters and what the optimiser keeps of them */
} rehearsal;

/* What all rehearsals of a study share. */
typedef struct stage {
  nn_classifier classifier; /* architecture, size, channels, classes */
  tg_effort effort;
  size_t memory;     /* as train_job's */
  bool only_planned; /* nothing is run: seconds are 0 */
  int targets;       /* of an adapter; 0: one */
} stage;

/* Of *out, zeros.  Non-zero and a message where no such step can be planned. */
typedef int rehearse(const stage *s, const void *options, rehearsal *out);
rehearse rehearse_fit;         /* xs_classifier_options */
rehearse rehearse_adapter;     /* xs_adapter_options: a generator step with its critic steps */
rehearse rehearse_align;       /* xs_align_options */
rehearse rehearse_answer;      /* NULL: a classifier's answer to one image, of many at once */
rehearse rehearse_translation; /* xs_adapter_options: a generator's of one image, likewise */

#endif
