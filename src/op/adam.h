/* adam.h: CPU kernels of the Adam update (adam_cpu.c). */
#ifndef ADAM_H
#define ADAM_H

#include "op.h"

extern const op_kernel *const adam_kernels[];

/* Inputs, and their order. */
enum { ADAM_PARAM, ADAM_GRADIENT, ADAM_M, ADAM_V, ADAM_RATE, ADAM_STEP };
/* Where the options lie in attr.f. */
enum { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON, ADAM_WEIGHT_DECAY };

#endif
