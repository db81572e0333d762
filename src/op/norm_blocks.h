/* norm_blocks.h: how the kernels of normalisation cut their work, and read and write its rows.  The
 * work is cut into pieces of one image's pixels, by the shape alone, and whole rows of up to
 * NORM_CHANNELS channels are read as they lie in memory; reductions are float inside a few rows,
 * double across.  A channel's result does not depend on the number of threads. */
#ifndef NORM_BLOCKS_H
#define NORM_BLOCKS_H

#include "op.h"

enum { NORM_CHANNELS = 512, NORM_ROWS = 64, NORM_LANES = 16, NORM_STREAMS = 4, NORM_ROOM = 4096 };

/* How a site's work is cut: n images of `pixels` pixels into `pieces` of `step` pixels, c channels
 * into `groups` of `width`. */
typedef struct norm_cut {
  int64_t n, pixels, c, step, pieces, width, groups;
} norm_cut;

typedef struct norm_block {
  int64_t image, piece, first, pixels; /* first: of this piece's pixels in the image tensor */
  int64_t channel, channels, c;
} norm_block;

typedef void norm_block_function(const norm_block *k, const op_site *s, const op_buffers *b);

static inline int64_t norm_least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Some rows of an operand, floats `row` apart: where they lie, or in a room if they are bfloat16.
 */
typedef struct norm_rows {
  const float *x;
  int64_t row;
} norm_rows;

typedef float norm_room[NORM_ROOM];

norm_cut norm_cut_site(const op_site *s);

/* Runs every block of a site, on all threads. */
void norm_over_blocks(const op_site *s, const op_buffers *b, norm_block_function *run);

/* Operand i of a block: a pair's first element (mean and deviation, or two sums), a channel
 * vector's. */
const float *norm_pair(const norm_block *n, const op_buffers *b, int i);
const float *norm_vector(const norm_block *n, const op_buffers *b, int i);

/* Pixels that are worked on at once, whose bfloat16 operands fill a room each. */
int64_t norm_rows_at_once(const norm_block *n);

norm_rows norm_read_rows(const norm_block *n, const op_site *s, const op_buffers *b, int i,
                         int64_t first, int64_t rows, norm_room room);

/* Where `rows` rows of the output are computed: in place, or in a room that closing rounds to
 * bfloat16. */
float *norm_open_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                      norm_room room, int64_t *row);
void norm_close_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                     int64_t rows, const float *y);

/* op_kernel.takes_bf16: the operands that are images, and the output. */
bool norm_takes_bf16(const op_site *s, int i);

/* op_kernel.prepare of reductions: two doubles per channel of every piece, in scratch
 * [n][pieces][2][c]. */
int norm_prepare_pairs(const op_site *s, void **state, size_t *scratch);

/* The first of a piece's pair; the second is c further. */
double *norm_partial(const norm_cut *t, const op_buffers *b, int64_t image, int64_t piece);

#endif
