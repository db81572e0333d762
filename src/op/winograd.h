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
  int64_t x_plane, y_plane, w_plane; /* floats between products e and e + 1 */
} winograd_tiling;

/* Whether there is a form for the site's kernel size, stride and output size. */
bool winograd_applies(const conv_geometry *g);
/* For chunks of about `tiles` tiles, at least one image. */
winograd_tiling winograd_tile(const conv_geometry *g, int64_t tiles);
/* What a site costs by this algorithm: the products alone; transforms count as lost time. */
void winograd_cost(const op_site *s, op_cost *c);

/* The tiles of image i of a chunk are rows [i * rows * columns ..] of every plane.
 * V [t t][tiles][depth] from x and back (the adjoint adds to dx, which must be zeroed). */
void winograd_input(const winograd_tiling *w, const float *x, int64_t image, float *v);
void winograd_input_adjoint(const winograd_tiling *w, const float *v, int64_t image, float *dx);
/* y from M [t t][tiles][co], and the adjoint. */
void winograd_output(const winograd_tiling *w, const float *m, int64_t image, float *y);
void winograd_output_adjoint(const winograd_tiling *w, const float *dy, int64_t image, float *m);
/* Row (phase, c) of U [t t][depth][co] from w {k,k,ci,co}, and the adjoint, which sets dw. */
void winograd_weights(const winograd_tiling *w, const float *weights, int64_t row, float *u);
void winograd_weights_adjoint(const winograd_tiling *w, const float *u, int64_t row, float *dw);

#endif
