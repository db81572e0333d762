/* xsite/classify.h: classifiers: their options, model files, logits and decisions. */
#ifndef XSITE_CLASSIFY_H
#define XSITE_CLASSIFY_H

#include "xsite/site.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xs_classifier_options {
  char *architecture;   /* a name of xsite/architectures.def */
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
  bool robust;          /* besides, those of docs/method.md, "Training to travel", */
  char *robust_without; /* but for one of its parts: "nothing", "convolution", "tones", "negative",
                           "noise", "movement", "pauses" */
  char *precision;      /* "f32", or "bf16": what convolutions multiply in training, if it can */
} xs_classifier_options;

/* The program's defaults; texts are constants, which nobody frees. */
XS_API xs_classifier_options xs_classifier_defaults(void);

typedef struct xs_classifier xs_classifier;

XS_API xs_status xs_classifier_load(const char *path, xs_classifier **out);
XS_API void xs_classifier_free(xs_classifier *c);
XS_API int xs_classifier_classes(const xs_classifier *c);
XS_API const char *xs_classifier_class_name(const xs_classifier *c, int k);
/* By which logits are divided for calibrated probabilities; NAN where the model file does not say.
 */
XS_API double xs_classifier_temperature(const xs_classifier *c);
/* Whether a temperature was sought and ran into a bound: its probabilities cannot be calibrated. */
XS_API bool xs_classifier_uncalibrated(const xs_classifier *c);
/* For which the classifier was chosen, where the model file knows its images; NULL: none. */
XS_API const char *xs_classifier_site(const xs_classifier *c);
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
XS_API const xs_decision *xs_classifier_decision(const xs_classifier *c);
/* The class that is decided for; -1 where the logits [classes] are no numbers. */
XS_API int xs_decide(const xs_decision *d, const float *logit, int classes);
/* Of the images that the classifier is for, to the network's size; never NULL: what the model file
 * does not say is bilinear, uncut, the full range. */
XS_API const xs_preprocessing *xs_classifier_preprocessing(const xs_classifier *c);
/* What the model file does not say of that, so that predictions may differ from what was trained
 * on: a line, lent; NULL where it says everything. */
XS_API const char *xs_classifier_unknown(const xs_classifier *c);
/* Logits [n][classes] of the rows (NULL: the first n) of any images that can be resized. */
XS_API xs_status xs_classifier_logits(xs_classifier *c, const xs_images *images,
                                      const int64_t *rows, int64_t n, float *logit);

/* The same with what the last layer sees, feature [n][xs_classifier_width]; either may be NULL. */
XS_API xs_status xs_classifier_features(xs_classifier *c, const xs_images *images,
                                        const int64_t *rows, int64_t n, float *logit,
                                        float *feature);
XS_API int xs_classifier_width(const xs_classifier *c);
/* softmax(logit / temperature) [n][classes]; a temperature of 1 gives the classifier's own
 * probabilities, xs_classifier_temperature calibrated ones.  A temperature that is not above 0 is
 * refused, and so is NAN, that of a file without one.  probability may not be logit. */
XS_API xs_status xs_probabilities(const float *logit, int64_t n, int classes, double temperature,
                                  double *probability);

/* Logits [n][classes] of n images that each are of a size of their own (image[i]->n is 1), and
 * their distance [n] from those of the classifier's site, as a multiple of what 98 % of these have
 * at most: above 1 is unlike them; NAN where no site is known. With up to six threads an
 * image's logits are the same to the last bit whatever the other images are. */
XS_API xs_status xs_classifier_predict(xs_classifier *c, xs_images *const *image, int64_t n,
                                       float *logit, double *distance);

/* Makes a model file of another program's weights, by the names of torchvision (old ones too, as
 * norm.1 for norm1), torchxrayvision, timm, MONAI or CheXNet, behind any prefix.  Each output of a
 * model for several findings is an answer of its own, a sigmoid: `output` makes a classifier of two
 * classes of one of them, which gives the same probability; where the file has a tensor op_threshs,
 * that output's threshold becomes 1/2. */
typedef struct xs_import_task {
  const char *weights; /* safetensors with the names of an architecture's tensors */
  const char *out;     /* the model file */
  const char *architecture;
  xs_texts classes; /* their names, in the order of the outputs; none: they are called 0, 1, ... */
  int64_t
      output;   /* -1: outputs are exclusive classes; else this one, from 0, against its absence */
  int64_t size; /* of the images that the network shall see */
  const char *normalisation; /* "half", "imagenet", "xrv": which it was trained with */
  double epsilon;            /* of its batch norms */
  const char *resize;        /* "nearest", "bilinear": how images become that size */
  bool center_crop;          /* the central square of images is cut before */
  double max_value; /* the stored value that means 1.0; 0: the largest of an image's depth */
  bool overwrite;   /* replace `out` where it is there already */
} xs_import_task;
XS_API void xs_import_defaults(xs_import_task *t);
XS_API xs_status xs_import(const xs_import_task *t);

/* Writes a model file's network as ONNX (IR version 8, opset 17), for programs that have no xsite;
 * what is inside: docs/model-files.md. */
typedef struct xs_export_task {
  const char *model; /* a classifier or a generator */
  const char *out;   /* the ONNX file */
  bool overwrite;
} xs_export_task;
XS_API void xs_export_defaults(xs_export_task *t);
XS_API xs_status xs_export(const xs_export_task *t);

#ifdef __cplusplus
}
#endif

#endif
