/* conv.h: the convolution family.  One geometry serves the three operators
 *   conv    y  = x * w          attr.i = stride, pad
 *   conv_dx dx = adjoint by x   attr.shape = the shape of x
 *   conv_dw dw = adjoint by w   attr.shape = the shape of w
 * of the same trilinear form  sum y[n,i,j,o] x[n,si+u-p,sj+v-p,c] w[u,v,c,o]. */
#ifndef CONV_H
#define CONV_H

#include "op.h"

typedef struct conv_geometry {
  int64_t n, h, w, ci; /* x [n][h][w][ci] */
  int64_t kh, kw;      /* w [kh][kw][ci][co] */
  int64_t ho, wo, co;  /* y [n][ho][wo][co] */
  int64_t stride, pad;
} conv_geometry;

/* The geometry of a site of any of the three. */
conv_geometry conv_site_geometry(const op_site *s);

/* The kernels; which sites they are for is said in their files. */
extern const op_kernel conv_direct, conv_dx_direct, conv_dw_direct;
extern const op_kernel conv_scaled, conv_dw_product;
extern const op_kernel conv_direct_bf16, conv_dw_direct_bf16;
extern const op_kernel conv_narrow, conv_narrow_bf16;
extern const op_kernel conv_dw_narrow, conv_dw_narrow_bf16;
extern const op_kernel conv_columns, conv_dx_columns, conv_dw_columns;
extern const op_kernel conv_winograd, conv_dx_winograd, conv_dw_winograd;
extern const op_kernel conv_winograd_small, conv_dx_winograd_small, conv_dw_winograd_small;
extern const op_kernel conv_colour, conv_dw_colour;
extern const op_kernel conv_winograd_bf16, conv_dx_winograd_bf16, conv_dw_winograd_bf16;

#endif
