/* norm.h: CPU kernels of normalisation (norm_cpu.c, norm_grad_cpu.c). */
#ifndef NORM_H
#define NORM_H

#include "op.h"

extern const op_kernel *const norm_stats_kernels[];
extern const op_kernel *const norm_kernels[];
extern const op_kernel *const norm_sums_kernels[];
extern const op_kernel *const norm_dx_kernels[];

#endif
