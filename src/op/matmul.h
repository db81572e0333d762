/* matmul.h: op(a) op(b) of matrices [n h w][c]; attr.i = transpose a, transpose b. */
#ifndef MATMUL_H
#define MATMUL_H

#include "op.h"

extern const op_kernel matmul_gemm;

#endif
