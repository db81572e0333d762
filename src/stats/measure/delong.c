/* Intervals and test of AUCs from their variances (DeLong et al. 1988; groups: Obuchowski 1997). */
#include "error.h"
#include "labelled.h"
#include "normal.h"
#include "placements.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>

static const double ROUNDING = 1e-12; /* of a variance that is 0 */

static void rank_images(const labelled *t, const float *logit, placements *v) {
  ranking_set ranks;
  ranking_set_make(&ranks, logit, t->label, t->classes, t->kept, t->n, t->unit);
  placements_make(ranks.item, t->groups, v);
  ranking_set_release(&ranks);
}

static xs_status check_counts(const labelled *t, const placements *v) {
  if (v->positives == 0 || v->negatives == 0) return labelled_one_class(t, "DeLong interval");
  if (v->with_positive < 2 || v->with_negative < 2) {
    return fail(XS_FAILED,
                "no DeLong interval: %" PRId64 " groups of images have a positive and %" PRId64
                " a negative, at least 2 of each are needed",
                v->with_positive, v->with_negative);
  }
  return XS_OK;
}

static xs_status open_images(const xs_labelled_outputs *x, labelled *t, placements *v) {
  *t = (labelled){0};
  *v = (placements){0};
  if (x->of.classes != 2) {
    return fail(XS_USAGE,
                "no DeLong interval: %d classes, it is for 2; use the interval of "
                "xs_measure_classifier",
                x->of.classes);
  }
  xs_status status = labelled_make(t, "DeLong interval", x->label, x->of.group, x->of.n, 2);
  if (status == XS_OK) status = labelled_check_finite(t, "DeLong interval", x->of.logit);
  if (status != XS_OK) return status;
  rank_images(t, x->of.logit, v);
  return check_counts(t, v);
}

xs_status xs_delong_auc(const xs_labelled_outputs *x, xs_delong *out) {
  *out = (xs_delong){0};
  labelled t;
  placements v;
  xs_status status = open_images(x, &t, &v);
  if (status == XS_OK) {
    out->auc = v.auc;
    out->error = sqrt(placements_variance(&v));
    const bool varies = out->error > ROUNDING;
    out->low = varies ? fmax(0, v.auc - NORMAL_97_5 * out->error) : NAN;
    out->high = varies ? fmin(1, v.auc + NORMAL_97_5 * out->error) : NAN;
  }
  placements_release(&v);
  labelled_release(&t);
  return status;
}

/* Variances are bilinear in the placements, so that of a difference is that of their difference,
 * which is left in b. */
static void compare(const placements *a, placements *b, xs_delong_difference *d) {
  for (int64_t u = 0; u < a->groups; u++) {
    b->positive[u] -= a->positive[u];
    b->negative[u] -= a->negative[u];
  }
  d->value = b->auc - a->auc;
  d->error = sqrt(placements_variance(b));
  d->low = d->value - NORMAL_97_5 * d->error;
  d->high = d->value + NORMAL_97_5 * d->error;
  bool varies = d->error > ROUNDING;
  d->z = d->value == 0 ? 0 : varies ? d->value / d->error : NAN;
  d->p = erfc(fabs(d->z) / sqrt(2));
}

xs_status xs_delong_test(const xs_labelled_outputs *a, const float *logit_b,
                         xs_delong_difference *out) {
  *out = (xs_delong_difference){0};
  labelled t;
  placements va, vb = {0};
  xs_status status = open_images(a, &t, &va);
  if (status == XS_OK) status = labelled_check_finite(&t, "DeLong test", logit_b);
  if (status == XS_OK) {
    rank_images(&t, logit_b, &vb);
    compare(&va, &vb, out);
  }
  placements_release(&va);
  placements_release(&vb);
  labelled_release(&t);
  return status;
}
