/* auc_interval.h: which interval an AUC, or a difference of two, has. */
#ifndef AUC_INTERVAL_H
#define AUC_INTERVAL_H

#include "labelled.h"
#include "ranking.h"

/* Of a, or of b minus a where b is not NULL; NAN where no class has both a positive and a negative.
 * replicates and seed: of a percentile interval.  p is of the same kind as the interval. */
xs_difference auc_interval(const labelled *t, const ranking_set *a, const ranking_set *b,
                           int replicates, uint64_t seed);
/* value [replicates]: bootstrap replicates, groups drawn, of what auc_interval is of. */
void auc_replicates(const labelled *t, const ranking_set *a, const ranking_set *b, int replicates,
                    uint64_t seed, double *value);

#endif
