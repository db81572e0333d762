/* A call of oneDNN that fails stops the plan with a message, whichever call it is: this program's
 * own functions stand before the library's, count the calls, and let one fail. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include <dlfcn.h>
#include <dnnl.h>
#include <dnnl_debug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn.h"
#include "random_store.h"
#include "tg.h"

#define fail() _fail(__FILE__, __LINE__) /* cmocka's again */

/* ---- the library's functions, one of whose calls fails ----------------------------------------
 */

static int calls, failing = -1;   /* the call that fails, counted from 0; -1: none */
static _Thread_local bool within; /* a call of the library's: it calls itself, too */

static bool fails(void) {
  int call;
  if (within) return false;
#pragma omp atomic capture
  call = calls++;
  return call == failing;
}

static void *find(const char *name) {
  void *p = dlsym(RTLD_NEXT, name);
  assert_non_null(p);
  return p;
}

#define STANDS_BEFORE(name, params, args)                                                          \
  dnnl_status_t name params {                                                                      \
    dnnl_status_t(*real) params;                                                                   \
    void *found = find(#name);                                                                     \
    const bool nested = within;                                                                    \
    memcpy(&real, &found, sizeof real);                                                            \
    if (fails()) return dnnl_out_of_memory;                                                        \
    within = true;                                                                                 \
    const dnnl_status_t status = real args;                                                        \
    within = nested;                                                                               \
    return status;                                                                                 \
  }

STANDS_BEFORE(dnnl_engine_create, (dnnl_engine_t * e, dnnl_engine_kind_t k, size_t i), (e, k, i))
STANDS_BEFORE(dnnl_stream_create, (dnnl_stream_t * s, dnnl_engine_t e, unsigned f), (s, e, f))
STANDS_BEFORE(dnnl_stream_wait, (dnnl_stream_t s), (s))
STANDS_BEFORE(dnnl_memory_desc_init_by_tag,
              (dnnl_memory_desc_t * d, int n, const dnnl_dims_t s, dnnl_data_type_t t,
               dnnl_format_tag_t f),
              (d, n, s, t, f))
STANDS_BEFORE(dnnl_memory_desc_init_by_strides,
              (dnnl_memory_desc_t * d, int n, const dnnl_dims_t s, dnnl_data_type_t t,
               const dnnl_dims_t strides),
              (d, n, s, t, strides))
STANDS_BEFORE(dnnl_memory_create,
              (dnnl_memory_t * m, const dnnl_memory_desc_t *d, dnnl_engine_t e, void *p),
              (m, d, e, p))
STANDS_BEFORE(dnnl_memory_set_data_handle, (dnnl_memory_t m, void *p), (m, p))
STANDS_BEFORE(dnnl_convolution_forward_desc_init,
              (dnnl_convolution_desc_t * d, dnnl_prop_kind_t k, dnnl_alg_kind_t a,
               const dnnl_memory_desc_t *x, const dnnl_memory_desc_t *w,
               const dnnl_memory_desc_t *b, const dnnl_memory_desc_t *y, const dnnl_dims_t s,
               const dnnl_dims_t l, const dnnl_dims_t r),
              (d, k, a, x, w, b, y, s, l, r))
STANDS_BEFORE(dnnl_convolution_backward_data_desc_init,
              (dnnl_convolution_desc_t * d, dnnl_alg_kind_t a, const dnnl_memory_desc_t *x,
               const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *y, const dnnl_dims_t s,
               const dnnl_dims_t l, const dnnl_dims_t r),
              (d, a, x, w, y, s, l, r))
STANDS_BEFORE(dnnl_convolution_backward_weights_desc_init,
              (dnnl_convolution_desc_t * d, dnnl_alg_kind_t a, const dnnl_memory_desc_t *x,
               const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *b,
               const dnnl_memory_desc_t *y, const dnnl_dims_t s, const dnnl_dims_t l,
               const dnnl_dims_t r),
              (d, a, x, w, b, y, s, l, r))
STANDS_BEFORE(dnnl_matmul_desc_init,
              (dnnl_matmul_desc_t * d, const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b,
               const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *c),
              (d, a, b, bias, c))
STANDS_BEFORE(dnnl_primitive_attr_create, (dnnl_primitive_attr_t * a), (a))
STANDS_BEFORE(dnnl_primitive_attr_set_scratchpad_mode,
              (dnnl_primitive_attr_t a, dnnl_scratchpad_mode_t m), (a, m))
STANDS_BEFORE(dnnl_primitive_attr_set_post_ops, (dnnl_primitive_attr_t a, const_dnnl_post_ops_t p),
              (a, p))
STANDS_BEFORE(dnnl_post_ops_create, (dnnl_post_ops_t * p), (p))
STANDS_BEFORE(dnnl_post_ops_append_sum, (dnnl_post_ops_t p, float s), (p, s))
STANDS_BEFORE(dnnl_post_ops_append_eltwise,
              (dnnl_post_ops_t p, float s, dnnl_alg_kind_t k, float a, float b), (p, s, k, a, b))
STANDS_BEFORE(dnnl_primitive_desc_create,
              (dnnl_primitive_desc_t * p, const_dnnl_op_desc_t o, const_dnnl_primitive_attr_t a,
               dnnl_engine_t e, const_dnnl_primitive_desc_t hint),
              (p, o, a, e, hint))
STANDS_BEFORE(dnnl_reorder_primitive_desc_create,
              (dnnl_primitive_desc_t * p, const dnnl_memory_desc_t *from, dnnl_engine_t a,
               const dnnl_memory_desc_t *to, dnnl_engine_t b, const_dnnl_primitive_attr_t t),
              (p, from, a, to, b, t))
STANDS_BEFORE(dnnl_primitive_create, (dnnl_primitive_t * p, const_dnnl_primitive_desc_t d), (p, d))
STANDS_BEFORE(dnnl_primitive_execute,
              (const_dnnl_primitive_t p, dnnl_stream_t s, int n, const dnnl_exec_arg_t *a),
              (p, s, n, a))
STANDS_BEFORE(dnnl_sgemm,
              (char ta, char tb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k, float alpha,
               const float *a, dnnl_dim_t lda, const float *b, dnnl_dim_t ldb, float beta, float *c,
               dnnl_dim_t ldc),
              (ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))

/* ---- plans of every use of oneDNN -------------------------------------------------------------
 */

enum { MOST_OUTPUTS = 8 };

typedef struct outputs {
  tg_value v[MOST_OUTPUTS];
  int n;
} outputs;

static tg_value param(tg_graph *g, const char *name, int64_t n, int64_t h, int64_t w, int64_t c) {
  return tg_param(g, name, tg_shape4(n, h, w, c));
}

/* The direct algorithm with and without an activation, in both directions. */
static void build_direct(tg_graph *g, outputs *o) {
  const tg_value x = param(g, "x", 2, 6, 6, 9), w = param(g, "w", 3, 3, 9, 10);
  const tg_value y = tg_leaky_relu(g, tg_conv(g, x, w, 1, 1), 0.1);
  *o = (outputs){{y}, 3};
  tg_gradient(g, tg_mul(g, y, y), TG_NONE, 2, (const tg_value[]){x, w}, o->v + 1);
}

/* Products of tiles, of a chunk of images after another, and their sum. */
static void build_winograd(tg_graph *g, outputs *o) {
  const tg_value x = param(g, "x", 40, 8, 8, 64), w = param(g, "w", 3, 3, 64, 64);
  const tg_value y = tg_conv(g, x, w, 1, 1);
  *o = (outputs){{y}, 3};
  tg_gradient(g, tg_mul(g, y, y), TG_NONE, 2, (const tg_value[]){x, w}, o->v + 1);
}

/* Products over all pixels, and columns of few channels. */
static void build_products(tg_graph *g, outputs *o) {
  const tg_value x = param(g, "x", 2, 9, 9, 40), w = param(g, "w", 1, 1, 40, 24);
  const tg_value few = param(g, "few", 5, 5, 24, 2), m = param(g, "m", 2, 1, 1, 9 * 9 * 2);
  const tg_value y = tg_conv(g, tg_conv(g, x, w, 1, 0), few, 1, 2);
  const tg_value flat = tg_reshape(g, y, tg_shape4(2, 1, 1, 9 * 9 * 2));
  const tg_value z = tg_matmul(g, flat, m, false, true);
  *o = (outputs){{z}, 3};
  tg_gradient(g, tg_mul(g, z, z), TG_NONE, 2, (const tg_value[]){w, few}, o->v + 1);
}

/* An inference norm before a 1x1 convolution: blocks of pixels, each by one thread. */
static void build_scaled(tg_graph *g, outputs *o) {
  const tg_value x = param(g, "x", 2, 9, 9, 40), w = param(g, "w", 1, 1, 40, 24);
  const tg_value scale = param(g, "scale", 1, 1, 1, 40), shift = param(g, "shift", 1, 1, 1, 40);
  const tg_value scaled = tg_add(g, tg_mul(g, x, scale), shift);
  *o = (outputs){{tg_conv(g, tg_leaky_relu(g, scaled, 0.1), w, 1, 0)}, 1};
}

typedef void builder(tg_graph *g, outputs *o);

typedef struct trial {
  tg_graph *g;
  tg_store *s;
  outputs o;
  tg_plan *plan;
} trial;

static int plan_and_run(trial *t, builder *build, bool bf16) {
  *t = (trial){.g = tg_graph_new(), .s = tg_store_new(tg_device_cpu())};
  const tg_plan_options options = {.bf16 = bf16};
  build(t->g, &t->o);
  calls = 0;
  if (tg_plan_new(t->g, t->s, t->o.n, t->o.v, &options, &t->plan)) return 1;
  random_store_fill(t->s);
  return tg_plan_run(t->plan, 0);
}

static float *first_output(const trial *t, size_t *bytes) {
  *bytes = (size_t)tg_count(tg_shape_of(t->g, t->o.v[0])) * sizeof(float);
  return tg_plan_data(t->plan, t->o.v[0]);
}

static void release(trial *t) {
  tg_plan_free(t->plan);
  tg_store_free(t->s);
  tg_graph_free(t->g);
}

/* A failed plan is none, and a plan that failed once computes what it should when nothing fails. */
static void check_failed(trial *t, const trial *right, int status) {
  assert_int_not_equal(status, 0);
  if (!strstr(tg_message(), "oneDNN") || !strstr(tg_message(), "out of memory")) {
    fail_msg("call %d fails with: %s", failing, tg_message());
  }
  if (!t->plan) return;
  assert_non_null(strstr(tg_message(), ", kernel "));
  size_t bytes;
  failing = -1;
  assert_int_equal(tg_plan_run(t->plan, 0), 0);
  const float *found = first_output(t, &bytes);
  assert_memory_equal(found, first_output(right, &bytes), bytes);
}

static int check_every_call(builder *build, bool bf16) {
  trial right;
  failing = -1;
  assert_int_equal(plan_and_run(&right, build, bf16), 0);
  const int total = calls;
  assert_in_range(total, 5, 1000);
  for (int call = 0; call < total; call++) {
    trial t;
    failing = call;
    const int status = plan_and_run(&t, build, bf16);
    check_failed(&t, &right, status);
    release(&t);
  }
  release(&right);
  return total;
}

static void every_failure_stops_the_plan(void **state) {
  static builder *const all[] = {build_direct, build_winograd, build_products, build_scaled};
  (void)state;
  for (int threads = 1; threads <= 3; threads += 2) {
    tg_set_threads(threads);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
      check_every_call(all[i], false);
      if (tg_has_bf16()) check_every_call(all[i], true);
    }
  }
  tg_set_threads(0);
}

/* What oneDNN itself refuses. */
static void an_impossible_product_is_refused(void **state) {
  (void)state;
  const float x[4] = {1, 2, 3, 4};
  float y[4];
  failing = -1;
  const onednn_gemm wrong = {.m = 2, .n = 2, .k = 2, .lda = 1, .ldb = 2, .ldc = 2};
  assert_int_not_equal(onednn_check(onednn_sgemm(&wrong, x, x, y)), 0);
  assert_non_null(strstr(tg_message(), "oneDNN could not compute: invalid arguments"));
}

/* Records name it. */
static void the_library_says_what_it_is(void **state) {
  (void)state;
  int major, minor, patch;
  char more;
  assert_int_equal(sscanf(tg_onednn_version(), "%d.%d.%d%c", &major, &minor, &patch, &more), 3);
  assert_int_equal(major, DNNL_VERSION_MAJOR);
  const char *isa = tg_onednn_instructions();
  const char *whole = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
  assert_in_range(strlen(isa), 3, strlen(whole));
  assert_string_equal(isa, whole + strlen(whole) - strlen(isa)); /* its last part */
  assert_null(strstr(isa, "isa"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_failure_stops_the_plan),
      cmocka_unit_test(an_impossible_product_is_refused),
      cmocka_unit_test(the_library_says_what_it_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
