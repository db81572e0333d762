/* xsite/measure.h: functions on arrays: AUC, intervals, tests, calibration, operating points,
 * spread, verdicts, label equivalents.
 *
 * Intervals are of 95 %.  Bootstrap intervals are percentiles of replicates that draw whole groups;
 * equal seeds give equal bytes for any number of threads, and replicates in which a number is not
 * defined (a class or a bin without images) are left out of its interval.  Logits that are not
 * finite are refused, naming the image; features are not looked at.
 */
#ifndef XSITE_MEASURE_H
#define XSITE_MEASURE_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xs_outputs { /* what one classifier says of n images; lent */
  int64_t n;
  int classes, width;
  const float *logit;    /* [n][classes] */
  const float *feature;  /* [n][width], before the last layer; NULL where no function asks for it */
  const uint64_t *group; /* [n] patients, or NULL: each image is its own */
} xs_outputs;

typedef struct xs_labelled_outputs { /* of the source site, or where results are measured */
  xs_outputs of;
  const int32_t *label; /* [n]; outside 0 .. classes-1 is left out */
} xs_labelled_outputs;

/* P(score of a positive > score of a negative), ties count half.  NAN where a class is absent. */
XS_API double xs_auc_binary(const float *score, const uint8_t *positive, int64_t n);
/* The score of each class, by which images are ranked and thresholds are set:
 * odds[k] = log P_k / (1 - P_k), which is logit k less the log of the sum of exp of the others; of
 * two classes their difference.  Unlike P it is exact near 1, and unlike a logit it does not change
 * where a constant is added to all.  row, odds [classes], at least 2; NAN where a logit is NAN or
 * no order is known of infinite ones. */
XS_API void xs_log_odds(const float *row, int classes, double *odds);
/* Mean over the classes present of the AUC of one class against the rest, by xs_log_odds: of
 * softmax outputs scikit-learn's roc_auc_score(multi_class="ovr"); of two classes both are equal.
 * logit [n][classes]; label outside 0..classes-1 is left out. */
XS_API double xs_auc(const float *logit, const int32_t *label, int64_t n, int classes);
/* Share, in [0,1], of the images whose label has the largest logit, of equal ones the first.  An
 * image with a NAN among its logits counts as wrong; label outside 0..classes-1 is left out; NAN
 * where no image is left. */
XS_API double xs_accuracy(const float *logit, const int32_t *label, int64_t n, int classes);

/* Of 95 %.  Percentiles of bootstrap replicates that draw whole groups (patients) hold for many
 * images: where each class, and the rest, has 200 groups, and the AUC lies within 0.05 and 0.95.
 * Elsewhere the intervals are those of Newcombe 2006 (method 5) with effective numbers of images,
 * of several classes and of differences combined by MOVER: docs/method.md, bench/coverage.md. */
typedef enum xs_interval_method { XS_PERCENTILE, XS_NEWCOMBE } xs_interval_method;
XS_API const char *xs_interval_name(xs_interval_method m); /* "percentile", "newcombe" */

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

XS_API xs_status xs_measure_classifier(const float *logit, const int32_t *label,
                                       const uint64_t *group, int64_t n, int classes,
                                       int replicates, uint64_t seed, xs_measure *out);
XS_API xs_status xs_measure_difference(const float *logit_a, const float *logit_b,
                                       const int32_t *label, const uint64_t *group, int64_t n,
                                       int classes, int replicates, uint64_t seed,
                                       xs_difference *out);

/* A subgroup is measured where it has so many images of each class, and so many groups. */
enum { XS_SUBGROUP_FEWEST = 10 };

typedef struct xs_subgroup { /* a part of the images, as those of men, or of one scanner */
  int64_t n, groups;
  bool measured;            /* false: it has too few, and all below is 0 */
  xs_measure a, b;          /* of two classifiers */
  xs_difference difference; /* b minus a */
} xs_subgroup;

/* Each subgroup for itself, as xs_measure_classifier and xs_measure_difference do it.  subgroup
 * [n]: that of each image, outside 0 .. subgroups-1 none; logit_b [n][classes]: another classifier
 * on the images of a, NULL: b and the difference stay 0; out [subgroups]. */
XS_API xs_status xs_measure_subgroups(const xs_labelled_outputs *a, const float *logit_b,
                                      const int32_t *subgroup, int subgroups, int replicates,
                                      uint64_t seed, xs_subgroup *out);

XS_API double xs_salvage(double external, double adapted,
                         double ceiling); /* NAN where the gap is 0 */
/* Ratio of the mean gain to the mean gap; median over pairs of the salvage; mean of gain/external.
 */
XS_API double xs_average_salvage(const double *external, const double *adapted,
                                 const double *ceiling, int n);
XS_API double xs_median_salvage(const double *external, const double *adapted,
                                const double *ceiling, int n);
XS_API double xs_mean_relative_gain(const double *external, const double *adapted, int n);

/* ==== DeLong: intervals and test of AUCs without resampling =================================== */

typedef struct xs_delong { /* AUC in [0,1] */
  double auc, error;       /* error: standard error */
  double low, high;        /* auc -+ 1.96 error, cut to [0,1] */
} xs_delong;

typedef struct xs_delong_difference { /* AUC of b minus AUC of a on the same images */
  double value, error, low, high;
  double z, p; /* two-sided, normal; without any variance z and p are NAN, or 0 and 1 if equal */
} xs_delong_difference;

/* Variance of DeLong, DeLong and Clarke-Pearson 1988 (Biometrics 44:837), from ranks as Sun and Xu
 * 2014 (IEEE Signal Processing Letters 21:1389), ties by midranks; with groups that of Obuchowski
 * 1997 (Biometrics 53:567), which is the same where every group is one image.  Two classes only, at
 * least two groups with a positive and two with a negative.  Where the variance found is 0, as of
 * classes that are separated wholly, nothing is known of the interval: low and high are NAN. */
XS_API xs_status xs_delong_auc(const xs_labelled_outputs *x, xs_delong *out);
/* logit_b [n][2]: another classifier on the images of a. */
XS_API xs_status xs_delong_test(const xs_labelled_outputs *a, const float *logit_b,
                                xs_delong_difference *out);

/* ==== several tests =========================================================================== */

/* p values adjusted for n comparisons (pairs of sites, say), in the order given: Holm 1979
 * (Scandinavian Journal of Statistics 6:65).  NAN stays NAN and is not counted.  adjusted may be p.
 */
XS_API xs_status xs_holm(const double *p, int n, double *adjusted);

typedef struct xs_anova {
  double f, p;
  int64_t between, within; /* degrees of freedom */
} xs_anova;

/* One-way analysis of variance (Fisher 1925).  value: the samples one after the other, size[i] >= 1
 * of sample i.  F is infinite and p 0 where samples differ but none varies. */
XS_API xs_status xs_anova_test(const double *value, const int64_t *size, int samples,
                               xs_anova *out);

/* ==== calibration ============================================================================= */

enum { XS_BINS = 15 };

typedef struct xs_reliability {
  int64_t n;
  double predicted;     /* mean probability; NAN in an empty bin */
  xs_interval observed; /* share of images for which it came true; at least Wilson's, by groups */
} xs_reliability;

typedef struct xs_calibration {
  xs_reliability bin[XS_BINS]; /* bin b: above b/15, at most (b+1)/15; the first has 0 too */
  xs_interval ece;             /* mean over images of |observed - predicted| of their bin */
  xs_interval brier;
  int64_t n, groups;
} xs_calibration;

/* Of two classes P(class 1) and whether it is class 1; of more the largest probability and whether
 * that class is right (Guo et al. 2017, ICML; Naeini et al. 2015, AAAI).  Brier score (Brier 1950):
 * two classes mean (P(class 1) - truth)^2, in [0,1]; more the mean of the sum over classes, in
 * [0,2], which of two classes would be twice the former.  Resampling adds noise to bins: the
 * interval of the ECE lies high, and above the value where the classifier is well calibrated. */
XS_API xs_status xs_calibration_measure(const xs_labelled_outputs *x, int replicates, uint64_t seed,
                                        xs_calibration *out);

typedef struct xs_temperature {
  double value;                   /* T: probabilities are softmax(logit / T) */
  double loss_before, loss_after; /* mean negative log likelihood, T = 1 and T = value */
  bool
      bounded; /* value is a bound of the range: no temperature makes these answers probabilities */
} xs_temperature;

/* The T in [0.01, 100] of the least negative log likelihood of (validation) images: Guo et al.
 * 2017. The upper bound where logits say nothing, or the opposite. */
XS_API xs_status xs_temperature_fit(const xs_labelled_outputs *x, xs_temperature *out);
/* scaled [n][classes] = logit / temperature; may be logit. */
XS_API void xs_temperature_apply(const float *logit, int64_t n, int classes, double temperature,
                                 float *scaled);

/* ==== operating points ======================================================================== */

typedef struct xs_rate {
  int64_t n;          /* images of which it is a share; value and bootstrap are NAN where 0 */
  xs_interval wilson; /* as if images were independent and the threshold given */
  xs_interval
      bootstrap; /* groups of both sites drawn, the threshold chosen anew each time; at least
                  * Wilson's with the number of images divided by the groups' design effect */
} xs_rate;

typedef struct xs_operating_point {
  double threshold;   /* positive: log odds log(P/(1-P)) of the class >= threshold */
  double probability; /* the same threshold of P */
  xs_rate chosen_sensitivity, chosen_specificity;   /* at the site where it was chosen */
  xs_rate carried_sensitivity, carried_specificity; /* at the other site */
} xs_operating_point;

/* The highest threshold whose sensitivity for class `positive` against the rest is at least
 * `sensitivity`, in (0,1], on one site's (validation) images, and what it gives at another.  The
 * two sites are resampled independently: no group is to be in both. */
XS_API xs_status xs_operating_point_carry(const xs_labelled_outputs *chosen,
                                          const xs_labelled_outputs *carried, int positive,
                                          double sensitivity, int replicates, uint64_t seed,
                                          xs_operating_point *out);

/* ==== spread ================================================================================== */

/* Population variance over domains of a model's AUC, in squared units of the AUC (the paper's are
 * percentage points).  NAN values are left out; NAN where none is left. */
XS_API double xs_domain_spread(const double *auc, int n);

typedef struct xs_spread {
  int n;            /* values that are numbers */
  double mean;      /* NAN where n is 0, as low and high */
  double deviation; /* of a sample (n - 1); NAN where n < 2 */
  double low, high; /* least and greatest value */
} xs_spread;

XS_API xs_spread xs_spread_of(const double *value, int n); /* of runs with different seeds, say */

/* ==== replicates ============================================================================== */

/* value [replicates]: the AUCs of which xs_measure_classifier's percentiles are made, NAN where not
 * defined.  Of two classifiers on the same images replicate i draws the same groups. */
XS_API xs_status xs_auc_replicates(const xs_labelled_outputs *x, int replicates, uint64_t seed,
                                   double *value);
/* low, high and p of a difference from its bootstrap replicates [n], which are sorted; as of
 * xs_measure_difference.  Returns how many of them are numbers; with none, *d stays as it is. */
XS_API int xs_difference_of(double *replicate, int n, xs_difference *d);

/* ==== how many images to label =============================================================== */

/* Half the width of the 95 % interval that an AUC is expected to have on so many images, of which
 * `share` in (0,1) is positive, independent of each other: Hanley and McNeil 1982 (Radiology
 * 143:29).  INFINITY with less than one image of a class. */
XS_API double xs_auc_half_width(double auc, double share, double images);
/* The least number of images for which that is at most half_width; 0 where auc or share is not
 * between 0 and 1, or half_width not above 0. */
XS_API int64_t xs_images_for_auc(double auc, double share, double half_width);

/* ==== the verdict ============================================================================ */

typedef enum xs_verdict_kind {
  XS_USE_IT,      /* the classifier as it is */
  XS_USE_ADAPTED, /* the adapted one */
  XS_DO_NOT_USE,  /* neither */
  XS_CANNOT_TELL  /* the intervals leave it open */
} xs_verdict_kind;
XS_API const char *xs_verdict_word(xs_verdict_kind k); /* "use it", "use the adapted one", ... */

typedef struct xs_verdict_classifier { /* at the site; NANs: not known */
  xs_interval auc;
  double one_class;   /* share of the images that get the class which it gives most often */
  double most_common; /* share of the images that are of the most common class, by their labels */
} xs_verdict_classifier;

#define XS_NEARLY_ALL 0.95 /* of the images are given one class */
/* Gives one class to nearly all images, and to at least half of those that the most common class
 * does not account for. */
XS_API bool xs_calls_one_class(const xs_verdict_classifier *c);

typedef struct xs_verdict_evidence {
  xs_interval internal;                    /* AUC at the classifier's own site */
  xs_verdict_classifier external, adapted; /* as it is, and adapted; AUCs of NAN: not measured */
  xs_interval gain;                        /* adapted less external, paired */
  double least;                            /* AUC that a classifier needs to be of any use */
  double margin;   /* AUC in (0,1) that may be lost before a classifier is no longer as good */
  double images;   /* labelled ones of the site on which that was measured */
  double positive; /* share of them that is positive; of more classes the smallest class's */
} xs_verdict_evidence;

typedef struct xs_verdict {
  xs_verdict_kind kind;
  int64_t label; /* so many labelled images would tell or, where neither is to be used, are needed
                  * to test a better one to within the margin; 0: none */
  double within; /* half the width that an AUC's 95 % interval is expected to have with so many */
} xs_verdict;

/* A test of non-inferiority on 95 % intervals: a classifier can be used where the loss against its
 * own site (MOVER, Zou and Donner 2008) is below the margin with its whole interval, all of its
 * AUC's interval is above the least, and it does not give nearly all images one class.  It is not
 * to be used where the loss is above the margin or the AUC below the least with its whole interval,
 * or where one class is called.  The adapted one is preferred where its gain's interval is above 0.
 */
XS_API xs_verdict xs_verdict_of(const xs_verdict_evidence *e);

/* Of the mean of n numbers that have intervals x of few images, by MOVER (Zou and Donner 2008,
 * Statistics in Medicine 27:1693): their correlations are those of replicate [n][replicates], NAN
 * where not defined.  p: bounds are taken to move in proportion to the normal point. */
XS_API void xs_mean_interval(const xs_interval *x, int n, const double *replicate, int replicates,
                             xs_difference *out);

/* ==== labelled-image equivalent =============================================================== */

/* The number of labelled target images with which training from labels reaches the AUC `adapted`.
 * The learning curve goes through auc[i] at count[i] images (count positive, ascending), linear in
 * log count, and counts as reached what a smaller count reached (running maximum).
 * out->value: 0 means fewer than count[0], INFINITY more than count[points-1]; so may low and high.
 * They are order statistics over replicates: auc_replicate [replicates][points], adapted_replicate
 * [replicates]; replicates with a NAN are left out; NAN where replicates is 0. */
XS_API xs_status xs_label_equivalent(const double *count, const double *auc, int points,
                                     double adapted, const double *auc_replicate,
                                     const double *adapted_replicate, int replicates,
                                     xs_interval *out);

#ifdef __cplusplus
}
#endif

#endif
