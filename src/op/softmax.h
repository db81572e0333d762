/* softmax.h: CPU kernels of classification (softmax_cpu.c). */
#ifndef SOFTMAX_H
#define SOFTMAX_H

#include "op.h"

extern const op_kernel *const log_softmax_kernels[];
extern const op_kernel *const argmax_kernels[];
extern const op_kernel *const one_hot_kernels[];

#endif
