/* xsite_stats.h: statistics beside the measures of xsite.h: tests, calibration, operating points,
 * spread, label equivalents.  Part of xsite.h.
 *
 * Intervals are of 95 %.  Bootstrap intervals are percentiles of replicates that draw whole groups;
 * equal seeds give equal bytes for any number of threads, and replicates in which a number is not
 * defined (a class or a bin without images) are left out of its interval.  Logits that are not
 * finite are refused, naming the image; features are not looked at.
 */
#ifndef XSITE_STATS_H
#define XSITE_STATS_H

#include "xsite.h"

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
 * least two groups with a positive and two with a negative.  The variance of classes that are
 * separated wholly is 0: the interval is then too narrow. */
xs_status xs_delong_auc(const xs_labelled_outputs *x, xs_delong *out);
/* logit_b [n][2]: another classifier on the images of a. */
xs_status xs_delong_test(const xs_labelled_outputs *a, const float *logit_b,
                         xs_delong_difference *out);

#endif
