/* hash_index.h: pairs of images whose perceptual hashes differ in few bits, without looking at all
 * pairs: multi-index hashing (Norouzi, Punjani and Fleet 2012, CVPR).  Of four parts of 16 bits,
 * one at least differs in no more than a quarter of the bits. */
#ifndef HASH_INDEX_H
#define HASH_INDEX_H

#include <stdint.h>

enum { HASH_INDEX_PARTS = 4, HASH_INDEX_MOST = 15 };

typedef struct hash_index {
  const uint64_t *hash; /* [n], lent */
  int64_t n;
  int64_t *start[HASH_INDEX_PARTS]; /* [65537] where a part's value begins in order */
  int64_t *order[HASH_INDEX_PARTS]; /* [n] images by the value of the part */
} hash_index;

void hash_index_make(hash_index *x, const uint64_t *hash, int64_t n);
void hash_index_release(hash_index *x);
/* Calls visit once for each j > i with at most `most` (<= HASH_INDEX_MOST) different bits. */
typedef void hash_index_visit(void *context, int64_t i, int64_t j, int bits);
void hash_index_near(const hash_index *x, int64_t i, int most, hash_index_visit *visit,
                     void *context);

#endif
