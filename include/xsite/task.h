/* xsite/task.h: whole pieces of work, each a function: train, adapt, align, match, translate,
 * shift, evaluate, predict.
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
 * Threads.  Tasks may be called from several threads; each computes on its own `threads`, which
 * the calling thread keeps afterwards (tg_set_threads), so that one task at a time is fastest.  The
 * functions of a watch are called from the thread that called the task.
 */
#ifndef XSITE_TASK_H
#define XSITE_TASK_H

#include "xsite/adapt.h"
#include "xsite/classify.h"
#include "xsite/labelfree.h"
#include "xsite/measure.h"
#include "xsite/site.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What any work in a folder has. */
typedef struct xs_job {
  const char *out; /* folder for models, curve and record: new, or made by the same task */
  bool resume;     /* continue work that was broken off */
  const char *data_dir, *cache; /* as of xs_site_options */
  bool skip_unreadable;
  int64_t limit;            /* most images of a site; 0: all */
  int64_t seed;             /* of the split, weights and batches */
  const char *split_by;     /* "group", "image": what stays on one side of the split */
  int64_t threads;          /* 0: as OMP_NUM_THREADS says, or one for each processor */
  int64_t memory;           /* most bytes of a step's intermediate values; 0: no limit */
  int64_t checkpoint_every; /* training steps between checkpoints, at least 1 */
  bool measure_kernels;     /* time the candidate kernels once and keep the fastest */
  const char *kernels_of;   /* folder of a finished task whose kernels are used, or NULL */
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
XS_API void xs_train_defaults(xs_train_task *t);
XS_API xs_status xs_train(const xs_train_task *t, const xs_watch *w);

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
XS_API void xs_adapt_defaults(xs_adapt_task *t);
XS_API xs_status xs_adapt(const xs_adapt_task *t, const xs_watch *w);

/* Adapts a classifier itself, without translating.  Writes model.safetensors. */
typedef struct xs_align_task {
  xs_job job;
  const char *source, *target; /* domain files; some methods need no source */
  const xs_site *source_site;
  const xs_images *target_images;
  const char *model; /* the source's classifier */
  xs_align_options align;
} xs_align_task;
XS_API void xs_align_defaults(xs_align_task *t);
XS_API xs_status xs_align(const xs_align_task *t, const xs_watch *w);

/* Chooses, without a label of the target, among the source's classifier and those that were adapted
 * from it, by the rules of docs/method.md, "Judging without labels", as a study does.  The target's
 * images decide, but for the test images of one that has labels.  Writes model.safetensors, the
 * chosen one with its temperature and the target's look, and choice.json: why, what is predicted of
 * it, and what speaks against the others. */
typedef struct xs_choose_task {
  xs_job job;
  const char *source, *target; /* domain files */
  const xs_site *source_site;
  const xs_images *target_images;
  const char *model; /* the source's classifier; in choice.json it is called none */
  /* NAME: its steps, as in a portfolio ("paper+shot"): adabn is struck out where class shares
   * differ */
  xs_texts candidates; /* "NAME=MODEL", or "NAME=MODEL:GENERATOR" of one that was fine-tuned on
                        * images translated by that file */
  xs_choice_options choice;
  int64_t replicates; /* of the bootstrap, 100 or more */
} xs_choose_task;
XS_API void xs_choose_defaults(xs_choose_task *t);
XS_API xs_status xs_choose(const xs_choose_task *t, const xs_watch *w);

/* Makes a translator without training (a MATCH of xsite/methods.def).  No label of either site
 * is used.  Writes generator.safetensors and example images. */
typedef struct xs_match_task {
  xs_job job;
  const char *source, *target; /* domain files */
  const xs_images *source_images, *target_images;
  int64_t size, image_channels; /* of the translated images */
  xs_match_options match;
} xs_match_task;
XS_API void xs_match_defaults(xs_match_task *t);
XS_API xs_status xs_match(const xs_match_task *t, const xs_watch *w);

/* ---- measuring and using a classifier ----------------------------------------------------------
 */

/* Measures a classifier on a labelled site. */
typedef struct xs_eval_task {
  const char *model;            /* model.safetensors */
  const char *data;             /* domain file of the site */
  const xs_site *site;          /* or the site itself */
  const char *split;            /* "train", "validation", "test", "all" */
  const char *split_by;         /* "group", "image": what stays on one side of the split */
  const char *data_dir, *cache; /* as of xs_site_options */
  const char *outputs;          /* new CSV file of each image's answer, or NULL */
  const char *threshold;        /* "[CLASS=]P" instead of the model's own, or NULL */
  int64_t seed, replicates, threads;
  bool skip_unreadable;
  bool json; /* of the program's verb: no meaning here */
} xs_eval_task;
XS_API void xs_eval_defaults(xs_eval_task *t);

typedef struct xs_evaluation {
  char *site; /* its name */
  xs_measure measure;
  char *decision;                       /* how is decided, a line */
  bool threshold;                       /* there is one; of it: */
  xs_interval sensitivity, specificity; /* shares in [0,1], Wilson's intervals of single images */
  int64_t skipped;     /* images that could not be read and were left out, as asked */
  char *skipped_image; /* the first of them, or NULL */
  char *json;          /* all of this as a JSON object; AUCs and rates in per cent */
} xs_evaluation;
/* out: to be released, also after a failure. */
XS_API xs_status xs_eval(const xs_eval_task *t, const xs_watch *w, xs_evaluation *out);
XS_API void xs_evaluation_release(xs_evaluation *e);

/* Classifies image files.  No labels are needed. */
typedef struct xs_predict_task {
  const char *model;
  const char *as;        /* domain file by which images are read, not as the model file says */
  const char *threshold; /* as of xs_eval_task */
  int64_t threads;
  bool json, csv; /* of the program's verb: no meaning here */
} xs_predict_task;
XS_API void xs_predict_defaults(xs_predict_task *t);

/* Of one file; all is lent, until the next. */
typedef struct xs_prediction {
  const char *file;
  const char *error; /* why there is none, or NULL; all below is then unset */
  const char *doubt; /* why the image may be darker or lighter than it was, or NULL */
  const xs_classifier *classifier;
  const xs_decision *rule; /* how is decided */
  int classes;
  const char *const *class_name; /* [classes] */
  const float *logit;            /* [classes] */
  const double *probability;     /* [classes] */
  const double *calibrated;      /* [classes]; NULL: the model has no temperature */
  int decision, most_probable;   /* a class; -1 where the logits are no numbers */
  double distance; /* from the images of the model's site: above 1 is unlike them; NAN: not known */
  const char *site;  /* the model's, for which it was chosen, or NULL */
  const char *model; /* SHA-256 of the model file */
} xs_prediction;

/* Predicts for the files, and those in the folders that are named, in order; each: called with
 * every file's prediction.  XS_FAILED where some could not be read, after all the others. */
XS_API xs_status xs_predict(const xs_predict_task *t, int files, const char *const *file,
                            void (*each)(void *context, const xs_prediction *p), void *context,
                            const xs_watch *w);
/* A prediction as a JSON object; as a row of CSV, and the row of names above it, without the line's
 * end; allocated. */
XS_API char *xs_prediction_json(const xs_prediction *p);
XS_API char *xs_prediction_csv(const xs_prediction *p);
XS_API char *xs_prediction_csv_names(const xs_prediction *p);

/* ---- new sites of old ones ---------------------------------------------------------------------
 */

/* What a new site is made of: a folder of PNG files, labels.csv and site.yaml, a domain file.  It
 * is made anew where it was broken off. */
typedef struct xs_new_site {
  const char *data;             /* domain file of the images */
  const char *out;              /* new folder */
  const char *data_dir, *cache; /* as of xs_site_options */
  const char *split, *split_by; /* as of xs_eval_task */
  int64_t seed, limit, threads;
  bool skip_unreadable;
} xs_new_site;

/* A site's images in another site's look, by a translator that xs_adapt or xs_match has made. */
typedef struct xs_translate_task {
  xs_new_site site;
  const char *model; /* generator.safetensors */
  int64_t domain;    /* 0: the generator's source, 1: its target */
  const char *to;    /* site by name, of a generator that several targets share; NULL: by domain */
} xs_translate_task;
XS_API void xs_translate_defaults(xs_translate_task *t);
XS_API xs_status xs_translate(const xs_translate_task *t, const xs_watch *w);

/* A site's images under a synthetic shift of known strength, on which settings can be chosen before
 * a real site is there. */
typedef struct xs_shift_task {
  xs_new_site site;
  const char *kind; /* "blur-2"; XS_USAGE and a message that lists them all for any other word */
} xs_shift_task;
XS_API void xs_shift_defaults(xs_shift_task *t);
XS_API xs_status xs_shift(const xs_shift_task *t, const xs_watch *w);

#ifdef __cplusplus
}
#endif

#endif
