/* grouped_share.h: the interval of a share of images, several of which are of one group. */
#ifndef GROUPED_SHARE_H
#define GROUPED_SHARE_H

#include "xsite.h"

/* Wilson's interval with the number of images divided by the design effect of the groups: right and
 * images [groups], how many of a group's images there are and how many of these are right.  Where
 * all are right, or none is, nothing is known of the effect and a group counts as one image. */
xs_interval grouped_wilson(const double *right, const double *images, int64_t groups);

#endif
