/* data_sets.h: what the sites of a study are, as data sets: counts, and whether they differ. */
#ifndef DATA_SETS_H
#define DATA_SETS_H

#include <jansson.h>

#include "xsite.h"

#define AGE "age" /* the characteristic that is a number; of all others the levels are counted */

/* All images of a site: all of it lent. */
typedef struct data_set {
  const char *site;
  int64_t n;
  const uint8_t *side;       /* [n] an xs_split */
  const uint64_t *group;     /* [n] equal for the images of a patient */
  const xs_attribute *known; /* [characteristics] value [n]; the class is one of them */
  int characteristics;
} data_set;

/* {"sites", "shared_groups", "anova"} of n sites. */
json_t *data_sets_json(const data_set *x, int n);

#endif
