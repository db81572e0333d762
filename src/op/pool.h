/* pool.h: CPU kernels of pooling (pool_cpu.c). */
#ifndef POOL_H
#define POOL_H

#include "op.h"

extern const op_kernel *const pool_index_kernels[];
extern const op_kernel *const pool_gather_kernels[];
extern const op_kernel *const pool_scatter_kernels[];

#endif
