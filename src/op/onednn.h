/* onednn.h: the only way to oneDNN (C interface of version 2).  Activations NHWC, float.
 *
 * What runs may do so on any thread of a kernel's, so it sets no message: it returns oneDNN's
 * status, 0 where it has computed, of which onednn_check makes 0 or 1 and a message. */
#ifndef ONEDNN_H
#define ONEDNN_H

#include "conv.h"

#define ONEDNN_STATUS __attribute__((warn_unused_result))
int onednn_check(int status);

/* A convolution primitive for one site of conv, conv_dx or conv_dw. */
typedef struct onednn_conv onednn_conv;

/* Compiles the primitive of a site; forward ones take the site's fusion of bias and activation
 * (others leave it to the caller).  *scratch: bytes that run wants.  bf16: the operands, packed
 * weights too, are bfloat16; bias and sums are float, and the result unless the site stores it as
 * bfloat16. */
int onednn_conv_new(const op_site *s, bool bf16, onednn_conv **out, size_t *scratch);
void onednn_conv_free(onednn_conv *c);
/* The layout of the weights that the primitive likes best. */
size_t onednn_conv_packed_bytes(const onednn_conv *c);
void onednn_conv_packed_key(const onednn_conv *c, char key[64]);
ONEDNN_STATUS int onednn_conv_pack(const onednn_conv *c, const float *w, void *packed); /* w hwio */
ONEDNN_STATUS int onednn_conv_run(onednn_conv *c, const op_buffers *b);

/* c[m][n] = op(a)[m][k] op(b)[k][n] + beta c, row-major with the given row lengths.  Uses all
 * threads, or one inside an OpenMP parallel region. */
typedef struct onednn_gemm {
  bool transpose_a, transpose_b;
  int64_t m, n, k, lda, ldb, ldc;
  float beta;
} onednn_gemm;
ONEDNN_STATUS int onednn_sgemm(const onednn_gemm *g, const float *a, const float *b, float *c);

/* `batch` products at once, by all threads: c[m][n] = op(a)[m][k] op(b)[k][n] (+ c), each matrix
 * close-packed and `plane` elements after the one before.  c is float, a and b are float or
 * bfloat16, with sums in float. */
typedef struct onednn_products_shape {
  bool transpose_a, transpose_b, add, bf16;
  int64_t batch, m, n, k, a_plane, b_plane, c_plane;
} onednn_products_shape;
typedef struct onednn_products onednn_products;
int onednn_products_new(const onednn_products_shape *s, onednn_products **out);
void onednn_products_free(onednn_products *p);
ONEDNN_STATUS int onednn_products_run(const onednn_products *p, const void *a, const void *b,
                                      float *c);
#endif
