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

#include <omp.h>

#include "bf16.h"
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
    {6, 16, 16, 32, 4, 4, 64, 2, 1},
    {6, 8, 8, 64, 3, 3, 64, 1, 1},
    {6, 8, 8, 256, 3, 3, 256, 1, 1},
    {2, 32, 32, 16, 7, 7, 3, 1, 3},
    {1, 16, 16, 64, 4, 4, 128, 2, 1},
    {1, 28, 28, 64, 3, 3, 32, 1, 1},
    /* critic */
    {3, 32, 32, 3, 4, 4, 16, 2, 1},
    {25, 4, 4, 64, 4, 4, 128, 2, 1},
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
    {7, 7, 7, 40, 3, 3, 48, 1, 1},
    {13, 10, 6, 34, 4, 4, 37, 2, 1},
    {6, 15, 17, 32, 4, 4, 32, 2, 1},
    {2, 13, 9, 4, 5, 3, 6, 3, 2},
    {2, 6, 6, 7, 5, 5, 2, 2, 3},
    {1, 12, 12, 2, 7, 7, 9, 1, 2},
    {1, 4, 4, 8, 4, 4, 3, 1, 3},
    {2, 3, 3, 16, 1, 1, 24, 1, 0},
    {2, 9, 9, 16, 1, 1, 8, 2, 0},
    {6, 8, 8, 32, 3, 3, 32, 1, 0},
    {27, 4, 4, 32, 3, 3, 32, 1, 1},
    {3, 10, 14, 17, 5, 5, 37, 1, 0},
    {1, 6, 6, 16, 5, 5, 64, 1, 0},
    {2, 12, 8, 48, 5, 5, 32, 1, 0},
    {2, 9, 17, 3, 3, 5, 20, 1, 2},
    /* where a kernel of oneDNN's is wrong */
    {4, 6, 5, 28, 1, 1, 65, 1, 0},
    {4, 24, 24, 3, 1, 1, 9, 2, 0},
    {5, 10, 1, 52, 3, 3, 35, 2, 1},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], OF_NETWORKS = 14 };

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
  float *in[OP_MAX_INPUTS];
  double *wide[OP_MAX_INPUTS];
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

/* What a scaled site convolves, in place of wide[0]: x is the last channels of a wider tensor. */
static void scale_input(problem *p) {
  const op_site *s = &p->site;
  if (!s->fusion.scaled) return;
  int64_t c = s->in[0].d[3], row = op_in_row(s, 0), count = tg_count(s->in[0]);
  const double *scale = p->wide[s->n - 2], *shift = p->wide[s->n - 1];
  double *x = allocate((size_t)count * sizeof *x);
  for (int64_t i = 0; i < count; i++) {
    double t = p->wide[0][i / c * row + row - c + i % c] * scale[i % c] + shift[i % c];
    x[i] = t > 0 ? t : s->fusion.input_slope * t;
  }
  free(p->wide[0]);
  p->wide[0] = x;
}

static problem make_problem(const op_site *s) {
  problem p = {.site = *s, .count = tg_count(s->out), .scale = 1e-30};
  for (int i = 0; i < s->n; i++) {
    int64_t count = op_rows(&s->in[i]) * op_in_row(s, i);
    p.in[i] = allocate((size_t)count * sizeof(float));
    p.wide[i] = allocate((size_t)count * sizeof(double));
    for (int64_t j = 0; j < count; j++) {
      p.in[i][j] = 2 * random_uniform(7, (uint64_t)i, 0, (uint64_t)j) - 1;
      p.wide[i][j] = (double)p.in[i][j];
    }
  }
  p.out = allocate((size_t)p.count * sizeof(float));
  p.expected = allocate((size_t)p.count * sizeof(double));
  scale_input(&p);
  s->op->reference(s, &(op_buffers){.in = {p.wide[0], p.wide[1]}, .out = {p.expected}});
  apply_fusion(&p);
  return p;
}

static void free_problem(problem *p) {
  for (int i = 0; i < p->site.n; i++) {
    free(p->in[i]);
    free(p->wide[i]);
  }
  free(p->out);
  free(p->expected);
}

static void run_prepared(const op_kernel *k, const op_site *s, void *state, const op_buffers *b,
                         bool forbidden) {
  const int levels = omp_get_max_active_levels();
  if (forbidden) omp_set_max_active_levels(0);
  if (k->run(s, state, b)) fail_msg("%s", tg_message());
  omp_set_max_active_levels(levels);
}

/* forbidden: one thread runs what was prepared for several. */
static void run_kernel(const op_kernel *k, problem *p, bool forbidden) {
  const op_site *s = &p->site;
  void *state = NULL;
  size_t scratch = 0;
  if (k->prepare && k->prepare(s, &state, &scratch)) fail_msg("%s", tg_message());
  void *room = allocate(scratch), *packed = NULL;
  op_buffers b = {.out = {p->out}, .scratch = room};
  for (int i = 0; i < s->n; i++) b.in[i] = p->in[i];
  b.in[0] = p->in[0] + op_in_row(s, 0) - s->in[0].d[3];
  if (k->pack) {
    packed = allocate(k->packed_bytes(s, state));
    if (k->pack(s, state, p->in[1], packed)) fail_msg("%s", tg_message());
    b.in[1] = packed;
  }
  memset(p->out, 0xff, (size_t)p->count * sizeof(float));
  run_prepared(k, s, state, &b, forbidden);
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
  run_kernel(k, p, false);
  for (int64_t i = 0; i < p->count; i++) {
    double error = fabs((double)p->out[i] - p->expected[i]) / p->scale;
    if (error <= tolerance) continue; /* NaN goes on */
    describe(p, text, sizeof text);
    fail_msg("kernel %s of %s: element %d is %g, want %g", k->name, text, (int)i, (double)p->out[i],
             p->expected[i]);
  }
}

/* Half a unit in the last place of bfloat16 is 2^-9 of the number. */
static double tolerance(const char *kernel) {
  if (strcmp(kernel, "winograd-bf16") == 0) return 2e-2;
  if (strstr(kernel, "-bf16")) return 5e-3;
  return strncmp(kernel, "winograd", strlen("winograd")) == 0 ? 1e-5 : 3e-6;
}

/* With all kernels, those that round too. */
static int check_site(const op_site *s) {
  op_site rounding = *s;
  rounding.bf16 = true;
  problem p = make_problem(&rounding);
  int tried = 0;
  for (const op_kernel *const *k = s->op->cpu; *k; k++) {
    if ((*k)->applies ? !(*k)->applies(&rounding) : op_fused(s)) continue;
    check_kernel(*k, &p, tolerance((*k)->name));
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

/* Values of torch.nn.functional.conv2d (PyTorch 2.13) and its backward pass on whole numbers:
 * element i of a tensor is (i a + b) mod m - m / 2. */
static double *whole_numbers(int count, int a, int b, int m) {
  double *x = allocate((size_t)count * sizeof *x);
  for (int i = 0; i < count; i++) x[i] = (i * a + b) % m - m / 2;
  return x;
}

static const double torch_y[36] = {17,  -15, -20, -37, -11, -9,  -19, 19, 5,   -32, -29, 4,
                                   -32, 31,  8,   0,   11,  -10, 11,  -3, 8,   -26, -32, -32,
                                   -29, 29,  5,   21,  -19, -8,  -11, 15, -20, 46,  17,  -14};
static const double torch_dx[60] = {8,  -3, 7,  -2, 6,  0,  -6, 2,  -4, 2,  2,  2,  0,  2,  -3,
                                    3,  -6, 13, -3, 2,  0,  -3, 0,  10, -4, 2,  -6, -5, -1, -4,
                                    7,  -3, 8,  -1, -5, -2, 6,  -8, 6,  0,  -3, -6, -2, 2,  -1,
                                    -6, 3,  -9, -6, 2,  -4, 2,  2,  2,  -5, 2,  -5, 6,  -2, 4};
static const double torch_dw[36] = {16,  2,   12,  -20, -47, 24,  22,  6,   -1,  -4, -35, 19,
                                    19,  -10, -51, 24,  11,  14,  11,  -32, -51, 34, 19,  -32,
                                    -35, 16,  -1,  12,  22,  -47, -47, 22,  12,  -1, 16,  -35};

static void assert_equal(const double *x, const double *expected, int count) {
  for (int i = 0; i < count; i++) {
    if (!(x[i] == expected[i])) fail_msg("element %d is %g, want %g", i, x[i], expected[i]);
  }
}

static void check_definition(const geometry *g, member m, const double *a, const double *b,
                             const double *expected, int count) {
  op_site s = make_site(g, m);
  double *out = allocate((size_t)tg_count(s.out) * sizeof *out);
  s.op->reference(&s, &(op_buffers){.in = {a, b}, .out = {out}});
  assert_equal(out, expected, count);
  free(out);
}

static void test_definition(void **state) {
  const geometry g = {2, 5, 4, 3, 3, 2, 2, 2, 1};
  double *x = whole_numbers(120, 7, 1, 11), *w = whole_numbers(36, 5, 2, 7);
  double *dy = whole_numbers(36, 3, 1, 5);
  (void)state;
  check_definition(&g, CONV, x, w, torch_y, 36);
  check_definition(&g, CONV_DX, dy, w, torch_dx, 60);
  check_definition(&g, CONV_DW, x, dy, torch_dw, 36);
  free(x);
  free(w);
  free(dy);
}

/* Every kernel that applies, twice: the same bytes. */
static void check_twice(const op_site *s) {
  problem p = make_problem(s);
  float *first = allocate((size_t)p.count * sizeof *first);
  for (const op_kernel *const *k = s->op->cpu; *k; k++) {
    if ((*k)->applies && !(*k)->applies(s)) continue;
    check_kernel(*k, &p, tolerance((*k)->name));
    memcpy(first, p.out, (size_t)p.count * sizeof *first);
    run_kernel(*k, &p, false);
    assert_memory_equal(first, p.out, (size_t)p.count * sizeof *first);
  }
  free(first);
  free_problem(&p);
}

/* With several threads, more than there are images or blocks. */
static void test_threads(void **state) {
  int before = omp_get_max_threads();
  (void)state;
  omp_set_num_threads(5);
  for (int i = 0; i < SHAPES; i++) {
    for (member m = CONV; m <= CONV_DW; m++) {
      op_site s = make_site(&shapes[i], m);
      s.bf16 = true;
      check_twice(&s);
    }
  }
  omp_set_num_threads(before);
}

/* Kernels of our own do all that was cut for several threads when only one comes, to the same
 * bytes; oneDNN would not, so that a plan does not let it. */
static bool is_own(const op_kernel *k) {
  static const char *const own[] = {"colour", "narrow", "narrow-bf16", "winograd-small"};
  bool found = false;
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) found |= strcmp(k->name, own[i]) == 0;
  return found;
}

static int check_fewer(const op_site *s) {
  problem p = make_problem(s);
  const size_t bytes = (size_t)p.count * sizeof(float);
  float *all = allocate(bytes);
  int kernels = 0;
  for (const op_kernel *const *k = s->op->cpu; *k; k++) {
    if (!is_own(*k) || !(*k)->applies(s)) continue;
    run_kernel(*k, &p, false);
    memcpy(all, p.out, bytes);
    run_kernel(*k, &p, true);
    assert_memory_equal(p.out, all, bytes);
    kernels++;
  }
  free(all);
  free_problem(&p);
  return kernels;
}

static void test_fewer_threads(void **state) {
  int before = omp_get_max_threads(), kernels = 0;
  (void)state;
  omp_set_num_threads(3);
  for (int i = 0; i < SHAPES; i++) {
    for (member m = CONV; m <= CONV_DW; m++) {
      op_site s = make_site(&shapes[i], m);
      s.bf16 = true;
      kernels += check_fewer(&s);
    }
  }
  omp_set_num_threads(before);
  assert_true(kernels > 0 || !op_cpu_has_avx512());
}

/* A 1x1 convolution of leaky(x scale + shift), x some channels of `row`: there is one kernel. */
static void check_scaled(const geometry *g, int64_t row, bool epilogue) {
  op_site s = make_site(g, CONV);
  int kernels = 0;
  if (epilogue) fuse(&s, OP_LEAKY_RELU, 0.2);
  s.fusion.scaled = true;
  s.fusion.input_slope = 0.1;
  s.in_row[0] = row;
  for (int i = 0; i < 2; i++) s.in[s.n++] = tg_shape4(1, 1, 1, g->ci);
  for (const op_kernel *const *k = s.op->cpu; *k; k++) kernels += (*k)->applies(&s);
  assert_int_equal(kernels, 1);
  check_twice(&s);
}

static void test_scaled(void **state) {
  int before = omp_get_max_threads();
  (void)state;
  for (int threads = 1; threads <= 5; threads += 2) {
    omp_set_num_threads(threads);
    check_scaled(&(geometry){1, 7, 7, 40, 1, 1, 24, 1, 0}, 40, false);
    check_scaled(&(geometry){2, 9, 11, 96, 1, 1, 128, 1, 0}, 131, true);
    check_scaled(&(geometry){1, 1, 2, 700, 1, 1, 16, 1, 0}, 700, true);
    check_scaled(&(geometry){3, 28, 28, 160, 1, 1, 128, 1, 0}, 192, true);
  }
  omp_set_num_threads(before);
}

/* The shapes of the networks run on the kernels made for them. */
static void test_choice(void **state) {
  bool vectors = op_cpu_has_avx512();
  const struct {
    geometry g;
    member m;
    const char *kernel;
  } want[] = {
      {{8, 8, 8, 64, 3, 3, 64, 1, 1}, CONV, "winograd"},
      {{1, 8, 8, 64, 3, 3, 64, 1, 1}, CONV, "direct"},
      {{2, 32, 32, 64, 4, 4, 128, 2, 1}, CONV_DX, "winograd"},
      {{2, 14, 14, 20, 5, 5, 50, 1, 0}, CONV, vectors ? "winograd-small" : "winograd"},
      {{2, 14, 14, 20, 5, 5, 50, 1, 0}, CONV_DX, vectors ? "winograd-small" : "winograd"},
      {{2, 14, 14, 20, 5, 5, 50, 1, 0}, CONV_DW, vectors ? "winograd-small" : "winograd"},
      {{2, 32, 32, 64, 7, 7, 3, 1, 3}, CONV, "columns"},
      {{2, 32, 32, 16, 7, 7, 3, 1, 3}, CONV, op_cpu_has_avx512() ? "narrow" : "columns"},
      {{2, 32, 32, 5, 7, 7, 64, 1, 3}, CONV, "direct"},
      {{2, 32, 32, 5, 7, 7, 64, 1, 3}, CONV_DX, "columns"},
      {{2, 32, 32, 5, 7, 7, 64, 1, 3}, CONV_DW, vectors ? "direct" : "columns"},
      {{2, 32, 32, 3, 5, 5, 20, 1, 0}, CONV, vectors ? "colour" : "direct"},
      {{2, 32, 32, 3, 5, 5, 20, 1, 0}, CONV_DW, vectors ? "colour" : "direct"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    op_site s = make_site(&want[i].g, want[i].m);
    const op_kernel *const *k = s.op->cpu;
    while ((*k)->applies && !(*k)->applies(&s)) k++;
    assert_string_equal((*k)->name, want[i].kernel);
  }
}

/* A site of a network that may round takes a kernel that does, where the processor can; a site that
 * may not, never. */
static void test_rounding_is_asked_for(void **state) {
  (void)state;
  for (int i = 0; i < SHAPES; i++) {
    for (member m = CONV; m <= CONV_DW; m++) {
      op_site s = make_site(&shapes[i], m), rounding = s;
      rounding.bf16 = true;
      int rounded = 0;
      for (const op_kernel *const *k = s.op->cpu; *k; k++) {
        if (!strstr((*k)->name, "bf16")) continue;
        assert_false((*k)->applies(&s));
        rounded += (*k)->applies(&rounding);
      }
      if (i < OF_NETWORKS) assert_int_equal(rounded > 0, tg_has_bf16());
    }
  }
}

static void test_bf16_round(void **state) {
  const struct {
    float x;
    uint16_t y;
  } want[] = {{1, 0x3f80},         {-2, 0xc000},          {0x1.01p0F, 0x3f80},
              {0x1.03p0F, 0x3f82}, {0x1.0101p0F, 0x3f81}, {0, 0},
              {-0.0F, 0x8000},     {INFINITY, 0x7f80},    {-INFINITY, 0xff80},
              {0x1p-140F, 0x0000}, {0x1.ffp127F, 0x7f80}};
  enum { COUNT = sizeof want / sizeof *want };
  float x[COUNT + 1];
  uint16_t y[COUNT + 1];
  (void)state;
  for (int i = 0; i < COUNT; i++) x[i] = want[i].x;
  memset(&x[COUNT], 0xff, sizeof *x); /* a NaN whose rounding would overflow */
  bf16_round(COUNT + 1, x, y);
  for (int i = 0; i < COUNT; i++) assert_int_equal(y[i], want[i].y);
  assert_true((y[COUNT] & 0x7f80) == 0x7f80 && (y[COUNT] & 0x7f) != 0);
}

static void check_refused(const op *o, tg_shape a, tg_shape b, const op_attr *attr,
                          const char *reason) {
  op_site s = {.op = o, .n = 2, .in = {a, b}, .attr = *attr};
  char why[256];
  assert_false(o->shape(&s, &s.out, why, sizeof why));
  if (!strstr(why, reason)) fail_msg("'%s' does not say '%s'", why, reason);
}

static void test_refusals(void **state) {
  tg_shape x = tg_shape4(2, 4, 4, 3), w = tg_shape4(3, 3, 5, 8), big = tg_shape4(7, 7, 3, 8);
  (void)state;
  check_refused(&op_conv, x, w, &(op_attr){.i = {1, 1}}, "the image has 3 channels");
  check_refused(&op_conv, x, big, &(op_attr){.i = {1, 1}}, "7x7 kernel does not fit a 4x4");
  check_refused(&op_conv, x, big, &(op_attr){.i = {0, 1}}, "stride 0");
  check_refused(&op_conv, x, big, &(op_attr){.i = {1, -1}}, "pad -1");
  check_refused(&op_conv_dx, tg_shape4(2, 3, 3, 8), big, &(op_attr){.i = {1, 3}, .shape = x},
                "dy is {2,3,3,8}");
  check_refused(&op_conv_dw, x, tg_shape4(1, 4, 4, 8), &(op_attr){.i = {1, 3}, .shape = big},
                "makes {2,4,4,8}");
  check_refused(&op_matmul, x, w, &(op_attr){.i = {0, 0}}, "the left matrix is 32x3");
}

/* ---- matrix product ----------------------------------------------------------------------- */

static op_site make_product(int m, int k, int n, bool ta, bool tb) {
  op_site s = {.op = &op_matmul, .n = 2, .attr.i = {ta, tb}};
  s.in[0] = ta ? tg_shape4(k, 1, 1, m) : tg_shape4(m, 1, 1, k);
  s.in[1] = tb ? tg_shape4(n, 1, 1, k) : tg_shape4(k, 1, 1, n);
  char why[200];
  assert_true(s.op->shape(&s, &s.out, why, sizeof why));
  return s;
}

static void test_matmul(void **state) {
  const int size[][3] = {{1, 1, 1}, {3, 5, 2}, {17, 1250, 50}, {128, 50, 10}, {2, 7, 33}};
  (void)state;
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    for (int t = 0; t < 4; t++) {
      op_site s = make_product(size[i][0], size[i][1], size[i][2], t & 1, t & 2), f = s;
      assert_int_equal(check_site(&s), 1);
      fuse(&f, OP_LEAKY_RELU, 0.2);
      assert_int_equal(check_site(&f), 1);
    }
  }
}

/* [1 2 3; 4 5 6] [7 8; 9 10; 11 12], and the same of stored transposes. */
static void test_matmul_definition(void **state) {
  const double a[] = {1, 2, 3, 4, 5, 6}, b[] = {7, 8, 9, 10, 11, 12};
  const double at[] = {1, 4, 2, 5, 3, 6}, bt[] = {7, 9, 11, 8, 10, 12};
  const double expected[] = {58, 64, 139, 154};
  (void)state;
  for (int t = 0; t < 4; t++) {
    op_site s = make_product(2, 3, 2, t & 1, t & 2);
    double c[4];
    s.op->reference(&s, &(op_buffers){.in = {t & 1 ? at : a, t & 2 ? bt : b}, .out = {c}});
    assert_equal(c, expected, 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_definition), cmocka_unit_test(test_kernels),
      cmocka_unit_test(test_fused),      cmocka_unit_test(test_scaled),
      cmocka_unit_test(test_threads),    cmocka_unit_test(test_fewer_threads),
      cmocka_unit_test(test_choice),     cmocka_unit_test(test_rounding_is_asked_for),
      cmocka_unit_test(test_bf16_round), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_matmul),     cmocka_unit_test(test_matmul_definition)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
