/* A threshold chosen for its sensitivity at one site, carried to another. */
#include "error.h"
#include "grouped_share.h"
#include "labelled.h"
#include "memory.h"
#include "random.h"
#include "ranking.h"
#include "replicates.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct scored { /* the labelled images of a site, by descending log odds of the class */
  int64_t n, groups;
  ranking_item *item;
} scored;

typedef struct carry {
  scored chosen, carried;
  double sensitivity;
} carry;

typedef struct counts { /* of images, weighted */
  double positives, detected, negatives, rejected;
} counts;

enum { SENSITIVITY, SPECIFICITY, RATES }; /* of the site where it is chosen, then of the other */

static int compare_descending(const void *a, const void *b) {
  double x = ((const ranking_item *)a)->score, y = ((const ranking_item *)b)->score;
  return (x < y) - (x > y);
}

static xs_status make_scored(const xs_labelled_outputs *x, int positive, scored *s) {
  labelled t;
  xs_status status =
      labelled_make(&t, "operating point", x->label, x->of.group, x->of.n, x->of.classes);
  if (status == XS_OK) status = labelled_check_finite(&t, "operating point", x->of.logit);
  if (status == XS_OK) {
    *s = (scored){t.n, t.groups, memory_new((size_t)t.n * sizeof *s->item)};
    double *odds = memory_new((size_t)x->of.classes * sizeof *odds);
    for (int64_t i = 0; i < t.n; i++) {
      xs_log_odds(x->of.logit + t.kept[i] * x->of.classes, x->of.classes, odds);
      s->item[i] = (ranking_item){odds[positive], t.unit[i], x->label[t.kept[i]] == positive};
    }
    free(odds);
    qsort(s->item, (size_t)t.n, sizeof *s->item, compare_descending);
  }
  labelled_release(&t);
  return status;
}

/* weight NULL: every image once. */
static double weight_of(const ranking_item *x, const uint32_t *weight) {
  return weight ? weight[x->unit] : 1;
}

/* The score of the image with which the share of positives reaches the sensitivity; NAN without
 * positives.  1e-9: a product like 0.07 * 100 is not to want one image more. */
static double choose(const scored *s, double sensitivity, const uint32_t *weight) {
  double positives = 0, detected = 0;
  for (int64_t i = 0; i < s->n; i++) {
    if (s->item[i].positive) positives += weight_of(&s->item[i], weight);
  }
  if (positives == 0) return NAN;
  for (int64_t i = 0; i < s->n; i++) {
    if (s->item[i].positive) detected += weight_of(&s->item[i], weight);
    if (detected > 0 && detected >= sensitivity * positives - 1e-9) return s->item[i].score;
  }
  return NAN;
}

static counts count(const scored *s, double threshold, const uint32_t *weight) {
  counts c = {0};
  for (int64_t i = 0; i < s->n; i++) {
    const ranking_item *x = &s->item[i];
    double w = weight_of(x, weight);
    bool called = x->score >= threshold;
    *(x->positive ? &c.positives : &c.negatives) += w;
    if (called == x->positive) *(x->positive ? &c.detected : &c.rejected) += w;
  }
  return c;
}

static void rates(const scored *s, double threshold, const uint32_t *weight, double out[RATES]) {
  counts c = count(s, threshold, weight);
  bool known = !isnan(threshold);
  out[SENSITIVITY] = known && c.positives > 0 ? c.detected / c.positives : NAN;
  out[SPECIFICITY] = known && c.negatives > 0 ? c.rejected / c.negatives : NAN;
}

static void statistic(const void *context, const uint32_t *weight, double *out) {
  const carry *x = context;
  double threshold = choose(&x->chosen, x->sensitivity, weight);
  rates(&x->chosen, threshold, weight, out);
  rates(&x->carried, threshold, weight + x->chosen.groups, out + RATES);
}

/* Of the positives, or of the negatives, those that are called what they are, by group. */
static xs_interval grouped(const scored *s, double threshold, bool positives) {
  double *right = memory_new((size_t)s->groups * sizeof *right);
  double *images = memory_new((size_t)s->groups * sizeof *images);
  for (int64_t i = 0; i < s->n; i++) {
    const ranking_item *x = &s->item[i];
    if (x->positive != positives) continue;
    images[x->unit]++;
    right[x->unit] += (x->score >= threshold) == x->positive;
  }
  const xs_interval given = grouped_wilson(right, images, s->groups);
  free(right);
  free(images);
  return given;
}

/* value [replicates].  Replicates do not vary where all are right: their interval is at least that
 * of a given threshold. */
static xs_rate make_rate(double successes, double n, xs_interval given, double *value,
                         int replicates) {
  double share = successes / n;
  xs_rate r = {(int64_t)n, xs_wilson(share, n), {share, NAN, NAN}};
  if (n > 0 && resample_interval(value, replicates, &r.bootstrap.low, &r.bootstrap.high)) {
    r.bootstrap.low = fmin(r.bootstrap.low, given.low);
    r.bootstrap.high = fmax(r.bootstrap.high, given.high);
  }
  return r;
}

static void make_rates(const scored *s, double threshold, double *value, int replicates,
                       xs_rate *sensitivity, xs_rate *specificity) {
  counts c = count(s, threshold, NULL);
  *sensitivity = make_rate(c.detected, c.positives, grouped(s, threshold, true), value, replicates);
  *specificity = make_rate(c.rejected, c.negatives, grouped(s, threshold, false),
                           value + replicates, replicates);
}

static xs_status measure(const carry *x, int replicates, uint64_t seed, xs_operating_point *out) {
  out->threshold = choose(&x->chosen, x->sensitivity, NULL);
  if (isnan(out->threshold)) {
    return fail(XS_FAILED,
                "no operating point: none of the %" PRId64 " images on which the threshold is to "
                "be chosen is of the class",
                x->chosen.n);
  }
  out->probability = 1 / (1 + exp(-out->threshold));
  const scored *a = &x->chosen, *b = &x->carried;
  const resample sets[2] = {
      {seed, random_stream("bootstrap of groups"), a->groups, a->groups, replicates},
      {seed, random_stream("bootstrap of the other site"), b->groups, b->groups, replicates}};
  double *value = memory_new(2 * (size_t)RATES * (size_t)replicates * sizeof *value);
  replicates_run(sets, 2, statistic, x, 2 * RATES, value);
  make_rates(a, out->threshold, value, replicates, &out->chosen_sensitivity,
             &out->chosen_specificity);
  make_rates(b, out->threshold, value + (int64_t)RATES * replicates, replicates,
             &out->carried_sensitivity, &out->carried_specificity);
  free(value);
  return XS_OK;
}

static xs_status check_request(const xs_labelled_outputs *chosen,
                               const xs_labelled_outputs *carried, int positive, double sensitivity,
                               int replicates) {
  if (chosen->of.classes != carried->of.classes) {
    return fail(XS_USAGE, "no operating point: %d classes at one site and %d at the other",
                chosen->of.classes, carried->of.classes);
  }
  if (positive < 0 || positive >= chosen->of.classes) {
    return fail(XS_USAGE, "no operating point: class %d of %d", positive, chosen->of.classes);
  }
  if (!(sensitivity > 0 && sensitivity <= 1)) {
    return fail(XS_USAGE,
                "no operating point: a sensitivity of %g, it must be above 0 and at most 1",
                sensitivity);
  }
  return replicates_check(replicates);
}

xs_status xs_operating_point_carry(const xs_labelled_outputs *chosen,
                                   const xs_labelled_outputs *carried, int positive,
                                   double sensitivity, int replicates, uint64_t seed,
                                   xs_operating_point *out) {
  *out = (xs_operating_point){0};
  carry x = {.sensitivity = sensitivity};
  xs_status status = check_request(chosen, carried, positive, sensitivity, replicates);
  if (status == XS_OK) status = make_scored(chosen, positive, &x.chosen);
  if (status == XS_OK) status = make_scored(carried, positive, &x.carried);
  if (status == XS_OK) status = measure(&x, replicates, seed, out);
  free(x.chosen.item);
  free(x.carried.item);
  return status;
}
