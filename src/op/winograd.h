/* winograd.h: minimal filtering (Winograd 1980, Lavin and Gray 2016): transforms of tiles between
 * an image and the domain in which a convolution is a product element by element, and their
 * adjoints.
 *
 * In one dimension m outputs of an r-tap filter take t = m + r - 1 products:
 *   y = AT ((G w) . (BT x)).
 * A convolution of stride s with k = s r taps is the sum of s convolutions of stride 1 with r taps,
 * one for each phase (pixel s i + p, tap s u + p), so it takes t products too.  In two dimensions
 * the matrices act from both sides, and the products over tiles, channels and phases are t t matrix
 * products. */
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include "conv.h"

enum { WINOGRAD_M = 4, WINOGRAD_R = 5, WINOGRAD_T = 6 };

/* m, r */
typedef enum winograd_kind { WINOGRAD_4_3, WINOGRAD_2_5, WINOGRAD_4_2, WINOGRAD_2_2 } winograd_kind;

typedef struct winograd_tiling {
  conv_geometry g;
  winograd_kind kind;
  int m, r, t;
  int64_t rows, columns;             /* tiles of an image */
  int64_t depth;                     /* phases x ci: inner size of the products */
  int64_t images, tiles;             /* of a chunk that is transformed and multiplied as one */
  int64_t x_plane, y_plane, w_plane; /* elements between products e and e + 1 */
  bool bf16; /* the factors of the products are bfloat16; the products themselves always float */
  bool x_bf16, y_bf16; /* x, dy that are read are stored as bfloat16; only where bf16 */
} winograd_tiling;

/* Tiles first .. end - 1 of image `image` of a chunk. */
typedef struct winograd_part {
  int64_t image, first, end;
} winograd_part;

/* Whether there is a form for the site's kernel size, stride and output size. */
bool winograd_applies(const conv_geometry *g);
/* For chunks of about `tiles` tiles, at least one image. */
winograd_tiling winograd_tile(const conv_geometry *g, int64_t tiles);
size_t winograd_factor_size(const winograd_tiling *w); /* bytes of an element of a factor */
/* What a site costs by this algorithm: the products alone; transforms count as lost time. */
void winograd_cost(const op_site *s, op_cost *c);

/* The tiles of image i of a chunk are rows [i * rows * columns ..] of every plane.
 * Factors: V [t t][tiles][depth] from x, U [t t][depth][co] from w {k,k,ci,co} (one row, of phase
 * and c), and M' [t t][tiles][co], the adjoint of y's transform, from dy. */
void winograd_input(const winograd_tiling *w, const void *x, const winograd_part *p, void *v);
void winograd_weights(const winograd_tiling *w, const float *weights, int64_t row, void *u);
void winograd_output_adjoint(const winograd_tiling *w, const void *dy, int64_t image, void *m);
/* From products: y from M; dx, to which is added, from W as V; dw, one row, from R as U. */
void winograd_output(const winograd_tiling *w, const float *m, const winograd_part *p, float *y);
void winograd_input_adjoint(const winograd_tiling *w, const float *v, int64_t image, float *dx);
void winograd_weights_adjoint(const winograd_tiling *w, const float *u, int64_t row, float *dw);

#endif
