/* matmul.c: the matrix product.  Its gradients are matrix products. */
#include "matmul.h"

enum { TRANSPOSE_A, TRANSPOSE_B };

static bool shape_matmul(const op_site *s, tg_shape *out, char *why, size_t size) {
  int64_t rows_a = op_rows(&s->in[0]), rows_b = op_rows(&s->in[1]);
  int64_t m = rows_a, k = s->in[0].d[3], k_b = rows_b, n = s->in[1].d[3];
  if (s->attr.i[TRANSPOSE_A]) {
    m = s->in[0].d[3];
    k = rows_a;
  }
  if (s->attr.i[TRANSPOSE_B]) {
    k_b = s->in[1].d[3];
    n = rows_b;
  }
  if (k != k_b) {
    return op_refuse(why, size, "the left matrix is %lldx%lld, the right %lldx%lld", (long long)m,
                     (long long)k, (long long)k_b, (long long)n);
  }
  *out = tg_shape4(m, 1, 1, n);
  return true;
}

/* A product's gradient has the matrix's rows as its first dimension: give it the operand's shape.
 */
static tg_value product_like(const op_gradient *d, int i, tg_value a, tg_value b, bool ta,
                             bool tb) {
  return tg_reshape(d->g, tg_matmul(d->g, a, b, ta, tb), tg_shape_of(d->g, d->in[i]));
}

/* y = A B: dA = dy B', dB = A' dy; where A is stored transposed so is its gradient. */
static void gradient_matmul(const op_gradient *d) {
  bool ta = d->attr->i[TRANSPOSE_A] != 0, tb = d->attr->i[TRANSPOSE_B] != 0;
  tg_value a = d->in[0], b = d->in[1];
  if (d->wanted[0]) {
    d->dx[0] =
        ta ? product_like(d, 0, b, d->dy, tb, true) : product_like(d, 0, d->dy, b, false, !tb);
  }
  if (d->wanted[1]) {
    d->dx[1] =
        tb ? product_like(d, 1, d->dy, a, true, ta) : product_like(d, 1, a, d->dy, !ta, false);
  }
}

static void reference_matmul(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *w = b->in[1];
  double *y = b->out[0];
  bool ta = s->attr.i[TRANSPOSE_A] != 0, tb = s->attr.i[TRANSPOSE_B] != 0;
  int64_t m = s->out.d[0], n = s->out.d[3];
  int64_t k = ta ? op_rows(&s->in[0]) : s->in[0].d[3];
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      double sum = 0;
      for (int64_t l = 0; l < k; l++) {
        sum += x[ta ? l * m + i : i * k + l] * w[tb ? j * k + l : l * n + j];
      }
      y[i * n + j] = sum;
    }
  }
}

static void cost_matmul(const op_site *s, op_cost *c) {
  int64_t k = s->attr.i[TRANSPOSE_A] ? op_rows(&s->in[0]) : s->in[0].d[3];
  c->flop = 2.0 * (double)tg_count(s->out) * (double)k;
}

tg_value tg_matmul(tg_graph *g, tg_value a, tg_value b, bool transpose_a, bool transpose_b) {
  return op_node(g, &op_matmul, 2, (tg_value[]){a, b}, &(op_attr){.i = {transpose_a, transpose_b}});
}

static const op_kernel *const matmul_cpu[] = {&matmul_gemm, NULL};

const op op_matmul = {.name = "matmul",
                      .inputs = 2,
                      .flags = OP_FUSE_BIAS | OP_FUSE_ACTIVATION,
                      .shape = shape_matmul,
                      .gradient = gradient_matmul,
                      .reference = reference_matmul,
                      .cpu = matmul_cpu,
                      .cost = cost_matmul};
