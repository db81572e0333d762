/* expand.h: the elements of a tensor whose dimensions of size 1 are repeated, piece by piece. */
#ifndef EXPAND_H
#define EXPAND_H

#include "op.h"

/* The repeated tensor is a row of regions; in region r element i is x[offset(r) + i % period].
 * A tensor that is not repeated is one region of one period. */
typedef struct expansion {
  int64_t region, period; /* elements */
  int outer;              /* dimensions that count the regions */
  int64_t size[4], stride[4];
  /* Not 0: x is not repeated, but some channels of a wider tensor: rows of `width`, so far apart.
   */
  int64_t row, width;
} expansion;

/* What a piece of room holds, so that it is not filled with the same again. */
typedef struct expand_memo {
  int64_t offset, phase, n;
} expand_memo;

expansion expand_shape(const tg_shape *from, const tg_shape *to);
/* Elements first .. first+n-1 into y. */
void expand_copy(const expansion *e, const float *x, int64_t first, int64_t n, float *y);
/* The same, lent: a place in x where they are contiguous, else room (filled, remembered in m). */
const float *expand_lend(const expansion *e, const float *x, int64_t first, int64_t n, float *room,
                         expand_memo *m);

#endif
