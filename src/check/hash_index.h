/* hash_index.h: pairs of images whose perceptual hashes differ in few bits, without looking at all
 * pairs: multi-index hashing (Norouzi, Punjani and Fleet 2012, CVPR).  Of four parts of 16 bits,
 * one at least differs in no more than a quarter of the bits. */
#ifndef HASH_INDEX_H
#define HASH_INDEX_H

#include <stdint.h>

enum { NEIGHBOUR_PARTS = 4, NEIGHBOUR_MOST = 15 };

typedef struct neighbours {
  const uint64_t *hash; /* [n], lent */
  int64_t n;
  int64_t *start[NEIGHBOUR_PARTS]; /* [65537] where a part's value begins in order */
  int64_t *order[NEIGHBOUR_PARTS]; /* [n] images by the value of the part */
} neighbours;

void neighbours_make(neighbours *x, const uint64_t *hash, int64_t n);
void neighbours_release(neighbours *x);
/* Calls visit once for each j > i with at most `most` (<= NEIGHBOUR_MOST) different bits. */
typedef void neighbour_visit(void *context, int64_t i, int64_t j, int bits);
void neighbours_of(const neighbours *x, int64_t i, int most, neighbour_visit *visit, void *context);

#endif
