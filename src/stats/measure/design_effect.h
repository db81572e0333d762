/* design_effect.h: by how much the images of groups say less than as many independent ones. */
#ifndef DESIGN_EFFECT_H
#define DESIGN_EFFECT_H

#include "placements.h"

/* The variance that the groups of a ranking show, as a multiple of that of its images: of few
 * groups it is often too small by chance, and is then at least what the correlation of ranks within
 * a group says (Kish 1965: 1 + (images a group - 1) x correlation).  NAN where neither side varies,
 * or one has a single group. */
double design_effect(const ranking *r, const placements *v);

#endif
