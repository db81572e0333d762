/* pool.h: the geometry of pooling and its CPU kernels.
 *
 * attr.i is window k, stride, pad.  Window i,j covers the pixels i stride - pad + u,
 * j stride - pad + v for 0 <= u,v < k that lie inside the image; its position p is u k + v. */
#ifndef POOL_H
#define POOL_H

#include "op.h"

enum { POOL_WINDOW, POOL_STRIDE, POOL_PAD };

typedef struct pool_geometry {
  int64_t k, stride, pad;
  int64_t h, w, c; /* of the image */
  int64_t ho, wo;  /* windows */
} pool_geometry;

/* A range of u or v. */
typedef struct pool_range {
  int64_t first, end;
} pool_range;

static inline pool_geometry pool_geometry_of(const tg_shape *x, const op_attr *a) {
  pool_geometry g = {.k = a->i[POOL_WINDOW],
                     .stride = a->i[POOL_STRIDE],
                     .pad = a->i[POOL_PAD],
                     .h = x->d[1],
                     .w = x->d[2],
                     .c = x->d[3]};
  g.ho = (g.h + 2 * g.pad - g.k) / g.stride + 1;
  g.wo = (g.w + 2 * g.pad - g.k) / g.stride + 1;
  return g;
}

/* The u (or v) of window i that are inside an image of `size` rows (or columns). */
static inline pool_range pool_inside(const pool_geometry *g, int64_t i, int64_t size) {
  int64_t start = i * g->stride - g->pad, left = size - start;
  return (pool_range){start < 0 ? -start : 0, left < g->k ? left : g->k};
}

extern const op_kernel *const pool_index_kernels[];
extern const op_kernel *const pool_gather_kernels[];
extern const op_kernel *const pool_scatter_kernels[];
extern const op_kernel *const pool_mean_kernels[];
extern const op_kernel *const pool_spread_kernels[];
/* pool_halves_cpu.c */
extern const op_kernel pool_index_halves, pool_gather_halves, pool_scatter_halves;

#endif
