#include "auc_interval.h"

#include "memory.h"
#include "newcombe.h"
#include "normal.h"
#include "random.h"
#include "replicates.h"

#include <math.h>
#include <stdlib.h>

/* Below so many groups of a class, or where classes are so nearly separated, percentiles do not
 * hold: bench/coverage.md. */
enum { FEWEST_GROUPS = 200 };
static const double SEPARATED = 0.95;

/* ---- percentiles -------------------------------------------------------------------------------
 */

typedef struct ranked { /* one classifier, or two to be compared */
  const ranking_set *a, *b;
} ranked;

static double value_of(const ranked *x, const uint32_t *weight) {
  const double auc = ranking_set_auc(x->a, weight);
  return x->b ? ranking_set_auc(x->b, weight) - auc : auc;
}

static void statistic(const void *context, const uint32_t *weight, double *out) {
  *out = value_of(context, weight);
}

void auc_replicates(const labelled *t, const ranking_set *a, const ranking_set *b, int replicates,
                    uint64_t seed, double *value) {
  const resample s = {seed, random_stream("bootstrap of groups"), t->groups, t->groups, replicates};
  replicates_run(&s, 1, statistic, &(ranked){a, b}, 1, value);
}

/* ---- of few images -----------------------------------------------------------------------------
 */

typedef struct terms { /* the classes of one classifier, or of two */
  placements *place;   /* [sum.n] */
  newcombe_sum sum;
  int64_t fewest; /* groups of the rarest side */
} terms;

static void add_classes(const ranking_set *set, int64_t groups, double sign, terms *x) {
  const int first = x->sum.n;
  for (int k = 0; k < set->n; k++) {
    if (isnan(ranking_auc(&set->item[k], NULL))) continue;
    placements *v = &x->place[x->sum.n];
    placements_make(&set->item[k], groups, v);
    x->sum.term[x->sum.n++] = newcombe_of(&set->item[k], v);
    x->fewest = v->with_positive < x->fewest ? v->with_positive : x->fewest;
    x->fewest = v->with_negative < x->fewest ? v->with_negative : x->fewest;
  }
  for (int i = first; i < x->sum.n; i++) x->sum.coefficient[i] = sign / (x->sum.n - first);
}

static void terms_make(const ranked *r, int64_t groups, terms *x) {
  const size_t most = (size_t)r->a->n + (r->b ? (size_t)r->b->n : 0);
  *x = (terms){.place = memory_new(most * sizeof *x->place), .fewest = groups};
  x->sum = (newcombe_sum){.term = memory_new(most * sizeof *x->sum.term),
                          .coefficient = memory_new(most * sizeof *x->sum.coefficient)};
  add_classes(r->a, groups, r->b ? -1 : 1, x);
  if (r->b) add_classes(r->b, groups, 1, x);
}

static void correlate(terms *x) {
  const int n = x->sum.n;
  const double fewest = (double)x->fewest;
  x->sum.trust = 1 - 1 / (fewest * fewest); /* of two groups any two numbers correlate wholly */
  x->sum.correlation = memory_new((size_t)n * (size_t)n * sizeof *x->sum.correlation);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      x->sum.correlation[i * n + j] = placements_correlation(&x->place[i], &x->place[j]);
    }
  }
}

/* A difference's own variance, found from the groups, is too small by chance where MOVER's is too
 * large: their mean, with less of the former the fewer the groups. */
static void find_variance(terms *x, int64_t groups) {
  double square = 0;
  for (int64_t g = 0; g < groups; g++) {
    double sum = 0;
    for (int i = 0; i < x->sum.n; i++) {
      sum += x->sum.coefficient[i] * placements_influence(&x->place[i], g);
    }
    square += sum * sum;
  }
  if (x->fewest < 2 || !(square > 0)) return;
  x->sum.variance = square * (double)x->fewest / (double)(x->fewest - 1);
  x->sum.share = 0.5 * (double)x->fewest / (double)(x->fewest + 2);
}

static void terms_release(terms *x) {
  for (int i = 0; i < x->sum.n; i++) placements_release(&x->place[i]);
  free(x->place);
  free(x->sum.term);
  free(x->sum.coefficient);
  free(x->sum.correlation);
}

static bool is_separated(const ranking_set *s) {
  const double auc = s ? ranking_set_auc(s, NULL) : 0.5;
  return auc > SEPARATED || auc < 1 - SEPARATED;
}

/* ---- the interval ------------------------------------------------------------------------------
 */

static bool rank_alike(const ranking_set *a, const ranking_set *b) {
  for (int k = 0; k < a->n; k++) {
    for (int64_t i = 0; i < a->item[k].n; i++) {
      if (a->item[k].entry[i] != b->item[k].entry[i]) return false;
    }
  }
  return true;
}

static void use_newcombe(terms *x, const ranked *r, int64_t groups, xs_difference *d) {
  d->interval = XS_NEWCOMBE;
  if (r->b && rank_alike(r->a, r->b)) {
    d->low = d->high = d->value;
    d->p = 1;
    return;
  }
  correlate(x);
  if (r->b) find_variance(x, groups);
  d->low = d->value - newcombe_sum_below(&x->sum, NORMAL_97_5);
  d->high = d->value + newcombe_sum_above(&x->sum, NORMAL_97_5);
  d->p = r->b ? newcombe_sum_p(&x->sum) : NAN;
}

xs_difference auc_interval(const labelled *t, const ranking_set *a, const ranking_set *b,
                           int replicates, uint64_t seed) {
  const ranked r = {a, b};
  xs_difference d = {value_of(&r, NULL), NAN, NAN, NAN, XS_PERCENTILE};
  if (isnan(d.value)) return d;
  terms x;
  terms_make(&r, t->groups, &x);
  if (x.fewest < FEWEST_GROUPS || is_separated(a) || is_separated(b)) {
    use_newcombe(&x, &r, t->groups, &d);
  } else {
    double *value = memory_new((size_t)replicates * sizeof *value);
    auc_replicates(t, a, b, replicates, seed, value);
    xs_difference_of(value, replicates, &d);
    free(value);
  }
  terms_release(&x);
  return d;
}

const char *xs_interval_name(xs_interval_method m) {
  static const char *const name[] = {[XS_PERCENTILE] = "percentile", [XS_NEWCOMBE] = "newcombe"};
  return name[m];
}
