/* onednn.h: the only way to oneDNN (C interface of version 2).  Activations NHWC, float. */
#ifndef ONEDNN_H
#define ONEDNN_H

#include "conv.h"

/* A convolution primitive for one site of conv, conv_dx or conv_dw. */
typedef struct onednn_conv onednn_conv;

/* Compiles the primitive of a site; forward ones take the site's fusion of bias and activation
 * (others leave it to the caller).  *scratch: bytes that run wants. */
int onednn_conv_new(const op_site *s, onednn_conv **out, size_t *scratch);
void onednn_conv_free(onednn_conv *c);
/* The layout of the weights that the primitive likes best. */
size_t onednn_conv_packed_bytes(const onednn_conv *c);
void onednn_conv_packed_key(const onednn_conv *c, char key[64]);
void onednn_conv_pack(const onednn_conv *c, const float *w, void *packed); /* w hwio */
void onednn_conv_run(onednn_conv *c, const op_buffers *b);

/* c[m][n] = op(a)[m][k] op(b)[k][n] + beta c, row-major with the given row lengths.  Uses all
 * threads, or one inside an OpenMP parallel region. */
typedef struct onednn_gemm {
  bool transpose_a, transpose_b;
  int64_t m, n, k, lda, ldb, ldc;
  float beta;
} onednn_gemm;
void onednn_sgemm(const onednn_gemm *g, const float *a, const float *b, float *c);

#endif
