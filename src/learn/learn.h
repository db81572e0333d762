/* learn.h: training runs that can be stopped at any instant and continued, and the models they
 * make. */
#ifndef LEARN_H
#define LEARN_H

#include <jansson.h>

#include "hash.h"
#include "nn.h"
#include "tg.h"
#include "xsite.h"

/* What every training run is given. */
typedef struct train_job {
  const char *task; /* "baseline optdigits": names random streams and progress */
  const char *dir;  /* existing folder for models, curve and checkpoint */
  uint64_t seed;
  const tg_device *device;
  tg_effort effort;
  tg_kernels *kernels;      /* choices used and extended */
  int threads;              /* asked for; 0: a checkpoint's own, else as tg_threads() is */
  size_t memory;            /* most bytes of a step's intermediate values; 0: no limit */
  int64_t checkpoint_every; /* steps (generator steps of an adapter) */
  const xs_watch *watch;
} train_job;

/* How images become a network's input. */
typedef struct train_geometry {
  int size, channels;
  xs_normalisation norm;
} train_geometry;

/* normalisation: "half" (mean and deviation 0.5: values in [-1,1]), "imagenet" (those of published
 * ImageNet models; of one channel their means over the three) or "xrv" (torchxrayvision's: values
 * in
 * [-1024,1024]). */
train_geometry train_geometry_of(int64_t size, int64_t channels, const char *normalisation);

/* Some rows of images, with their labels. */
typedef struct train_set {
  const xs_images *images; /* lent */
  int32_t *label;          /* [images->n]; -1 at other rows */
  int64_t *rows;           /* [n] ascending */
  int64_t n;
} train_set;

/* Images without their labels, and the rows of them that are used. */
typedef struct train_images {
  const xs_images *images;
  const int64_t *rows; /* [n] */
  int64_t n;
} train_images;

/* Which images are on which side of a site's split. */
typedef struct split_rule {
  uint64_t seed;
  bool by_image; /* each image is drawn for itself, not with its group */
  int fold;      /* of cross-fitting, whose images are test; 0: the site's split */
} split_rule;

bool site_is_labelled(const xs_site *s);                      /* at least one image is */
split_rule split_rule_of(int64_t seed, const char *split_by); /* split_by: "group", "image" */

/* The labelled images of a split, perhaps none; release with train_set_release.  The split is drawn
 * with the site's labels (xs_split_labelled). */
xs_status train_set_open(const xs_site *s, split_rule rule, xs_split which, train_set *set);
/* The same of images with labels of somebody else [images->n], by whom they are not split. */
xs_status train_set_label(const xs_images *images, const int32_t *label, split_rule rule,
                          xs_split which, train_set *set);
/* Keeps the first n images in an order that depends on seed and group keys alone, so that a smaller
 * set is a part of a larger one. */
void train_set_limit(train_set *set, uint64_t seed, int64_t n);
void train_set_release(train_set *set);
/* The set of images that were made of from's rows in their order, with from's labels. */
void train_set_made(const train_set *from, const xs_images *made, train_set *set);
/* The images of all parts, resized to the geometry, as 16-bit images of their own; the caller
 * releases set and closes *images. */
void train_set_pool(const train_set *part, int parts, const train_geometry *g, xs_images **images,
                    train_set *set);
/* Fails unless the site has labels and every split has an image of every class: a classifier is
 * trained, chosen and measured on them; of every fold, where there are. */
xs_status train_check_splits(const xs_site *s, split_rule rule);

/* ---- classifiers ------------------------------------------------------------------------------
 */
typedef struct model_file model_file; /* model_file.h */

typedef struct fit_task {
  const xs_classifier_options *options;
  train_geometry geometry;
  train_set train, validation;
  int classes;
  char *const *class_name;      /* [classes] */
  const model_file *start_from; /* to fine-tune, or NULL */
  const char *init;      /* file whose tensors of equal name and shape to begin with, or NULL */
  const xs_images *like; /* whose preprocessing the model records; NULL: train's images */
} fit_task;

/* XS_USAGE where no classifier can be trained with these options on such images; where: what stands
 * before the option's name in the message, "--" or "FILE: ". */
int fit_check(const char *where, const xs_classifier_options *o, int64_t size, int64_t channels);

/* Trains with early stopping on validation AUC (method 3), or for all epochs where there are no
 * validation images; writes model.safetensors (the best
 * epoch) and curve.tsv.  Continues from dir's checkpoint if there is one. */
xs_status train_fit(const train_job *job, const fit_task *task);

/* The class that a classifier gives every image: label [images->n]. */
xs_status classifier_labels(xs_classifier *c, const xs_images *images, int32_t *label);

/* Writes `from` as `to` with its temperature (0: none; NAN: it ran into a bound, and the file
 * says so) and what images of the site for which
 * it was chosen look like to it (unusual.h); its preprocessing becomes theirs. */
xs_status classifier_publish(const char *from, const char *to, double temperature,
                             const train_images *site, uint64_t seed);

/* Adds to a classifier's file its temperature (as of classifier_publish; 0: as it is) and its
 * operating point (decision.h; NULL: none). */
xs_status classifier_annotate(const char *path, double temperature, const json_t *operating);
/* SHA-256 of tensors and metadata of a classifier's file but its operating point. */
xs_status classifier_hash_unannotated(const char *path, char hex[HASH_SHA256_TEXT]);

/* A classifier's geometry and description; lent. */
const train_geometry *classifier_geometry(const xs_classifier *c);
const nn_classifier *classifier_description(const xs_classifier *c);

/* ---- adapters -----------------------------------------------------------------------------------
 */
typedef struct adapt_task {
  const xs_adapter_options *options;
  const model_file *classifier; /* F_S */
  train_set source;             /* training rows */
  train_set validation;         /* source validation rows: how many keep their label */
  const train_images *target;   /* [targets] no labels: none can be seen */
  int targets;                  /* 1 or more, which share one translator */
} adapt_task;

/* The same for an adapter to so many targets. */
int adapter_check(const char *where, const xs_adapter_options *o, int targets);

/* Trains G, D and F_T (method 4); writes generator, discriminator and target.safetensors, curve.tsv
 * and the three rows of example images; of several targets target-SITE.safetensors for each, and no
 * examples.  Continues from dir's checkpoint if there is one. */
xs_status train_adapt(const train_job *job, const adapt_task *task);

/* ---- matching -----------------------------------------------------------------------------------
 */
typedef struct match_task {
  const xs_match_options *options;
  int size, channels;          /* of the translated images */
  train_images source, target; /* training images; no label of either site can be seen */
  train_images examples;       /* source images to be shown with their translations */
} match_task;

/* XS_USAGE where images of so many channels cannot be matched; where: as for fit_check. */
int match_check(const char *where, const xs_match_options *o, int64_t channels);

/* Makes a translator between two sites without training: histogram matching (per channel; the mean
 * reference: Nyul, Udupa and Zhang 2000) or Fourier domain adaptation (Yang and Soatto 2020; mix:
 * Xu et al. 2021).  Writes generator.safetensors and the three rows of example images. */
xs_status train_match(const train_job *job, const match_task *task);

/* ---- translators
 * ---------------------------------------------------------------------------------- */
typedef struct translator translator;
int translator_load(const char *path, translator **out);
void translator_free(translator *t);
/* The domain of a site by its name; XS_USAGE and a message that lists the names, or says that the
 * file has none. */
xs_status translator_site(const translator *t, const char *site, int *domain);
/* Rows of images translated to the given domain (0 source, 1 target), as 16-bit images of the
 * translator's size; group keys are kept.  A matching translator draws an image's reference by its
 * row.  The caller closes *out. */
xs_status translator_apply(translator *t, const xs_images *images, const int64_t *rows, int64_t n,
                           int domain, xs_images **out);

/* A model file's network as ONNX: xs_export. */
xs_status model_export(const char *model, const char *out, bool overwrite);

#endif
