/* published.h: what the paper reports of a study that is repeated here. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "results.h"

typedef struct paper_spread {
  double percent, spread; /* of the pooled images; variance of AUC in per cent */
} paper_spread;

typedef struct paper {
  const char *name; /* of the option `paper` */
  const char *what; /* "digits study" */
  int figure;       /* of its AUCs (A) and their relative change (B) */
  int pairs;
  summary summary;
  paper_spread spread[2];
} paper;

/* That of the study file's option `paper`, or NULL. */
const paper *paper_of(const results *r);
/* The domain spread at this percentage, NAN where there is none; p may be NULL. */
double paper_spread_at(const paper *p, double percent);

#endif
