/* pointwise_cpu.c: one vector loop per row of pointwise.def. */
#include <tgmath.h>

#include "pointwise.h"

#undef tanh
#define tanh(x) pointwise_tanh(x)

#define ROW(stem, operands, rule, formula)                                                         \
  CLONES static void loop_##stem(int n, const float *const in[2], float *out, const double f[4]) { \
    const float *in_x = in[0], *in_y = in[(operands)-1];                                           \
    const float a = (float)f[0], b = (float)f[1];                                                  \
    (void)a, (void)b;                                                                              \
    _Pragma("omp simd") for (int i = 0; i < n; i++) {                                              \
      const float x = in_x[i], y = in_y[i];                                                        \
      (void)y;                                                                                     \
      out[i] = formula;                                                                            \
    }                                                                                              \
  }
#include "pointwise.def"
#undef ROW

typedef struct loop_row {
  const op *op;
  pointwise_loop *loop;
} loop_row;

#define ROW(stem, operands, rule, formula) {&op_##stem, loop_##stem},
static const loop_row rows[] = {
#include "pointwise.def"
};
#undef ROW

pointwise_loop *pointwise_find(const op *o) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].op == o) return rows[i].loop;
  }
  return NULL;
}
