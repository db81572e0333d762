/* batch.h: which images a step of training sees, and a thread that prepares them ahead.  Everything
 * is a pure function of (seed, stream name, step), so a run resumed at a step sees the same
 * batches. */
#ifndef BATCH_H
#define BATCH_H

#include "augment.h"
#include "xsite.h"

typedef enum sampler_mode {
  SAMPLER_EPOCHS, /* every image once an epoch in a fresh order; an epoch's rest is dropped */
  SAMPLER_RANDOM  /* each drawn uniformly, with replacement */
} sampler_mode;

typedef struct sampler_options {
  uint64_t seed;
  const char *stream; /* name of the purpose, "baseline mnist" */
  sampler_mode mode;
  int64_t batch;
  const int64_t *rows; /* [n] to draw from, copied */
  int64_t n;
  /* Balanced: the batch goes through the classes present in turn, and each class through its own
   * images by mode, so every class comes equally often. */
  bool balanced;
  const int32_t *label; /* of all images; only where balanced */
  int classes;
} sampler_options;

typedef struct sampler sampler;

/* Fails where there are fewer images than a batch takes, or (balanced) none with a label. */
int sampler_new(const sampler_options *o, sampler **out);
void sampler_free(sampler *s);
int64_t sampler_epoch_steps(const sampler *s); /* steps that pass over n images once, at least 1 */
void sampler_rows(sampler *s, int64_t step, int64_t *rows); /* rows [batch] of a step */

typedef struct loader_options {
  sampler_options sampler;
  const xs_images *images; /* lent until loader_free */
  const int32_t *label;    /* of all images, lent, or NULL */
  int size, channels;
  xs_normalisation norm;
  int views;       /* how often a batch holds each of its images; 0: once */
  augment view[2]; /* [views] how each view is changed; an image of each is drawn for itself */
} loader_options;

typedef struct batch {
  int64_t step;
  int64_t *rows; /* [batch] */
  float *x;      /* [views][batch][size][size][channels] */
  float *label;  /* [batch], -1 unknown; NULL where the loader has no labels */
} batch;

typedef struct loader loader;

/* Starts a thread that prepares the batches of first_step, first_step + 1, ... a few ahead. */
int loader_new(const loader_options *o, int64_t first_step, loader **out);
void loader_free(loader *l);
int64_t loader_epoch_steps(const loader *l);
const batch *loader_next(loader *l);   /* lent until the next call */
double loader_waited(const loader *l); /* seconds that loader_next has spent waiting */

#endif
