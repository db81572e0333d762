/* labelled.h: the images of a set whose label is known, and their groups. */
#ifndef LABELLED_H
#define LABELLED_H

#include "xsite.h"

typedef struct labelled {
  const int32_t *label; /* of all images, lent */
  int classes;
  int64_t n, groups;
  int64_t *kept;  /* [n] rows with a label in 0 .. classes-1, ascending */
  uint32_t *unit; /* [n] group number of each, below groups */
} labelled;

/* `what` cannot be computed if this fails: messages begin "no AUC: ".  Release in any case. */
xs_status labelled_make(labelled *t, const char *what, const int32_t *label, const uint64_t *group,
                        int64_t n, int classes);
void labelled_release(labelled *t);
/* Is the score of each image for each class a number (xs_log_odds)? */
xs_status labelled_check_scores(const labelled *t, const char *what, const float *logit);
/* Is each logit finite, so that probabilities are? */
xs_status labelled_check_finite(const labelled *t, const char *what, const float *logit);
xs_status labelled_one_class(const labelled *t, const char *what); /* fails */

#endif
