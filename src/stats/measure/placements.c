/* One pass over the sorted scores (Sun and Xu 2014). */
#include "placements.h"

#include "dot.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static bool is_positive(uint32_t entry) { return entry >> 1 & 1; }
static uint32_t unit_of(uint32_t entry) { return entry >> 2; }

static int64_t count_nonzero(const int64_t *count, int64_t n) {
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) found += count[i] > 0;
  return found;
}

static void count_sides(const ranking *r, placements *v) {
  int64_t *positive = memory_new((size_t)v->groups * sizeof *positive);
  int64_t *negative = memory_new((size_t)v->groups * sizeof *negative);
  for (int64_t i = 0; i < r->n; i++) {
    (is_positive(r->entry[i]) ? positive : negative)[unit_of(r->entry[i])]++;
    v->positives += is_positive(r->entry[i]);
  }
  v->negatives = r->n - v->positives;
  v->with_positive = count_nonzero(positive, v->groups);
  v->with_negative = count_nonzero(negative, v->groups);
  free(positive);
  free(negative);
}

/* Entries from..to are tied: their positives beat a share `beaten` of the negatives, and a share
 * `beating` of the positives beats their negatives. */
static void add_tied(const ranking *r, int64_t from, int64_t to, double beaten, double beating,
                     placements *v) {
  const double more = beaten - v->auc, less = beating - v->auc;
  for (int64_t i = from; i <= to; i++) {
    const bool positive = is_positive(r->entry[i]);
    (positive ? v->positive : v->negative)[unit_of(r->entry[i])] += positive ? more : less;
    *(positive ? &v->square_positive : &v->square_negative) += positive ? more * more : less * less;
  }
}

void placements_make(const ranking *r, int64_t groups, placements *v) {
  *v = (placements){.auc = ranking_auc(r, NULL),
                    .groups = groups,
                    .positive = memory_new((size_t)groups * sizeof *v->positive),
                    .negative = memory_new((size_t)groups * sizeof *v->negative)};
  count_sides(r, v);
  const double m = (double)v->positives, n = (double)v->negatives;
  int64_t from = 0, negative = 0, positive = 0, tied = 0; /* images below; tied positives */
  for (int64_t i = 0; i < r->n; i++) {
    tied += is_positive(r->entry[i]);
    if (!(r->entry[i] & 1)) continue;
    const int64_t tied_negative = i + 1 - from - tied;
    add_tied(r, from, i, ((double)negative + (double)tied_negative / 2) / n,
             (m - (double)positive - (double)tied / 2) / m, v);
    positive += tied;
    negative += tied_negative;
    from = i + 1;
    tied = 0;
  }
}

void placements_release(placements *v) {
  free(v->positive);
  free(v->negative);
  *v = (placements){0};
}

/* n / (n - 1): a sample's variance from a mean of squares */
static double unbias(int64_t n) { return (double)n / (double)(n - 1); }

double placements_variance(const placements *v) {
  const double m = (double)v->positives, n = (double)v->negatives;
  const double s10 = unbias(v->with_positive) * dot(v->positive, v->positive, v->groups) / m;
  const double s01 = unbias(v->with_negative) * dot(v->negative, v->negative, v->groups) / n;
  const double s11 = unbias(v->groups) * dot(v->positive, v->negative, v->groups);
  return fmax(0, s10 / m + s01 / n + 2 * s11 / (m * n));
}

double placements_influence(const placements *v, int64_t group) {
  return v->positive[group] / (double)v->positives + v->negative[group] / (double)v->negatives;
}

double placements_correlation(const placements *a, const placements *b) {
  double aa = 0, bb = 0, ab = 0;
  for (int64_t g = 0; g < a->groups; g++) {
    const double x = placements_influence(a, g), y = placements_influence(b, g);
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
