/* values.h: from the values of a decoded image to [0,1], by a site's policy. */
#ifndef VALUES_H
#define VALUES_H

#include "image.h"
#include "xsite.h"

/* The value that means 1 where no max_value is given. */
double values_white(const xs_values *v, const image *x);
/* Stretches the image from its two percentiles to all values of its bytes.  A percentile is the
 * least value that so many percent of all values do not exceed. */
void values_stretch(const xs_values *v, image *x);
const char *values_range_name(xs_range range); /* "full", "stored", "percentiles" */
/* Of a name; false where there is no such range. */
bool values_range_of(const char *name, xs_range *range);

#endif
