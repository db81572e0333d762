/* resampling.h: what bootstrap intervals share: groups drawn as a whole, and percentiles. */
#ifndef RESAMPLING_H
#define RESAMPLING_H

#include <stdint.h>

typedef struct resample { /* what is drawn, and how often */
  uint64_t seed, stream;
  int64_t units;
  int64_t draws;
  int replicates;
} resample;

/* weight [units]: how often each unit is drawn, a pure function of (seed, stream, replicate). */
void resample_weights(const resample *s, int replicate, uint32_t *weight);

/* unit [n_kept]: the index of each kept image's group among the sorted distinct keys.  kept NULL:
 * the first n_kept; group NULL: each image is its own.  Returns the number of groups. */
int64_t resample_groups(const uint64_t *group, const int64_t *kept, int64_t n_kept, uint32_t *unit);

/* Moves the values that are numbers to the front, in order, and returns how many they are. */
int resample_defined(double *value, int n);
/* p in [0,1]: linear between order statistics (R's type 7, numpy's default). */
double resample_quantile(const double *sorted, int n, double p);
/* 95 % percentile interval.  Sorts the values that are numbers to the front and returns how many
 * they are; with none, low and high stay as they are. */
int resample_interval(double *value, int n, double *low, double *high);

#endif
