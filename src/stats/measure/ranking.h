/* ranking.h: scores sorted once, so that the AUC of any resample costs one pass without sorting. */
#ifndef RANKING_H
#define RANKING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ranking_item { /* one image before sorting */
  double score;
  uint32_t unit; /* what is drawn as a whole: the image or its group */
  bool positive;
} ranking_item;

typedef struct ranking {
  int64_t n;
  uint32_t *entry; /* [n] by ascending score: unit << 2 | positive << 1 | last of its tie */
} ranking;

typedef struct ranking_set { /* one ranking per class; a single one for two classes */
  int n;
  ranking *item;
} ranking_set;

/* Sorts items in place.  Units are below 2^30. */
void ranking_make(ranking *r, ranking_item *item, int64_t n);
void ranking_release(ranking *r);
/* AUC with image i counted weight[unit of i] times (NULL: once); NAN where a side has no weight.
 * Exact in integers while n^2 of the weighted images is below 2^62. */
double ranking_auc(const ranking *r, const uint32_t *weight);

/* Of logit [n][classes], rows kept[0 .. n_kept-1]; unit [n_kept], NULL: the position in kept. */
void ranking_set_make(ranking_set *s, const float *logit, const int32_t *label, int classes,
                      const int64_t *kept, int64_t n_kept, const uint32_t *unit);
void ranking_set_release(ranking_set *s);
/* Mean AUC over the classes that have a positive and a negative of weight; NAN if none has. */
double ranking_set_auc(const ranking_set *s, const uint32_t *weight);

/* Rows whose label is in 0 .. classes-1; allocated. */
int64_t *ranking_kept(const int32_t *label, int64_t n, int classes, int64_t *n_kept);

#endif
