#include "design_effect.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

enum { FEW_GROUPS = 20 };

typedef struct side { /* the positives or the negatives, and their ranks among themselves */
  int64_t images, groups;
  double square;        /* of all ranks */
  double *images_of;    /* [groups of all] */
  double *sum_of_ranks; /* [groups of all] */
} side;

static void add_tied(const ranking *r, int64_t from, int64_t to, bool positive, double rank,
                     side *s) {
  for (int64_t i = from; i <= to; i++) {
    if ((r->entry[i] >> 1 & 1) != positive) continue;
    s->images_of[r->entry[i] >> 2]++;
    s->sum_of_ranks[r->entry[i] >> 2] += rank;
    s->square += rank * rank;
  }
}

static void rank_side(const ranking *r, int64_t groups, bool positive, side *s) {
  *s = (side){.images_of = memory_new((size_t)groups * sizeof *s->images_of),
              .sum_of_ranks = memory_new((size_t)groups * sizeof *s->sum_of_ranks)};
  int64_t from = 0, tied = 0;
  for (int64_t i = 0; i < r->n; i++) {
    tied += (r->entry[i] >> 1 & 1) == positive;
    if (!(r->entry[i] & 1)) continue;
    add_tied(r, from, i, positive, (double)s->images + ((double)tied + 1) / 2, s);
    s->images += tied;
    from = i + 1;
    tied = 0;
  }
  for (int64_t g = 0; g < groups; g++) s->groups += s->images_of[g] > 0;
}

/* Intraclass correlation by analysis of variance (Donner 1986), cut to [0,1]. */
static double correlation_of(const side *s, int64_t groups) {
  const double n = (double)s->images, k = (double)s->groups, mean = (n + 1) / 2;
  double between = 0, squares = 0;
  for (int64_t g = 0; g < groups; g++) {
    const double of = s->images_of[g], off = of > 0 ? s->sum_of_ranks[g] / of - mean : 0;
    between += of * off * off;
    squares += of * of;
  }
  const double within = fmax(0, s->square - n * mean * mean - between);
  const double size = (n - squares / n) / (k - 1); /* images a group */
  const double b = between / (k - 1), w = within / (n - k);
  return b + (size - 1) * w > 0 ? fmin(1, fmax(0, (b - w) / (b + (size - 1) * w))) : 1;
}

static double effect_of(const ranking *r, int64_t groups, bool positive) {
  side s;
  double effect = 1, squares = 0;
  rank_side(r, groups, positive, &s);
  for (int64_t g = 0; g < groups; g++) squares += s.images_of[g] * s.images_of[g];
  if (s.images > s.groups) {
    const double more = squares / (double)s.images - 1;
    effect += more * (s.groups > 1 ? correlation_of(&s, groups) : 1);
  }
  free(s.images_of);
  free(s.sum_of_ranks);
  return effect;
}

/* Without the corrections for few, so that copies of one image count as one. */
static double found_effect(const placements *v) {
  const double m = (double)v->positives, n = (double)v->negatives;
  const double images = v->square_positive / (m * m) + v->square_negative / (n * n);
  double groups = 0;
  for (int64_t g = 0; g < v->groups; g++) {
    const double x = placements_influence(v, g);
    groups += x * x;
  }
  return images > 0 && groups > 0 ? groups / images : NAN;
}

double design_effect(const ranking *r, const placements *v) {
  const double found = found_effect(v);
  if (isnan(found) || v->with_positive < 2 || v->with_negative < 2) return NAN;
  if (v->with_positive >= FEW_GROUPS && v->with_negative >= FEW_GROUPS) return found;
  return fmax(found, sqrt(effect_of(r, v->groups, true) * effect_of(r, v->groups, false)));
}
