/* xsite/labelfree.h: judging a classifier at a site whose labels nobody has: which of several
 * adapted classifiers to take, how accurate one probably is, which classes are how common there,
 * and whether to adapt at all.
 *
 * A target is an xs_outputs, which has no labels.  Every function refuses logits or features that
 * are not finite, fewer than 2 classes and 0 images (XS_FAILED or XS_USAGE and a message).  Shares
 * and accuracies are in [0,1], entropies in nats, intervals cover 95 %.
 */
#ifndef XSITE_LABELFREE_H
#define XSITE_LABELFREE_H

#include "xsite/measure.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- choosing among candidates --------------------------------------------------------------- */

typedef struct xs_choice_data {
  xs_outputs target;          /* of the candidate, on target validation images */
  xs_labelled_outputs source; /* dev: of the candidate, on source validation images */
  xs_outputs training;        /* dev: features of source training images; logits may be NULL */
  const float *ensemble;      /* ensemble: xs_ensemble of all candidates there */
  int64_t rows; /* snd, dev: most images of a site, drawn from seed (snd's work grows with n^2); 0:
                   all */
  uint64_t seed;
} xs_choice_data;

typedef struct xs_criterion {
  const char *name; /* "snd", as in a study file */
  bool larger_is_better;
  bool needs_features, needs_source;
  xs_status (*value)(const xs_choice_data *d, double *out);
  const char *title, *citation;
} xs_criterion;

/* The table of criteria: im, entropy, snd, snd-features, dev, bnm, ensemble. */
XS_API const xs_criterion *xs_criteria(int *n);
/* NULL and a message that lists the names where there is none of this name. */
XS_API const xs_criterion *xs_criterion_find(const char *name);
/* Index of the best of n candidates' values, the first of equals; NANs are left out, -1: all are.
 */
XS_API int xs_criterion_best(const xs_criterion *c, const double *value, int n);

/* Entropy of the mean prediction minus mean entropy (Krause, Perona and Gomes 2010; Shi and Sha
 * 2012): the mutual information of image and predicted class. */
XS_API xs_status xs_mutual_information(const xs_outputs *x, double *out);
/* What each image adds to it: term [n], the divergence KL(p_i || mean p), whose mean is the mutual
 * information.  Less that mean it is also the influence of the image on it (delta method). */
XS_API xs_status xs_information_terms(const xs_outputs *x, double *term);
/* Standard error of the mean of a[i] - b[i], images being independent; INFINITY of one image. */
XS_API double xs_paired_error(const double *a, const double *b, int64_t n);
/* Of the softmax (Morerio, Cavazza and Murino 2018). */
XS_API xs_status xs_mean_entropy(const xs_outputs *x, double *out);
/* Soft neighbourhood density (Saito et al. 2021, eq. 2 and 3, temperature 0.05): mean entropy of
 * each row's softmax over its cosine similarities to the others.  by_feature: of features, else of
 * softmax outputs.  rows, seed: as xs_choice_data.  Values of different numbers of rows do not
 * compare. */
XS_API xs_status xs_neighbourhood_density(const xs_outputs *x, bool by_feature, int64_t rows,
                                          uint64_t seed, double *out);
/* Nuclear norm of the softmax matrix (Cui et al. 2020) over its largest possible value,
 * sqrt(n min(n, classes)): in (0,1]. */
XS_API xs_status xs_nuclear_norm(const xs_outputs *x, double *out);
/* Deep embedded validation (You et al. 2019, algorithm 1): the source validation error weighted by
 * the density ratio of a logistic domain classifier on features, with control variate; an estimate
 * of the error at the target.  rows, seed: as xs_choice_data; the ratio is fitted to so many of
 * training and of target. */
XS_API xs_status xs_importance_weighted_risk(const xs_labelled_outputs *source,
                                             const xs_outputs *training, const xs_outputs *target,
                                             int64_t rows, uint64_t seed, double *out);

/* Adds one classifier's softmax outputs to the sum [n][classes] of several.  The criterion
 * "ensemble" is the share of images on which a candidate and the largest of the sums say the same
 * (Hu, Luo, Liang and Foo 2024, EnsV). */
XS_API xs_status xs_ensemble_add(const xs_outputs *x, float *sum);

/* ---- candidates that are struck out before any criterion is looked at ------------------------ */

typedef struct xs_candidate_evidence { /* of an adapted classifier; lent */
  int classes;
  const xs_interval *keeping; /* [classes] xs_label_keeping of its translator; NULL: has none */
  const xs_interval *recall;  /* [classes] how many of its own translated images it labels rightly
                                 itself; NULL: has no translator */
  const double *share;        /* [classes] of its answers at the target */
  double images;              /* independent ones behind the shares: groups */
  const double *source;       /* [classes] shares at the source */
  const double *em, *bbse;    /* [classes] target shares as the classifier that is not adapted tells
                                 them (xs_prior_em, xs_bbse); NULL: not known */
  const xs_interval *shifted; /* distance of the class shares, where they differ clearly and its
                                 method takes them to be the same; else NULL */
  bool uncalibrated;          /* its temperature ran into a bound */
  bool untrained;             /* its training did not come to an end that can be used */
} xs_candidate_evidence;

typedef enum xs_strike_kind {
  XS_STRIKE_KEEPING,     /* the translator loses a class: the source's classifier keeps its labels
                            less often than guessing would, 1 / classes */
  XS_STRIKE_RECALL,      /* likewise by the candidate itself */
  XS_STRIKE_SHARE,       /* a class is almost empty in its answers: below a quarter of the least of
                            its shares at the source, by EM and by BBSE */
  XS_STRIKE_PRIORS,      /* its method takes class shares to be the same, which differ clearly */
  XS_STRIKE_TEMPERATURE, /* ran into a bound */
  XS_STRIKE_TRAINING
} xs_strike_kind;

typedef struct xs_strike {
  xs_strike_kind kind;
  int of_class;     /* of the first three */
  xs_interval seen; /* of the first four: keeping, recall, share, or the distance of the shares */
  double least;     /* of the first three, which seen.high is below */
} xs_strike;

/* Why a candidate must not be chosen: strike has room for 3 classes + 3; returns how many, 0: none.
 * A class counts as lost or empty only where its whole 95 % interval is below the bound. */
XS_API int xs_strikes(const xs_candidate_evidence *e, xs_strike *strike);

/* ---- accuracy at the target, predicted without labels ---------------------------------------- */

typedef struct xs_prediction_data {
  xs_outputs target;
  const float *second;        /* agreement: logits [n][classes] of a second classifier there */
  xs_labelled_outputs source; /* all but confidence and agreement: source validation images */
} xs_prediction_data;

typedef struct xs_predictor {
  const char *name; /* "atc-entropy" */
  bool needs_source, needs_second;
  xs_status (*accuracy)(const xs_prediction_data *d, double *out);
  const char *title, *citation;
} xs_predictor;

/* The table of predictors: confidence, confidence-difference, atc-confidence, atc-entropy,
 * agreement. */
XS_API const xs_predictor *xs_predictors(int *n);
/* NULL and a message that lists the names where there is none of this name. */
XS_API const xs_predictor *xs_predictor_find(const char *name);

/* Mean of the largest softmax output (Hendrycks and Gimpel 2017). */
XS_API xs_status xs_average_confidence(const xs_outputs *x, double *out);
/* Source accuracy plus the change of average confidence from source to target, within [0,1]
 * (Guillory et al. 2021, DoC with slope 1). */
XS_API xs_status xs_confidence_difference(const xs_labelled_outputs *source,
                                          const xs_outputs *target, double *out);
typedef enum xs_atc_score { XS_ATC_CONFIDENCE, XS_ATC_ENTROPY } xs_atc_score;
/* Average thresholded confidence (Garg et al. 2022): the share of target images that score above
 * the threshold above which the source's share is its accuracy.  Scores: log of the largest softmax
 * output, or negative entropy.  Of images at the threshold itself the share that makes the source's
 * accuracy exact is counted. */
XS_API xs_status xs_atc(const xs_labelled_outputs *source, const xs_outputs *target,
                        xs_atc_score score, double *out);
/* Share of n images whose largest logit is the same class for both (Jiang et al. 2022); predicts
 * the accuracy of classifiers that differ in their random numbers alone. */
XS_API xs_status xs_agreement(const xs_outputs *x, const float *second, double *out);

typedef struct xs_prediction_error { /* of a predictor, on shifts where the truth is known */
  double mean_absolute;
  double margin; /* half width that covers a further shift at 95 %; INFINITY where n is below 19 */
  int n;
} xs_prediction_error;

/* From accuracies predicted and measured on n shifted copies of the source validation set, or from
 * their changes by adaptation, on which two classifiers' common errors cancel.  margin is the
 * split-conformal quantile (Vovk et al. 2005; Lei et al. 2018): the ceil(0.95 (n+1))-th smallest
 * absolute error.  It covers a target that is one more draw of the same kind of shifts; of other
 * shifts nothing is promised. */
XS_API xs_status xs_prediction_calibrate(const double *predicted, const double *measured, int n,
                                         xs_prediction_error *out);
XS_API xs_interval xs_accuracy_interval(const xs_prediction_error *e,
                                        double accuracy); /* within [0,1] */
XS_API xs_interval xs_change_interval(const xs_prediction_error *e,
                                      double change); /* within [-1,1] */

/* ---- how a choice is made
 * ------------------------------------------------------------------------
 */

typedef struct xs_choice_options { /* of docs/method.md, "Judging without labels" */
  char *rule;                      /* "careful", "bold" */
  char *criterion;                 /* of xs_criteria */
  char *ties; /* "ensemble", "first": of candidates whose im differs by no more than its error */
  char *predictor; /* of xs_predictors */
  int64_t rows;    /* most target images that snd compares with each other; 0: all */
} xs_choice_options;

/* ---- how common the classes are at the target ------------------------------------------------ */

/* All three assume label shift: images of one class look alike at both sites, or the classifier has
 * been adapted so that its outputs do. */
XS_API xs_status xs_source_prior(const xs_labelled_outputs *source, double *prior);
/* Black-box shift estimation (Lipton, Wang and Smola 2018): solves C q = share of predictions at
 * the target, C[i][j] = share of source images of class j predicted as i; negative shares become 0.
 * XS_FAILED where a class has no source image or where C cannot be told from a singular matrix: its
 * smallest singular value is within C's own sampling error. */
XS_API xs_status xs_bbse(const xs_labelled_outputs *source, const xs_outputs *target,
                         double *prior);
/* Expectation maximisation (Saerens, Latinne and Decaestecker 2002) from the source's prior
 * [classes] (all above 0); exact for calibrated outputs. */
XS_API xs_status xs_prior_em(const xs_outputs *target, const double *source_prior, double *prior);

typedef struct xs_prior_mismatch {
  double chi_square;    /* sum of (q - p)^2 / p; q target (BBSE), p source */
  double p;             /* bootstrap, see xs_prior_compare */
  xs_interval distance; /* total variation, half the sum of |q - p|; interval by percentiles */
  int largest;          /* the class whose share differs most */
  bool mismatch;        /* p < 0.05 */
} xs_prior_mismatch;

/* Compares the source's prior with BBSE's estimate.  Both sites' groups are resampled; a
 * replicate's statistic is the chi-square distance of its differences from those observed, and p is
 * the share of replicates (k+1)/(B+1) at or above the observed statistic.  difference [classes]: q
 * - p. */
XS_API xs_status xs_prior_compare(const xs_labelled_outputs *source, const xs_outputs *target,
                                  int replicates, uint64_t seed, xs_interval *difference,
                                  xs_prior_mismatch *out);

/* ---- label keeping --------------------------------------------------------------------------- */

/* Wilson's score interval (1927) of a share of n trials; n may be an effective number. */
XS_API xs_interval xs_wilson(double share, double n);
/* Share of translated images whose label the frozen source classifier keeps (largest logit, the
 * first of equals), overall and per class [classes]; NANs for a class without images.  Wilson with
 * n over the design effect of groups (Rao and Scott 1992), the number of groups where all or none
 * is kept. */
XS_API xs_status xs_label_keeping(const xs_labelled_outputs *translated, xs_interval *overall,
                                  xs_interval *per_class);
/* The k images of largest cross-entropy, worst first, equal losses by index; returns how many there
 * are in *found.  index, loss [k]; loss may be NULL. */
XS_API xs_status xs_worst_images(const xs_labelled_outputs *translated, int64_t k, int64_t *index,
                                 double *loss, int64_t *found);

/* ---- adapt or not ---------------------------------------------------------------------------- */

typedef struct xs_evidence { /* NANs: not known */
  xs_interval before, after; /* predicted accuracy at the target; needed */
  xs_interval change;        /* after - before, calibrated as a change; else made of the two */
  xs_interval keeping;       /* label keeping, where there is a translator */
  xs_interval worst_class;   /* the same of the class kept least */
  const xs_prior_mismatch *priors; /* or NULL */
  int strikes;                     /* xs_strikes of the chosen candidate */
} xs_evidence;

typedef enum xs_outlook { XS_HELPS, XS_UNCLEAR, XS_HURTS } xs_outlook;

typedef enum xs_reason {
  XS_PREDICTED_GAIN,  /* the interval of the predicted change is above 0 */
  XS_PREDICTED_LOSS,  /* below 0 */
  XS_NO_CLEAR_CHANGE, /* includes 0 */
  XS_LABELS_LOST,     /* fewer labels kept than the classifier gets right at the target unadapted */
  XS_CLASS_LOST,      /* one class is kept less than half as often as that */
  XS_PRIORS_DIFFER,   /* the classes are not as common at the target as at the source */
  XS_PRIORS_OUTWEIGH, /* by more than the predicted gain */
  XS_STRUCK_OUT,      /* the candidate has strikes, but the rule does not heed them */
  XS_REASONS
} xs_reason;

typedef struct xs_judgement {
  xs_outlook outlook;
  xs_interval change; /* the evidence's, or MOVER of after and before (Zou and Donner 2008) */
  int reasons;
  xs_reason reason[XS_REASONS];
} xs_judgement;

/* Decides by these rules:
 *   with strikes: hurts
 *   change above 0: helps; but unclear where labels or a class are lost, or priors outweigh it
 *   change includes 0: unclear; but hurts where labels are lost
 *   change below 0: hurts
 * XS_HARM and a message that says why where it hurts; XS_USAGE where before or after is not known.
 */
XS_API xs_status xs_judge(const xs_evidence *e, xs_judgement *out);
XS_API const char *xs_outlook_word(xs_outlook o); /* "helps", "unclear", "hurts" */
XS_API const char *xs_reason_text(xs_reason r);   /* a sentence */

#ifdef __cplusplus
}
#endif

#endif
