/* published.c: published values.  Source: A. A. Valliani et al., Deploying deep learning models on
 * unseen medical imaging using adversarial domain adaptation, PLOS ONE 17(10), 2022,
 * doi 10.1371/journal.pone.0273262, Results; intervals of means as its abstract prints them (mean
 * +- 1.96 sd / sqrt(1000) of bootstrap replicates).  AUC, salvage and gain in per cent. */
#include "published.h"

#include <math.h>
#include <string.h>

#define ALONE(x)                                                                                   \
  { x, NAN, NAN } /* without an interval */

static const paper papers[] = {
    {.name = "digits",
     .what = "digits study",
     .figure = 2,
     .pairs = 6,
     .summary = {.internal = {99.87, 99.87, 99.87},
                 .external = {91.85, 91.82, 91.88},
                 .adapted = ALONE(94.66),
                 .gain = ALONE(94.66 - 91.85),
                 .gain_p = NAN,
                 .average_salvage = 35.0,
                 .median_salvage = 83.16,
                 .relative_gain = 3.04,
                 .oracle = NAN,
                 .regret = NAN,
                 .worse = NAN},
     .spread = {{0.1, 112.06}, {100, 0.01}}},
    {.name = "chest",
     .what = "chest X-ray study",
     .figure = 3,
     .pairs = 12,
     .summary = {.internal = {78.07, 77.97, 78.17},
                 .external = {71.43, 71.32, 71.60},
                 .adapted = ALONE(73.07),
                 .gain = ALONE(73.07 - 71.43),
                 .gain_p = NAN,
                 .average_salvage = 24.7,
                 .median_salvage = 20.98,
                 .relative_gain = 2.42,
                 .oracle = NAN,
                 .regret = NAN,
                 .worse = NAN},
     .spread = {{0.1, 26.12}, {100, 23.83}}},
};

const paper *paper_of(const results *r) {
  const char *name = json_string_value(report_setting(r, NULL, "paper"));
  for (size_t i = 0; name && i < sizeof papers / sizeof *papers; i++) {
    if (strcmp(papers[i].name, name) == 0) return &papers[i];
  }
  return NULL;
}

double paper_spread_at(const paper *p, double percent) {
  for (int i = 0; p && i < 2; i++) {
    if (fabs(p->spread[i].percent - percent) < 1e-9) return p->spread[i].spread;
  }
  return NAN;
}
