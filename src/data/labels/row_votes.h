/* row_votes.h: several rows of one image, as of several readers or boxes, made one label. */
#ifndef ROW_VOTES_H
#define ROW_VOTES_H

#include <stdbool.h>
#include <stdint.h>

/* What `rows` says in a mapping or domain file: NULL, "any", "all" or "majority". */
typedef struct row_votes_in {
  const char *rule;          /* not NULL */
  int classes;               /* of two classes the second is the positive one */
  int64_t n;                 /* rows */
  const char *const *image;  /* [n] */
  const char *const *reader; /* [n], or NULL: every row is a vote of its own */
  const int32_t *label;      /* [n] -1: no vote */
} row_votes_in;

typedef struct row_votes {
  int64_t images;
  int64_t *first; /* [images] the first row of each, in the order of the rows */
  int64_t *image; /* [n] */
  int32_t *label; /* [images] -1: no row has a label, or as many rows say one as another */
  bool *tied;     /* [images] the latter */
} row_votes;

/* any: positive where one vote is; all: where all are; majority: the class with most votes, none
 * where two have as many.  Rows of one reader about an image are one vote: of two classes positive
 * where one of them is, of more the class of most of them. */
void row_votes_count(const row_votes_in *in, row_votes *out);
void row_votes_release(row_votes *v);

#endif
