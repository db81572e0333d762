/* task.h: whole pieces of work, each a function: train, adapt, align, match, translate, shift,
 * evaluate, predict.
 *
 * A task is a record of options.  xs_NAME_defaults fills it with the defaults of the program's
 * verb of that name, whose texts are lent; then set what differs, with texts that live until the
 * task ends.  A site is read from its domain file or, where the field for it is not NULL, taken
 * from memory (xs_site_new).  Sites in memory stay the caller's.
 *
 * Work in a folder (xs_job) can be stopped at any instant, also by a signal, and is continued with
 * `resume`; the result is the same.  One folder holds one task: XS_FAILED where it holds another,
 * or somebody's files.  Work that is finished is not done again; a note says so.
 *
 * Threads.  Tasks may be called from several threads, but the number of threads that compute is
 * one for the whole process, so that one task at a time is as fast as the machine.  The functions
 * of a watch are called from the thread that called the task.
 */
#ifndef XSITE_TASK_H
#define XSITE_TASK_H

#include "xsite.h"

/* What any work in a folder has. */
typedef struct xs_job {
  const char *out; /* folder for models, curve and record: new, or made by the same task */
  bool resume;     /* continue work that was broken off */
  const char *data_dir, *cache; /* as of xs_site_options */
  bool skip_unreadable;
  int64_t limit;        /* most images of a site; 0: all */
  int64_t seed;         /* of the split, weights and batches */
  const char *split_by; /* "group", "image": what stays on one side of the split */
  int64_t threads;      /* 0: as OMP_NUM_THREADS says, or one for each processor */
  int64_t memory;       /* most bytes of a step's intermediate values; 0: no limit */
  int64_t checkpoint_every;
  bool measure_kernels;   /* time the candidate kernels once and keep the fastest */
  const char *kernels_of; /* folder of a finished task whose kernels are used, or NULL */
} xs_job;

/* ---- classifiers -------------------------------------------------------------------------------
 */

/* Trains a classifier on the labels of one site with early stopping on validation images.  Writes
 * model.safetensors, curve.tsv and record.json. */
typedef struct xs_train_task {
  xs_job job;
  const char *data;       /* domain file of the labelled site */
  const xs_site *site;    /* or the site itself */
  const char *start_from; /* classifier to fine-tune, or NULL */
  const char *init;       /* safetensors whose tensors of equal name and shape to begin with */
  int64_t size, image_channels; /* of the images that the network sees */
  const char *normalisation;    /* "half", "imagenet" */
  xs_classifier_options classifier;
} xs_train_task;
void xs_train_defaults(xs_train_task *t);
xs_status xs_train(const xs_train_task *t, const xs_watch *w);

/* ---- adapting to a site without labels ---------------------------------------------------------
 */

/* Learns to translate one site's images into another's look (the paper's method).  Writes
 * generator.safetensors, discriminator.safetensors, target.safetensors and example images. */
typedef struct xs_adapt_task {
  xs_job job;
  const char *source, *target; /* domain files */
  const xs_site *source_site;  /* or the sites themselves; of the target the images alone */
  const xs_images *target_images;
  const char *model; /* the source's classifier */
  xs_adapter_options adapter;
} xs_adapt_task;
void xs_adapt_defaults(xs_adapt_task *t);
xs_status xs_adapt(const xs_adapt_task *t, const xs_watch *w);

/* Adapts a classifier itself, without translating.  Writes model.safetensors. */
typedef struct xs_align_task {
  xs_job job;
  const char *source, *target; /* domain files; shot needs no source */
  const xs_site *source_site;
  const xs_images *target_images;
  const char *model; /* the source's classifier */
  xs_align_options align;
} xs_align_task;
void xs_align_defaults(xs_align_task *t);
xs_status xs_align(const xs_align_task *t, const xs_watch *w);

/* Makes a translator without training: matched histograms or amplitudes.  No label of either site
 * is used.  Writes generator.safetensors and example images. */
typedef struct xs_match_task {
  xs_job job;
  const char *source, *target; /* domain files */
  const xs_images *source_images, *target_images;
  int64_t size, image_channels; /* of the translated images */
  xs_match_options match;
} xs_match_task;
void xs_match_defaults(xs_match_task *t);
xs_status xs_match(const xs_match_task *t, const xs_watch *w);

/* ---- new sites of old ones ---------------------------------------------------------------------
 */

/* What a new site is made of: a folder of PNG files, labels.csv and site.yaml, a domain file.  It
 * is made anew where it was broken off. */
typedef struct xs_new_site {
  const char *data;                                /* domain file of the images */
  const char *out;                                 /* new folder */
  const char *data_dir, *cache, *split, *split_by; /* split: "train", "validation", "test", "all" */
  int64_t seed, limit, threads;
  bool skip_unreadable;
} xs_new_site;

/* A site's images in another site's look, by a translator that xs_adapt or xs_match has made. */
typedef struct xs_translate_task {
  xs_new_site site;
  const char *model; /* generator.safetensors */
  int64_t domain;    /* 0: the generator's source, 1: its target */
} xs_translate_task;
void xs_translate_defaults(xs_translate_task *t);
xs_status xs_translate(const xs_translate_task *t, const xs_watch *w);

/* A site's images under a synthetic shift of known strength, on which settings can be chosen before
 * a real site is there. */
typedef struct xs_shift_task {
  xs_new_site site;
  const char *kind; /* "blur-2"; XS_USAGE and a message that lists them all for any other word */
} xs_shift_task;
void xs_shift_defaults(xs_shift_task *t);
xs_status xs_shift(const xs_shift_task *t, const xs_watch *w);

#endif
