/* seeds.h: the runs of one study under several seeds, and how far their numbers lie apart. */
#ifndef SEEDS_H
#define SEEDS_H

#include "results.h"

typedef struct seeds {
  int n;        /* 1 or more */
  results *run; /* [n] of the same pairs, by seed */
} seeds;

/* Whether a folder holds runs under several seeds. */
bool seeds_are_in(const char *dir);
/* DIR/seed-N for every such folder.  Fails where one is not finished, is not as it was sealed, or
 * has other pairs, settings or data than the first. */
int seeds_read(const char *dir, seeds *out);
void seeds_free(seeds *s);

/* What is measured in each of them: "external", "adapted" (the chosen one), "ceiling", "oracle", or
 * a method of the portfolio.  A name of candidate k of a pair, NULL from the last one on. */
const char *seeds_name(const seeds *s, int at, int k);
typedef struct seed_value { /* in per cent; NAN: not measured */
  double auc, accuracy;
} seed_value;
seed_value seeds_value(const seeds *s, int at, const char *name, int seed);
/* The mean over the pairs that have it under every seed. */
seed_value seeds_mean(const seeds *s, const char *name, int seed);

typedef struct spread { /* of the numbers among n values; NAN where there are none */
  double mean, deviation /* of a sample, n - 1 */, least, largest;
} spread;
spread spread_of(const double *value, int n);

/* Pairs and seeds under which the chosen classifier has a lower AUC than the one that was not
 * adapted, of how many that were measured. */
int seeds_worse(const seeds *s, int *of);

#endif
