/* Variances of AUCs and their differences (DeLong et al. 1988; groups: Obuchowski 1997) from one
 * pass over the sorted scores (Sun and Xu 2014). */
#include "error.h"
#include "file.h"
#include "labelled.h"
#include "normal.h"
#include "ranking.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct class_counts {
  int64_t *positive, *negative; /* [groups] images of each group */
  int64_t positives, negatives; /* images in all */
  int64_t with_positive, with_negative, groups;
} class_counts;

typedef struct components { /* of one classifier */
  double auc;
  /* [groups] sums over a group's positives of the share of negatives that they beat, and over its
   * negatives of the share of positives that beat them, less the AUC for each */
  double *positive, *negative;
} components;

static void count_classes(const labelled *t, class_counts *c) {
  *c = (class_counts){.groups = t->groups};
  c->positive = memory_new((size_t)t->groups * sizeof *c->positive);
  c->negative = memory_new((size_t)t->groups * sizeof *c->negative);
  for (int64_t i = 0; i < t->n; i++) {
    (t->label[t->kept[i]] == 1 ? c->positive : c->negative)[t->unit[i]]++;
  }
  for (int64_t u = 0; u < t->groups; u++) {
    c->positives += c->positive[u];
    c->negatives += c->negative[u];
    c->with_positive += c->positive[u] > 0;
    c->with_negative += c->negative[u] > 0;
  }
}

static void release_counts(class_counts *c) {
  free(c->positive);
  free(c->negative);
}

/* Entries from..to are tied: each of their positives beats `beaten` negatives, and `beating`
 * positives beat each of their negatives. */
static void add_tied(const ranking *r, int64_t from, int64_t to, double beaten, double beating,
                     components *v) {
  for (int64_t i = from; i <= to; i++) {
    bool positive = r->entry[i] >> 1 & 1;
    (positive ? v->positive : v->negative)[r->entry[i] >> 2] += positive ? beaten : beating;
  }
}

static void sum_components(const ranking *r, const class_counts *c, components *v) {
  int64_t from = 0, negative = 0, positive = 0, tied = 0; /* images below; tied positives */
  for (int64_t i = 0; i < r->n; i++) {
    tied += r->entry[i] >> 1 & 1;
    if (!(r->entry[i] & 1)) continue;
    int64_t tied_negative = i + 1 - from - tied;
    add_tied(r, from, i, (double)negative + (double)tied_negative / 2,
             (double)(c->positives - positive) - (double)tied / 2, v);
    positive += tied;
    negative += tied_negative;
    from = i + 1;
    tied = 0;
  }
}

static void make_components(const labelled *t, const class_counts *c, const float *logit,
                            components *v) {
  v->positive = memory_new((size_t)c->groups * sizeof *v->positive);
  v->negative = memory_new((size_t)c->groups * sizeof *v->negative);
  ranking_set ranks;
  ranking_set_make(&ranks, logit, t->label, t->classes, t->kept, t->n, t->unit);
  v->auc = ranking_set_auc(&ranks, NULL);
  sum_components(ranks.item, c, v);
  ranking_set_release(&ranks);
  for (int64_t u = 0; u < c->groups; u++) {
    v->positive[u] = v->positive[u] / (double)c->negatives - (double)c->positive[u] * v->auc;
    v->negative[u] = v->negative[u] / (double)c->positives - (double)c->negative[u] * v->auc;
  }
}

static void release_components(components *v) {
  free(v->positive);
  free(v->negative);
}

static double product(const double *a, const double *b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* n / (n - 1): a sample's variance from a mean of squares */
static double unbias(int64_t n) { return (double)n / (double)(n - 1); }

/* Root of the variance S10 / m + S01 / n + 2 S11 / (m n) of Obuchowski 1997. */
static double standard_error(const class_counts *c, const components *v) {
  double m = (double)c->positives, n = (double)c->negatives;
  double s10 = unbias(c->with_positive) * product(v->positive, v->positive, c->groups) / m;
  double s01 = unbias(c->with_negative) * product(v->negative, v->negative, c->groups) / n;
  double s11 = unbias(c->groups) * product(v->positive, v->negative, c->groups);
  return sqrt(fmax(0, s10 / m + s01 / n + 2 * s11 / (m * n)));
}

static xs_status check_counts(const labelled *t, const class_counts *c) {
  if (c->positives == 0 || c->negatives == 0) return labelled_one_class(t, "DeLong interval");
  if (c->with_positive < 2 || c->with_negative < 2) {
    return fail(XS_FAILED,
                "no DeLong interval: %" PRId64 " groups of images have a positive and %" PRId64
                " a negative, at least 2 of each are needed",
                c->with_positive, c->with_negative);
  }
  return XS_OK;
}

static xs_status open_images(const xs_labelled_outputs *x, labelled *t, class_counts *c) {
  *t = (labelled){0};
  *c = (class_counts){0};
  if (x->of.classes != 2) {
    return fail(XS_USAGE, "no DeLong interval: %d classes, it is for 2; use the bootstrap interval",
                x->of.classes);
  }
  xs_status status = labelled_make(t, "DeLong interval", x->label, x->of.group, x->of.n, 2);
  if (status != XS_OK) return status;
  count_classes(t, c);
  return check_counts(t, c);
}

xs_status xs_delong_auc(const xs_labelled_outputs *x, xs_delong *out) {
  *out = (xs_delong){0};
  labelled t;
  class_counts c;
  xs_status status = open_images(x, &t, &c);
  if (status == XS_OK) status = labelled_check_finite(&t, "DeLong interval", x->of.logit);
  if (status == XS_OK) {
    components v;
    make_components(&t, &c, x->of.logit, &v);
    out->auc = v.auc;
    out->error = standard_error(&c, &v);
    out->low = fmax(0, v.auc - NORMAL_97_5 * out->error);
    out->high = fmin(1, v.auc + NORMAL_97_5 * out->error);
    release_components(&v);
  }
  release_counts(&c);
  labelled_release(&t);
  return status;
}

/* Variances are bilinear in the components, so that of a difference is that of their difference,
 * which is left in b. */
static void compare(const class_counts *c, const components *a, components *b,
                    xs_delong_difference *d) {
  for (int64_t u = 0; u < c->groups; u++) {
    b->positive[u] -= a->positive[u];
    b->negative[u] -= a->negative[u];
  }
  d->value = b->auc - a->auc;
  d->error = standard_error(c, b);
  d->low = d->value - NORMAL_97_5 * d->error;
  d->high = d->value + NORMAL_97_5 * d->error;
  bool varies = d->error > 1e-12; /* more than by rounding */
  d->z = d->value == 0 ? 0 : varies ? d->value / d->error : NAN;
  d->p = erfc(fabs(d->z) / sqrt(2));
}

xs_status xs_delong_test(const xs_labelled_outputs *a, const float *logit_b,
                         xs_delong_difference *out) {
  *out = (xs_delong_difference){0};
  labelled t;
  class_counts c;
  xs_status status = open_images(a, &t, &c);
  if (status == XS_OK) status = labelled_check_finite(&t, "DeLong test", a->of.logit);
  if (status == XS_OK) status = labelled_check_finite(&t, "DeLong test", logit_b);
  if (status == XS_OK) {
    components va, vb;
    make_components(&t, &c, a->of.logit, &va);
    make_components(&t, &c, logit_b, &vb);
    compare(&c, &va, &vb, out);
    release_components(&va);
    release_components(&vb);
  }
  release_counts(&c);
  labelled_release(&t);
  return status;
}
