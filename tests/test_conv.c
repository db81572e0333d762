/* test_conv.c: every fast kernel of the convolution family and of the matrix product against the
 * definition in double, fused and not; the definition against values from PyTorch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "random.h"

enum { ROUND = 64 };

/* ---- sites -------------------------------------------------------------------------------- */

typedef struct geometry {
  int n, h, w, ci, kh, kw, co, stride, pad;
} geometry;

static const geometry shapes[] = {
    /* generator, base channels 16 and a few of 64 */
    {3, 32, 32, 5, 7, 7, 16, 1, 3},
    {2, 32, 32, 16, 4, 4, 32, 2, 1},
    {3, 16, 16, 32, 4, 4, 64, 2, 1},
    {3, 8, 8, 64, 3, 3, 64, 1, 1},
    {2, 8, 8, 256, 3, 3, 256, 1, 1},
    {2, 32, 32, 16, 7, 7, 3, 1, 3},
    {1, 16, 16, 64, 4, 4, 128, 2, 1},
    /* critic */
    {3, 32, 32, 3, 4, 4, 16, 2, 1},
    {5, 4, 4, 64, 4, 4, 128, 2, 1},
    {3, 2, 2, 128, 3, 3, 1, 1, 1},
    {3, 2, 2, 128, 2, 2, 2, 1, 0},
    /* LeNet */
    {3, 32, 32, 3, 5, 5, 20, 1, 0},
    {3, 14, 14, 20, 5, 5, 50, 1, 0},
    /* odd ones */
    {1, 1, 1, 1, 1, 1, 1, 1, 0},
    {2, 5, 7, 1, 3, 3, 1, 1, 1},
    {1, 9, 6, 3, 3, 2, 5, 2, 0},
    {2, 11, 13, 33, 3, 3, 35, 1, 1},
    {1, 7, 7, 40, 3, 3, 48, 1, 1},
    {3, 10, 6, 34, 4, 4, 37, 2, 1},
    {1, 15, 17, 32, 4, 4, 32, 2, 1},
    {2, 13, 9, 4, 5, 3, 6, 3, 2},
    {2, 6, 6, 7, 5, 5, 2, 2, 3},
    {1, 12, 12, 2, 7, 7, 9, 1, 2},
    {1, 4, 4, 8, 4, 4, 3, 1, 3},
    {2, 3, 3, 16, 1, 1, 24, 1, 0},
    {2, 9, 9, 16, 1, 1, 8, 2, 0},
    {1, 8, 8, 32, 3, 3, 32, 1, 0},
    {17, 4, 4, 32, 3, 3, 32, 1, 1},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

typedef enum member { CONV, CONV_DX, CONV_DW } member;

static op_site make_site(const geometry *g, member m) {
  tg_shape x = tg_shape4(g->n, g->h, g->w, g->ci), w = tg_shape4(g->kh, g->kw, g->ci, g->co);
  tg_shape y = tg_shape4(g->n, (g->h + 2 * g->pad - g->kh) / g->stride + 1,
                         (g->w + 2 * g->pad - g->kw) / g->stride + 1, g->co);
  op_site s = {.n = 2, .attr.i = {g->stride, g->pad}};
  if (m == CONV) {
    s.op = &op_conv;
    s.in[0] = x;
    s.in[1] = w;
  } else if (m == CONV_DX) {
    s.op = &op_conv_dx;
    s.in[0] = y;
    s.in[1] = w;
    s.attr.shape = x;
  } else {
    s.op = &op_conv_dw;
    s.in[0] = x;
    s.in[1] = y;
    s.attr.shape = w;
  }
  char why[200];
  assert_true(s.op->shape(&s, &s.out, why, sizeof why));
  return s;
}

static void fuse(op_site *s, op_activation a, double slope) {
  s->fusion = (op_fusion){.bias = true, .activation = a, .slope = slope};
  s->in[s->n++] = tg_shape4(1, 1, 1, s->out.d[3]);
}

/* ---- running ------------------------------------------------------------------------------ */

static void *allocate(size_t bytes) {
  void *p = aligned_alloc(ROUND, (bytes + ROUND) / ROUND * ROUND);
  assert_non_null(p);
  memset(p, 0xff, bytes); /* NaN: what is not written shows */
  return p;
}

typedef struct problem {
  op_site site;
  float *in[3];
  double *wide[3];
  float *out;
  double *expected;
  int64_t count;
  double scale; /* of the values before activation, whose slope is at most 1 */
} problem;

static double activate(const op_fusion *f, double v) {
  if (f->activation == OP_TANH) return tanh(v);
  return f->activation == OP_LEAKY_RELU && v <= 0 ? f->slope * v : v;
}

static void apply_fusion(problem *p) {
  int64_t c = p->site.out.d[3];
  for (int64_t i = 0; i < p->count; i++) {
    if (p->site.fusion.bias) p->expected[i] += p->wide[2][i % c];
    p->scale = fmax(p->scale, fabs(p->expected[i]));
    p->expected[i] = activate(&p->site.fusion, p->expected[i]);
  }
}

static problem make_problem(const op_site *s) {
  problem p = {.site = *s, .count = tg_count(s->out), .scale = 1e-30};
  for (int i = 0; i < s->n; i++) {
    int64_t count = tg_count(s->in[i]);
    p.in[i] = allocate((size_t)count * sizeof(float));
    p.wide[i] = allocate((size_t)count * sizeof(double));
    for (int64_t j = 0; j < count; j++) {
      p.in[i][j] = 2 * random_uniform(7, (uint64_t)i, 0, (uint64_t)j) - 1;
      p.wide[i][j] = (double)p.in[i][j];
    }
  }
  p.out = allocate((size_t)p.count * sizeof(float));
  p.expected = allocate((size_t)p.count * sizeof(double));
  s->op->reference(s, &(op_buffers){.in = {p.wide[0], p.wide[1]}, .out = {p.expected}});
  apply_fusion(&p);
  return p;
}

static void free_problem(problem *p) {
  for (int i = 0; i < 3; i++) {
    free(p->in[i]);
    free(p->wide[i]);
  }
  free(p->out);
  free(p->expected);
}

static void run_kernel(const op_kernel *k, problem *p) {
  const op_site *s = &p->site;
  void *state = NULL;
  size_t scratch = 0;
  if (k->prepare && k->prepare(s, &state, &scratch)) fail_msg("%s", tg_message());
  void *room = allocate(scratch), *packed = NULL;
  op_buffers b = {.in = {p->in[0], p->in[1], p->in[2]}, .out = {p->out}, .scratch = room};
  if (k->pack) {
    packed = allocate(k->packed_bytes(s, state));
    k->pack(s, state, p->in[1], packed);
    b.in[1] = packed;
  }
  memset(p->out, 0xff, (size_t)p->count * sizeof(float));
  k->run(s, state, &b);
  free(packed);
  free(room);
  if (k->release) k->release(state);
}

static void describe(const problem *p, char *text, size_t size) {
  const op_site *s = &p->site;
  snprintf(text, size, "%s {%d,%d,%d,%d} {%d,%d,%d,%d} stride %d pad %d", s->op->name,
           (int)s->in[0].d[0], (int)s->in[0].d[1], (int)s->in[0].d[2], (int)s->in[0].d[3],
           (int)s->in[1].d[0], (int)s->in[1].d[1], (int)s->in[1].d[2], (int)s->in[1].d[3],
           (int)s->attr.i[0], (int)s->attr.i[1]);
}

/* Largest difference relative to the largest element; NaN fails too. */
static void check_kernel(const op_kernel *k, problem *p, double tolerance) {
  char text[160];
  run_kernel(k, p);
  for (int64_t i = 0; i < p->count; i++) {
    double error = fabs((double)p->out[i] - p->expected[i]) / p->scale;
    if (error <= tolerance) continue; /* NaN goes on */
    describe(p, text, sizeof text);
    fail_msg("kernel %s of %s: element %d is %g, want %g", k->name, text, (int)i, (double)p->out[i],
             p->expected[i]);
  }
}

static int check_site(const op_site *s) {
  problem p = make_problem(s);
  int tried = 0;
  for (const op_kernel *const *k = s->op->cpu; *k; k++) {
    if ((*k)->applies ? !(*k)->applies(s) : op_fused(s)) continue;
    check_kernel(*k, &p, strcmp((*k)->name, "winograd") == 0 ? 5e-5 : 1e-5);
    tried++;
  }
  free_problem(&p);
  return tried;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void test_kernels(void **state) {
  (void)state;
  for (int i = 0; i < SHAPES; i++) {
    for (member m = CONV; m <= CONV_DW; m++) {
      op_site s = make_site(&shapes[i], m);
      assert_true(check_site(&s) > 0);
    }
  }
}

static void test_fused(void **state) {
  (void)state;
  for (int i = 0; i < SHAPES; i++) {
    for (member m = CONV; m <= CONV_DX; m++) {
      op_site s = make_site(&shapes[i], m), t = s, u = s;
      fuse(&s, OP_LEAKY_RELU, 0.01);
      fuse(&t, OP_TANH, 0);
      fuse(&u, OP_LEAKY_RELU, 0);
      assert_true(check_site(&s) > 0);
      assert_true(check_site(&t) > 0);
      assert_true(check_site(&u) > 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernels), cmocka_unit_test(test_fused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
