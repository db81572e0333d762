/* replicates.h: bootstrap replicates of several numbers at once. */
#ifndef REPLICATES_H
#define REPLICATES_H

#include "resampling.h"
#include "xsite.h"

/* out [width] from how often each unit was drawn; NAN where a number is not defined. */
typedef void replicate_statistic(const void *context, const uint32_t *weight, double *out);

/* value [width][replicates].  The units of sets [n_sets] are drawn independently and the weights of
 * one set stand behind those of the set before it; replicates are those of the first. */
void replicates_run(const resample *sets, int n_sets, replicate_statistic *statistic,
                    const void *context, int width, double *value);
xs_status replicates_check(int replicates); /* are there enough for an interval? */

#endif
