/* target_encoding.h: an attribute's values as few levels, and what the label is known to be at
 * each. */
#ifndef TARGET_ENCODING_H
#define TARGET_ENCODING_H

#include <stdint.h>

enum { LEVELS_BINS = 10, LEVELS_FOLDS = 5 };

typedef struct target_encoding {
  int64_t n;
  int32_t *level; /* [n] below count; unknown values are a level of their own */
  int32_t count;
  char **name; /* [count] "1.2 to 1.5", "PA", "not known" */
} target_encoding;

/* A number's tenths, or its values where there are no more than ten.  NAN: unknown. */
target_encoding target_encoding_of_numbers(const double *value, int64_t n);
target_encoding target_encoding_of_texts(const char *const *text, int64_t n); /* NULL: unknown */
void target_encoding_release(target_encoding *x);

/* Cross-validated target encoding (Micci-Barreca 2001, SIGKDD Explorations 3:27): logit
 * [n][classes] is the log of a class's share at the image's level over its share overall, both
 * among images of the other folds, shrunk as if there were ten more images of the overall share.
 * Groups are in one fold, so that a level of one patient, or of one image, says nothing.  label in
 * 0 .. classes-1. */
void target_encoding_apply(const target_encoding *x, const int32_t *label, const uint64_t *group,
                           int classes, uint64_t seed, float *logit);

#endif
