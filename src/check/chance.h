/* chance.h: what the AUC of an attribute's levels comes to where they tell nothing. */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>

#include "target_encoding.h"

typedef struct chance {
  double auc, error; /* mean and standard deviation */
} chance;

/* The rank sum test's (Mann and Whitney 1947), a group counting as one image: of an AUC of one
 * half. Of several answers as if all erred together.  answer, group [n]. */
double chance_error(const int32_t *answer, const uint64_t *group, int64_t n, int answers);

/* From encodings (target_encoding_apply) of the same levels with the answers exchanged between
 * groups: at a site of few images the folds' shares differ so much that the rank sum test's error
 * is too small.
 */
chance chance_drawn(const target_encoding *x, const int32_t *answer, const uint64_t *group,
                    int answers, uint64_t seed);

#endif
