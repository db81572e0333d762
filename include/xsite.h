/* xsite.h: the product as a library: sites, classifiers, adapters, measures, studies.
 *
 * Errors.  Functions that can fail return XS_OK or another status and set xs_message(), one line
 * that says what is wrong, where, and what to do.  Nothing here prints or exits.
 * Ownership.  *_open / *_load / *_new give an object that *_close / *_free releases; both accept
 * NULL.  Pointers inside an object are lent.
 */
#ifndef XSITE_H
#define XSITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum xs_status {
  XS_OK = 0,
  XS_FAILED = 1,
  XS_USAGE = 2, /* the request itself is wrong: unknown option, impossible size */
  XS_HARM = 3   /* adaptation is predicted to hurt, or a data check found faults */
} xs_status;

const char *xs_message(void); /* last failure on this thread, never NULL */
const char *xs_version(void);

/* ==== sites =================================================================================== */

typedef enum xs_split { XS_TRAIN, XS_VALIDATION, XS_TEST, XS_ALL } xs_split;
typedef enum xs_resize { XS_NEAREST, XS_BILINEAR } xs_resize;

typedef enum xs_range {                  /* which values of a file mean black and white */
                        XS_RANGE_FULL,   /* 0 and max_value, or the largest of the values' bytes */
                        XS_RANGE_STORED, /* 0 and the largest of the bits that the file says it
                                            stores */
                        XS_RANGE_PERCENTILES /* two percentiles of each image's own values */
} xs_range;

typedef struct xs_values { /* how a file's values become [0,1] */
  xs_range range;
  double low, high; /* the percentiles, 0 to 100 */
  bool window;      /* DICOM: the file's VOI table or window is applied before */
} xs_values;

typedef enum xs_split_kind {
  XS_SPLIT_HASH,       /* each group for itself, by its key alone: alike at every site */
  XS_SPLIT_STRATIFIED, /* each side has its share of the images, and of every class */
  XS_SPLIT_COLUMN      /* as a column of the site's files says */
} xs_split_kind;

/* What a site's domain file says of its split. */
typedef struct xs_split_plan {
  xs_split_kind kind;
  double validation, test; /* shares of the images; both 0: a tenth each */
  int folds;               /* of cross-fitting, the test side is the first; 0: none */
  uint8_t *side;           /* [n] an xs_split of each image, or NULL unless by a column */
} xs_split_plan;

/* How the pixels of an image come from its file.  With a size: values to black and white, the
 * central square, one resize, and one rounding to 8 bits (white 255) where the file has 8 bits and
 * its white is 255, else to 16 (white 65535).  The same for every image, whatever the others of its
 * site are. */
typedef struct xs_preprocessing {
  xs_resize resize;
  double max_value; /* the file's value that means 1.0; 0: by the range */
  bool center_crop; /* the central square is cut before resizing */
  xs_values values;
  int size; /* pixels per side; 0: as the file has them, without a rounding */
} xs_preprocessing;

/* The images of one site, without labels: all that an adapter may see of a target. */
typedef struct xs_images {
  char *name;
  int64_t n;
  int height, width, channels; /* as stored; channels 1 or 3 */
  int bytes;                   /* per value: 1 (uint8_t) or 2 (uint16_t) */
  double max_value;            /* the stored value that means 1.0 */
  xs_preprocessing how;        /* how the files became these pixels */
  void *pixels;                /* [n][height][width][channels] */
  void *map; /* the file of the cache that the pixels lie in, mapped; NULL: they are allocated */
  size_t map_bytes;
  uint64_t *group; /* [n] key of the digit id or patient: one group never crosses a split */
  char **file;     /* [n] image names, or NULL where images have none */
  xs_split_plan split;
  char *doubt; /* of xs_image_open: why the image may be darker or lighter than it was; or NULL */
} xs_images;

/* One thing that is known of the images beside their labels, for tables of subgroups and for data
 * checks.  It is no part of xs_images: training and adapting never see it. */
typedef struct xs_attribute {
  const char *name; /* "sex" (F, M), "age" (in years: "63", "0.5"), "view" or "scanner"; lent */
  int levels;
  char **level;   /* [levels] the values that occur, sorted, each once */
  int32_t *value; /* [n] an index of level, -1 where unknown */
} xs_attribute;

enum { XS_SKIPPED_NAMED = 1000 }; /* most images left out that are named */

/* A labelled site. */
typedef struct xs_site {
  xs_images images;
  int classes;
  char **class_name;    /* [classes] */
  int32_t *label;       /* [n] in 0 .. classes-1, or -1 where unknown */
  int64_t skipped;      /* images that could not be decoded and were left out, as asked */
  char **skipped_image; /* [least of skipped and XS_SKIPPED_NAMED] name and reason of each */
  int attributes;
  xs_attribute *attribute; /* [attributes] those for which the site's files have a column */
  char **patient;          /* [n] as the label file writes them, or NULL where it has none */
  char *unlike;            /* which images look unlike the others, one line, or NULL */
} xs_site;

typedef struct xs_site_options {
  const char *data_dir; /* root of relative paths of a domain file that says `root: data`; NULL:
                         * XSITE_DATA */
  bool skip_unreadable; /* leave out images that cannot be decoded instead of failing */
  int64_t limit;        /* most images, 0 all: the first by a fixed hash of their group */
  int size; /* pixels per side at which images are kept: those of the network that shall see them,
             * so that there is one resize; 0: a folder's `size`, IDX images as they are */
  const char *cache; /* folder where decoded images are kept, or "off"; NULL: XSITE_CACHE, else the
                      * user's: docs/cache.md */
  const struct xs_watch *watch; /* follows the reading of images, or NULL */
} xs_site_options;

/* Reads a domain file (YAML) and the images and labels that it names.  The pixels of a folder's
 * images lie in a file of the cache, if it can be used, else in memory. */
xs_status xs_site_open(const char *domain_file, const xs_site_options *o, xs_site **out);
void xs_site_close(xs_site *s);
/* A subgroup of a study's test images is measured where it has so many images of each class, and so
 * many patients (groups). */
enum { XS_SUBGROUP_FEWEST = 10 };

/* The attribute of this name, or NULL where the site has none. */
const xs_attribute *xs_site_attribute(const xs_site *s, const char *name);

/* Rows of one split, ascending, drawn without labels; *rows is newly allocated.  A group draws a
 * number from 0 to 1, a pure function of (seed, group key).  XS_SPLIT_HASH: below 0.8 train, below
 * 0.9 validation, else test (or as the plan's shares say), so that the same digit or patient is on
 * the same side at every site.  XS_SPLIT_STRATIFIED: the groups in the order of these numbers, the
 * first to train, until each side has its share.  by_image: split images, not groups (Decision 1's
 * other choice). */
xs_status xs_split_rows(const xs_images *x, uint64_t seed, bool by_image, xs_split which,
                        int64_t **rows, int64_t *n);
/* The same where the site's own labels are used.  XS_SPLIT_STRATIFIED: the same order within each
 * class, so that each side has its share of every class; a group's class is the rarest of its
 * images'.  A class of three groups or more is on every side.  Test are images that xs_split_rows
 * does not call train, where the class has any.  label [n], -1 unknown: a group without a label is
 * where xs_split_rows puts it.  fold: 0; or, up to plan.folds - 1, the part that is test instead:
 * every labelled image is in one. */
xs_status xs_split_labelled(const xs_images *x, const int32_t *label, int classes, uint64_t seed,
                            bool by_image, int fold, xs_split which, int64_t **rows, int64_t *n);

typedef struct xs_normalisation {
  double mean[3], deviation[3]; /* of values in [0,1]; 0.5 and 0.5 give [-1,1] */
} xs_normalisation;

/* The n images of rows (NULL: the first n), channels 1 -> 3 repeated or 3 -> 1 averaged, scaled to
 * [0,1] by max_value and normalised: x [n][size][size][channels].  Images of another size are
 * resized as images->how says: a second time, where they were already when they were opened, and so
 * not bit for bit what opening them with this size gives. */
void xs_images_fetch(const xs_images *images, const int64_t *rows, int64_t n, int size,
                     int channels, const xs_normalisation *norm, float *x);

/* What a domain file says of the way from its files to pixels; size is the file's, 0 for IDX. */
xs_status xs_preprocessing_of(const char *domain_file, xs_preprocessing *out);

/* Reads one image file as a site of one image (for predict): the pixels that the same file has in a
 * site that is opened with the same preprocessing.  p NULL: bilinear, the depth's largest value, no
 * cut, the file's own size.  A file with values above max_value is refused.  A 16-bit one that is
 * near black where nothing says what white is may be a dark film of a site that is read, or one of
 * a site that xs_site_open refuses, where all are like it: it is read, and `doubt` says so. */
xs_status xs_image_open(const char *path, const xs_preprocessing *p, xs_images **out);

/* For files from a source that is not trusted: from now on, for the whole process, every image file
 * is decoded in a process of its own that can open no file and start no process, as DICOM files
 * always are.  Call it before images are read.  What that costs: docs/images.md. */
void xs_isolate(bool all);
void xs_images_close(xs_images *x);

/* ==== measures: plain functions on arrays ======================================================
 */

/* P(score of a positive > score of a negative), ties count half.  NAN where a class is absent. */
double xs_auc_binary(const float *score, const uint8_t *positive, int64_t n);
/* The score of each class, by which images are ranked and thresholds are set: odds[k] = log P_k /
 * (1
 * - P_k), which is logit k less the log of the sum of exp of the others; of two classes their
 * difference.  Unlike P it is exact near 1, and unlike a logit it does not change where a constant
 * is added to all.  row, odds [classes], at least 2; NAN where a logit is NAN or no order is known
 * of infinite ones. */
void xs_log_odds(const float *row, int classes, double *odds);
/* Mean over the classes present of the AUC of one class against the rest, by xs_log_odds: of
 * softmax outputs scikit-learn's roc_auc_score(multi_class="ovr"); of two classes both are equal.
 * logit [n][classes]; label outside 0..classes-1 is left out. */
double xs_auc(const float *logit, const int32_t *label, int64_t n, int classes);
double xs_accuracy(const float *logit, const int32_t *label, int64_t n, int classes);

typedef struct xs_interval {
  double value, low, high;
} xs_interval;

/* Of 95 %.  Percentiles of bootstrap replicates that draw whole groups (patients) hold for many
 * images: where each class, and the rest, has 200 groups, and the AUC lies within 0.05 and 0.95.
 * Elsewhere the intervals are those of Newcombe 2006 (method 5) with effective numbers of images,
 * of several classes and of differences combined by MOVER: docs/method.md, bench/coverage.md. */
typedef enum xs_interval_method { XS_PERCENTILE, XS_NEWCOMBE } xs_interval_method;
const char *xs_interval_name(xs_interval_method m); /* "percentile", "newcombe" */

typedef struct xs_measure {                 /* of one classifier on one test set; AUC in [0,1] */
  double auc, low, high;                    /* 95 % */
  double paper_mean, paper_low, paper_high; /* 1,000 replicates of size 1,000 images:
                                             * mean -+ 1.96 sd / sqrt(1000) */
  double accuracy, accuracy_low, accuracy_high; /* Wilson's interval of 95 %, by groups */
  int64_t n, groups;
  xs_interval_method interval; /* low and high */
} xs_measure;

typedef struct xs_difference { /* AUC of b minus AUC of a on the same images */
  double value, low, high;     /* 95 %, paired */
  /* Two-sided.  With percentiles 2 min(P(d <= 0), P(d >= 0)) of B replicates, with (k+1)/(B+1);
   * else the level at which the interval would end at 0. */
  double p;
  xs_interval_method interval;
} xs_difference;

xs_status xs_measure_classifier(const float *logit, const int32_t *label, const uint64_t *group,
                                int64_t n, int classes, int replicates, uint64_t seed,
                                xs_measure *out);
xs_status xs_measure_difference(const float *logit_a, const float *logit_b, const int32_t *label,
                                const uint64_t *group, int64_t n, int classes, int replicates,
                                uint64_t seed, xs_difference *out);

double xs_salvage(double external, double adapted, double ceiling); /* NAN where the gap is 0 */
/* Ratio of the mean gain to the mean gap; median over pairs of the salvage; mean of gain/external.
 */
double xs_average_salvage(const double *external, const double *adapted, const double *ceiling,
                          int n);
double xs_median_salvage(const double *external, const double *adapted, const double *ceiling,
                         int n);
double xs_mean_relative_gain(const double *external, const double *adapted, int n);

/* ==== judging without labels ===================================================================
 */

#include "xsite_labelfree.h"

/* ==== statistics beside the measures ===========================================================
 */

#include "xsite_stats.h"

/* ==== classifiers ==============================================================================
 */

typedef struct xs_classifier_options {
  char *architecture;   /* "lenet", "lenet5", "densenet121", "densenet121-linear" */
  double learning_rate; /* Adam */
  double weight_decay;
  int64_t batch;
  int64_t epochs;          /* at most */
  int64_t patience;        /* epochs without a better validation AUC */
  int64_t steps_per_epoch; /* 0: one pass over the training images */
  bool balanced;           /* batches balanced by label */
  double dropout;
  /* Random changes of the training images; 0 is none. */
  double shift;    /* share of the side */
  double rotation; /* degrees */
  bool flips;
  char *precision; /* "f32", or "bf16": what convolutions multiply in training, if it can */
} xs_classifier_options;

typedef struct xs_classifier xs_classifier;

xs_status xs_classifier_load(const char *path, xs_classifier **out);
void xs_classifier_free(xs_classifier *c);
int xs_classifier_classes(const xs_classifier *c);
const char *xs_classifier_class_name(const xs_classifier *c, int k);
/* By which logits are divided for calibrated probabilities; NAN where the model file does not say.
 */
double xs_classifier_temperature(const xs_classifier *c);
/* Whether a temperature was sought and ran into a bound: its probabilities cannot be calibrated. */
bool xs_classifier_uncalibrated(const xs_classifier *c);
/* For which the classifier was chosen, where the model file knows its images; NULL: none. */
const char *xs_classifier_site(const xs_classifier *c);
/* How a classifier decides: for the class `positive` where its log odds (xs_log_odds) reach a
 * threshold, else for the most probable of the others. */
typedef struct xs_decision {
  int positive;     /* -1: for the most probable class */
  double threshold; /* log odds */
  const char *site; /* on whose validation images it was chosen, lent; NULL: it was not */
  double wanted;    /* the sensitivity for which it was chosen, in (0,1], as all that follows */
  xs_interval sensitivity, specificity; /* there, the threshold chosen anew in each replicate */
} xs_decision;
/* The operating point of the model file; positive -1 where it has none. */
const xs_decision *xs_classifier_decision(const xs_classifier *c);
/* The class that is decided for; -1 where the logits [classes] are no numbers. */
int xs_decide(const xs_decision *d, const float *logit, int classes);
/* Of the images that the classifier is for, to the network's size; never NULL: what the model file
 * does not say is bilinear, uncut, the full range. */
const xs_preprocessing *xs_classifier_preprocessing(const xs_classifier *c);
/* What the model file does not say of that, so that predictions may differ from what was trained
 * on: a line, lent; NULL where it says everything. */
const char *xs_classifier_unknown(const xs_classifier *c);
/* Logits [n][classes] of the rows (NULL: the first n) of any images that can be resized. */
xs_status xs_classifier_logits(xs_classifier *c, const xs_images *images, const int64_t *rows,
                               int64_t n, float *logit);

/* Logits [n][classes] of n images that each are of a size of their own (image[i]->n is 1), and
 * their distance [n] from those of the classifier's site, as a multiple of what 98 % of these have
 * at most: above 1 is unlike them; NAN where no site is known. */
xs_status xs_classifier_predict(xs_classifier *c, xs_images *const *image, int64_t n, float *logit,
                                double *distance);

typedef struct xs_import_options {
  const char *weights; /* safetensors with the names of an architecture's tensors */
  const char *architecture;
  int classes;                   /* 0: as many as there are outputs, named 0, 1, ... */
  const char *const *class_name; /* [classes] */
  int64_t
      output;   /* -1: outputs are exclusive classes; else this one, from 0, against its absence */
  int64_t size; /* of the images that the network shall see */
  const char *normalisation;      /* "half", "imagenet", "xrv": which it was trained with */
  double epsilon;                 /* of its batch norms */
  xs_preprocessing preprocessing; /* of images */
  bool overwrite;                 /* replace `out` where it is there already */
} xs_import_options;

/* Makes a model file of another program's weights, by the names of torchvision (old ones too, as
 * norm.1 for norm1), torchxrayvision, timm, MONAI or CheXNet, behind any prefix.  Each output of a
 * model for several findings is an answer of its own, a sigmoid: `output` makes a classifier of two
 * classes of one of them, which gives the same probability; where the file has a tensor op_threshs,
 * that output's threshold becomes 1/2. */
xs_status xs_model_import(const xs_import_options *o, const char *out);

/* Writes a model file's network as ONNX (IR version 8, opset 17), for programs that have no xsite;
 * what is inside: docs/model-files.md.  overwrite: replace `out` where it is there already. */
xs_status xs_model_export(const char *model, const char *out, bool overwrite);

/* ==== adapters =================================================================================
 */

typedef struct xs_adapter_options {
  int64_t channels;      /* of the first generator and critic layer */
  int64_t blocks;        /* residual blocks */
  int64_t critic_layers; /* 0: min(6, floor(log2(size)) - 1), Decision 5 */
  int64_t batch;         /* half source, half target */
  int64_t generator_steps;
  int64_t critic_steps; /* per generator step, Decision 8 */
  double learning_rate;
  double decay_start; /* fraction of the run after which the rate falls linearly to 0 */
  double beta1, beta2;
  double gradient_penalty;                                 /* lambda_gp */
  double penalty_epsilon;                                  /* Decision 6 */
  double classification;                                   /* lambda_cls */
  double cycle;                                            /* lambda_cyc */
  char *semantic;                                          /* "paper", "cycada-paper", "off" */
  double semantic_cycle, semantic_target, semantic_pseudo; /* weights of the three terms */
  double pseudo_threshold;     /* the third term is off until F_T's loss on fakes is at most this */
  double target_learning_rate; /* of F_T */
  double target_dropout;       /* of F_T while it is trained */
  int64_t target_every;        /* generator updates per F_T update */
  char *translate;             /* "other", "permute": Decision 9 */
  bool flips;                  /* Decision 10 */
  bool balanced;               /* source half balanced by label */
  char *precision;             /* as of a classifier */
} xs_adapter_options;

typedef struct xs_match_options { /* of a translator that needs no training */
  char *method;                   /* "histogram", "fourier" */
  char *reference; /* "image": one drawn for each translated image; "mean": their mean */
  int64_t images;  /* of each site, kept as references */
  bool mix;        /* go only a share of the way, uniform in [0,1), drawn for each image */
  int64_t levels;  /* of a quantile function (histogram) */
  double beta;     /* highest frequency of the window, in cycles a pixel (fourier) */
} xs_match_options;

/* ==== alignment: a classifier is adapted itself, without a translator ===========================
 */

typedef struct xs_align_options {
  char *method;  /* "coral", "dann", "shot", "selftrain" */
  int64_t steps; /* all of them: there is no early stopping without labels */
  int64_t batch; /* images of each site a step */
  double learning_rate;
  double weight_decay;
  double weight;    /* of what is asked of the target's images, beside the source's labels */
  double balance;   /* of the even use of all classes (shot, selftrain) */
  double threshold; /* probability above which a pseudo-label is taken (shot, selftrain) */
  double momentum;  /* of the teacher (selftrain) */
  double dropout;
  bool balanced; /* source images balanced by label */
  /* The random changes of the source's images and of the target's second view; 0 is none. */
  double shift;      /* share of the side */
  double rotation;   /* degrees */
  double scale;      /* 0.1: between 1/1.1 and 1.1 */
  double contrast;   /* likewise */
  double brightness; /* of the range from black to white */
  double noise;      /* deviation, of the same range */
  bool flips;        /* Decision 10 */
  bool invert;       /* half of the images become their negative */
  bool colour;       /* contrast, brightness and inversion of each channel for itself */
  char *precision;   /* as of a classifier */
} xs_align_options;

/* ==== progress and interruption ================================================================
 */

typedef struct xs_progress { /* a snapshot of running work */
  const char *task;          /* "baseline optdigits", lent */
  int64_t done, total;       /* steps, or bytes */
  double rate;               /* of them per second, recent */
  bool bytes;
  double waiting; /* share of the recent time that went by waiting for images */
  int losses;
  const char *loss_name[8];
  double loss[8];
} xs_progress;

typedef struct xs_watch { /* how a caller follows and stops long work; all may be NULL */
  void (*progress)(void *context, const xs_progress *p);
  void (*note)(void *context, const char *line); /* one line of log */
  bool (*stop)(void *context); /* true: write a checkpoint and return XS_FAILED soon */
  void *context;
} xs_watch;

/* ==== public data ==============================================================================
 */

typedef struct xs_get_options {
  const char *data_dir;   /* NULL: XSITE_DATA */
  const char *mirror;     /* address of a folder that is asked first, or NULL */
  bool overwrite;         /* replace files that are there and are not the published ones */
  double connect_timeout; /* seconds for a connection */
  double stall_timeout;   /* seconds in which less than 1 kB comes */
  int64_t tries;          /* at one address that bring nothing, before the next is asked */
  double pause;           /* seconds before the second try; doubled for each further one */
} xs_get_options;

/* Brings public data sets into the data folder, as the domain files in examples/ name them: set is
 * "mnist", "usps", "bsds500" (photographs for MNIST-M), "mnistm" (mnist and bsds500) or "digits"
 * (all).  Files that are there and right are not asked for; a broken download is continued. */
xs_status xs_data_get(const char *set, const xs_get_options *o, const xs_watch *w);
/* What xs_data_get can bring: files, sizes, licences, addresses; allocated. */
char *xs_data_list(void);

/* Makes MNIST-M (method: Decision 2) from MNIST digits, BSDS500 photographs and, where it is there,
 * the official recipe under data_dir, as IDX files in out_dir.  Digits that no recipe covers get a
 * patch drawn from seed; a note to w (may be NULL) says how many. */
xs_status xs_mnistm_import(const char *data_dir, const char *out_dir, uint64_t seed,
                           const xs_watch *w);

/* ==== checking data ============================================================================
 */

typedef struct xs_check_options {
  const char *data_dir;
  uint64_t seed;            /* of the split, of the folds and of what is resampled */
  bool by_image;            /* the split is by image, not by group */
  const char *split_column; /* of the label files: the official split; NULL: drawn from the seed */
  bool ignore_labels;
  int64_t limit;       /* most images of a site, 0 all */
  int near_bits;       /* most different bits of the hashes of near duplicates, to 15; -1: none */
  double near_match;   /* least correlation of their fine structure */
  double shortcut_auc; /* AUC from which an attribute is a shortcut */
  double alpha;        /* level of the tests, after Holm's correction */
  int replicates;      /* of intervals of AUCs */
  int accepted;        /* kinds of findings that are known and no fault */
  const char *const *accept; /* [accepted] */
  const char *out;           /* folder for check.html, check.json and contact sheets, or NULL */
  bool groups;               /* and there group files that keep duplicates on one side of a split */
} xs_check_options;

/* Checks the sites of n domain files before anything is trained on them: docs/data-check.md.
 * Unreadable images are counted and listed.  *json: what was found, as check.json; allocated, also
 * where XS_HARM says that there are faults; NULL after a failure. */
xs_status xs_data_check(const char *const *domain_file, int n, const xs_check_options *o,
                        const xs_watch *w, char **json);

/* ==== studies ==================================================================================
 */

typedef struct xs_study xs_study;

typedef struct xs_run_options {
  const char *out; /* run folder; NULL: runs/NAME */
  const char *data_dir;
  bool resume;            /* continue a broken run of the same study */
  int threads;            /* 0: all */
  size_t memory;          /* most bytes of a training step's intermediate values; 0: no limit */
  const char *device;     /* "cpu" */
  bool measure_kernels;   /* time candidate kernels once and remember */
  const char *cache;      /* of images: as of a site */
  const char *kernels_of; /* run folder whose recorded kernels are used, node by node, or NULL */
  bool skip_unreadable;
  bool quick;  /* of a plan: without estimates of time and memory, which open the sites */
  bool verify; /* of a finished run: compare its data and files with what was recorded */
} xs_run_options;

/* Reads and checks a study file; set: "key=value" or "section.key=value" overrides, applied last.
 */
xs_status xs_study_open(const char *path, int n_set, const char *const *set, xs_study **out);
void xs_study_close(xs_study *s);
/* What would run, one line a node, with what is already done in the run folder and what the rest
 * takes on this machine, by running single steps of it; allocated. */
xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text);
/* Runs what is not done; writes results.json, figures/ and report.html in the run folder.  XS_HARM
 * and a message that names the pairs where all is written and an adaptation is chosen that is
 * predicted to hurt.  XS_FAILED where a file of a finished run is not as its seal says, unless
 * `resume` is set, which makes it again. */
xs_status xs_study_run(const xs_study *s, const xs_run_options *o, const xs_watch *w);

/* Runs one node, whose needs are done, by name (xs_study_plan lists them); other processes may run
 * other nodes of the same run folder at the same time.  The node "results" writes what
 * xs_study_run would. */
xs_status xs_study_node(const xs_study *s, const xs_run_options *o, const char *name,
                        const xs_watch *w);
/* The study's graph for Snakemake: a Snakefile whose rules call `command NODE`; allocated.  command
 * [words]: the program and its arguments that run one node of this study with these options. */
xs_status xs_study_export(const xs_study *s, const xs_run_options *o, int words,
                          const char *const *command, char **text);

/* Draws figures and writes report.html of a finished run folder from its files alone, and seals
 * them.  XS_FAILED and a message that names the file where results, or what they were measured
 * from, are not as the run sealed them. */
xs_status xs_report_write(const char *run_dir);

#endif
