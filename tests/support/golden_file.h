/* golden_file.h: a graph checked against a golden file (golden/README.md).
 *
 * A case lists what to feed and what to expect; golden_run plans all that is expected at once, runs
 * it and compares.  Tensors cross between PyTorch's order (n,c,h,w; out,in,h,w) and the graph's. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/fill.h"
#include "memory.h"
#include "nn.h"
#include "safetensors.h"

typedef enum golden_order { GOLDEN_IMAGE, GOLDEN_WEIGHT } golden_order;

typedef struct golden_want {
  char name[96];
  tg_value v; /* TG_NONE: all of the golden values are 0 */
  golden_order order;
  int step; /* of rows and columns that the file holds */
} golden_want;

typedef struct golden_feed {
  tg_value v;
  double *x; /* in the graph's order */
} golden_feed;

/* How a test runs: the state of each. */
typedef struct golden_way {
  const char *device;
  bool unfused;
} golden_way;

typedef struct golden_case {
  safetensors *file;
  const tg_device *device;
  bool unfused;
  double tolerance; /* relative to a tensor's largest element */
  tg_graph *g;
  tg_store *store;
  golden_want want[160];
  int wants;
  golden_feed feed[16];
  int feeds;
} golden_case;

static inline void golden_equal(double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance)) fail_msg("got %.12g instead of %.12g", got, want);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static inline double golden_number(const safetensor *t, int64_t i) {
  float narrow;
  double wide;
  const bool is_narrow = t->dtype == SAFETENSORS_F32;
  const char *at = (const char *)t->data + (size_t)i * (is_narrow ? sizeof narrow : sizeof wide);
  if (is_narrow) return (double)*(float *)memcpy(&narrow, at, sizeof narrow);
  return *(double *)memcpy(&wide, at, sizeof wide);
}

/* The numbers of a tensor that is stored whole or as "fill/NAME". */
static inline double *golden_read(const golden_case *c, const char *name, int64_t *count) {
  char key[128];
  snprintf(key, sizeof key, "fill/%s", name);
  const safetensor *t = safetensors_find(c->file, name);
  const safetensor *fill = safetensors_find(c->file, key);
  if (!t && !fill) fail_msg("the golden file has no %s", name);
  *count = 1;
  for (int64_t i = 2; fill && i < fill->count; i++) *count *= (int64_t)golden_number(fill, i);
  if (t) *count = t->count;
  double *x = memory_new((size_t)*count * sizeof *x);
  for (int64_t i = 0; i < *count; i++) {
    x[i] = t ? golden_number(t, i)
             : (double)fill_value((uint32_t)golden_number(fill, 0), (uint32_t)i,
                                  (float)golden_number(fill, 1));
  }
  return x;
}

/* Where element i of the graph's order lies in the file's. */
static inline int64_t golden_place(tg_shape s, golden_order order, int64_t i) {
  int64_t d3 = i % s.d[3], d2 = i / s.d[3] % s.d[2];
  int64_t d1 = i / (s.d[3] * s.d[2]) % s.d[1], d0 = i / (s.d[3] * s.d[2] * s.d[1]);
  if (order == GOLDEN_IMAGE) return ((d0 * s.d[3] + d3) * s.d[1] + d1) * s.d[2] + d2;
  return ((d3 * s.d[2] + d2) * s.d[0] + d0) * s.d[1] + d1;
}

static inline double golden_element(const golden_case *c, const void *data, int64_t i) {
  return tg_device_element(c->device) == sizeof(float) ? (double)((const float *)data)[i]
                                                       : ((const double *)data)[i];
}

/* Runs the tests in each way there is; the number of those that failed. */
static inline int golden_run_tests(const struct CMUnitTest *tests, size_t n) {
  golden_way ways[] = {{"reference", false}, {"cpu", true}, {"cpu", false}};
  struct CMUnitTest run[32];
  int failed = 0;
  if (n > sizeof run / sizeof *run) abort();
  memcpy(run, tests, n * sizeof *run);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    char group[64];
    snprintf(group, sizeof group, "%s%s", ways[i].device, ways[i].unfused ? ", unfused" : "");
    for (size_t k = 0; k < n; k++) run[k].initial_state = &ways[i];
    failed += _cmocka_run_group_tests(group, run, n, NULL, NULL);
  }
  return failed;
}

/* ---- describing a case -------------------------------------------------------------------- */

static inline void golden_open(golden_case *c, void **state, const char *name) {
  const golden_way *w = *state;
  char path[512];
  snprintf(path, sizeof path, TEST_DATA "/golden/%s.safetensors", name);
  *c = (golden_case){.device = tg_device_named(w->device), .unfused = w->unfused};
  if (safetensors_open(path, &c->file)) fail_msg("%s", tg_message());
  c->tolerance = tg_device_element(c->device) == sizeof(double) ? 1e-9 : 1e-4;
  c->g = tg_graph_new();
  c->store = tg_store_new(c->device);
}

static inline void golden_close(golden_case *c) {
  for (int i = 0; i < c->feeds; i++) free(c->feed[i].x);
  safetensors_close(c->file);
  tg_graph_free(c->g);
  tg_store_free(c->store);
}

/* Puts the file's weights PREFIX... of every parameter of net into the store. */
static inline void golden_weights(golden_case *c, const nn_net *net, const char *prefix) {
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    char name[96];
    int64_t count;
    snprintf(name, sizeof name, "%s%s", prefix, p->name + strlen(net->prefix));
    double *x = golden_read(c, name, &count);
    assert_int_equal(count, tg_count(p->shape));
    float *stored = memory_new((size_t)count * sizeof *stored);
    for (int64_t k = 0; k < count; k++)
      stored[k] = (float)x[golden_place(p->shape, GOLDEN_WEIGHT, k)];
    assert_int_equal(tg_store_add(c->store, p->name, p->shape), 0);
    tg_store_write(c->store, tg_store_find(c->store, p->name), stored);
    free(stored);
    free(x);
  }
}

/* Feeds value v with numbers in the graph's order, which the case then owns. */
static inline void golden_feed_numbers(golden_case *c, tg_value v, double *x) {
  assert_true(c->feeds < (int)(sizeof c->feed / sizeof *c->feed));
  c->feed[c->feeds++] = (golden_feed){.v = v, .x = x};
}

/* An image tensor of the file in the graph's order. */
static inline double *golden_image(const golden_case *c, const char *name, tg_shape s) {
  int64_t count;
  double *x = golden_read(c, name, &count), *y = memory_new((size_t)count * sizeof *y);
  assert_int_equal(count, tg_count(s));
  for (int64_t i = 0; i < count; i++) y[i] = x[golden_place(s, GOLDEN_IMAGE, i)];
  free(x);
  return y;
}

/* One-hot codes [n][domains] of the file's domain of each image, or of the other one of two. */
static inline double *golden_domains(const golden_case *c, int64_t n, int domains, bool other) {
  int64_t count;
  double *index = golden_read(c, "in/domain", &count);
  double *code = calloc((size_t)(n * domains), sizeof *code);
  assert_int_equal(count, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t k = (int64_t)index[i];
    code[i * domains + (other ? 1 - k : k)] = 1;
  }
  free(index);
  return code;
}

/* An input of the file's name and the given shape. */
static inline tg_value golden_input(golden_case *c, const char *name, tg_shape s) {
  tg_value v = tg_input(c->g, name, s);
  golden_feed_numbers(c, v, golden_image(c, name, s));
  return v;
}

static inline void golden_expect(golden_case *c, const char *name, tg_value v) {
  assert_true(c->wants < (int)(sizeof c->want / sizeof *c->want));
  golden_want *w = &c->want[c->wants++];
  *w = (golden_want){.v = v, .step = 1};
  snprintf(w->name, sizeof w->name, "%s", name);
}

/* "GROUP/MIDDLE..." of a parameter, or "probe.../MIDDLE..." if the file has a probe of it; GROUP is
 * "grad" or "grad_penalty". */
static inline void golden_gradient_name(const golden_case *c, const nn_net *net, int i,
                                        const char *group, const char *middle, char name[96]) {
  const char *part = net->param[i].name + strlen(net->prefix);
  snprintf(name, 96, "%s/%s%s", group, middle, part);
  if (safetensors_find(c->file, name)) return;
  snprintf(name, 96, "probe%s/%s%s", group + strlen("grad"), middle, part);
}

/* Expects the gradients of y by every parameter of net that has one. */
static inline void golden_expect_gradients(golden_case *c, tg_value y, const nn_net *net,
                                           const char *group, const char *middle) {
  tg_value *wrt = calloc((size_t)net->n, sizeof *wrt), *dx = calloc((size_t)net->n, sizeof *dx);
  assert_true(y != TG_NONE);
  for (int i = 0; i < net->n; i++) wrt[i] = net->param[i].value;
  tg_gradient(c->g, y, TG_NONE, net->n, wrt, dx);
  for (int i = 0; i < net->n; i++) {
    char name[96];
    if (net->param[i].statistic) continue;
    golden_gradient_name(c, net, i, group, middle, name);
    golden_expect(c, name, dx[i]);
    c->want[c->wants - 1].order = GOLDEN_WEIGHT;
  }
  free(dx);
  free(wrt);
}

/* ---- comparing ---------------------------------------------------------------------------- */

static inline double golden_largest(const double *x, int64_t count) {
  double most = 0;
  for (int64_t i = 0; i < count; i++) most = fmax(most, fabs(x[i]));
  return most;
}

static inline void golden_near(const golden_case *c, const char *name, int64_t i, double got,
                               double want, double scale) {
  if (fabs(got - want) <= c->tolerance * scale) return; /* false for NaN */
  fail_msg("%s[%lld]: got %.12g, PyTorch has %.12g; differs by %.2g of the largest %.3g", name,
           (long long)i, got, want, fabs(got - want) / scale, scale);
}

/* probe = {stride, norm, y[0], y[stride], ...} */
static inline void golden_compare_probe(const golden_case *c, const golden_want *w, const double *y,
                                        int64_t count, const double *probe, int64_t probes) {
  double sum = 0, scale = golden_largest(y, count);
  int64_t stride = (int64_t)probe[0];
  for (int64_t i = 0; i < count; i++) sum += y[i] * y[i];
  golden_near(c, w->name, -1, sqrt(sum), probe[1], probe[1]);
  assert_int_equal(probes - 2, (count + stride - 1) / stride);
  for (int64_t i = 2; i < probes; i++)
    golden_near(c, w->name, (i - 2) * stride, y[(i - 2) * stride], probe[i], scale);
}

/* Every step-th row and column of the planes y [planes][h][w]. */
static inline void golden_compare_whole(const golden_case *c, const golden_want *w, tg_shape s,
                                        const double *y, const double *want, int64_t count) {
  int64_t h = w->step > 1 ? s.d[1] : 1, width = w->step > 1 ? s.d[2] : tg_count(s), seen = 0;
  double scale = golden_largest(want, count);
  for (int64_t row = 0; row < tg_count(s) / width; row++) {
    for (int64_t x = 0; x < width && row % h % w->step == 0; x += w->step, seen++) {
      assert_true(seen < count);
      golden_near(c, w->name, seen, y[row * width + x], want[seen], scale);
    }
  }
  assert_int_equal(seen, count);
}

/* x: count(s) numbers in the graph's order. */
static inline void golden_compare(const golden_case *c, const golden_want *w, tg_shape s,
                                  const double *x) {
  int64_t count;
  double *want = golden_read(c, w->name, &count);
  double *y = calloc((size_t)tg_count(s), sizeof *y);
  for (int64_t i = 0; i < tg_count(s); i++) y[golden_place(s, w->order, i)] = x[i];
  if (strncmp(w->name, "probe", 5) == 0) {
    golden_compare_probe(c, w, y, tg_count(s), want, count);
  } else {
    golden_compare_whole(c, w, s, y, want, count);
  }
  free(y);
  free(want);
}

static inline void golden_compare_output(const golden_case *c, tg_plan *p, const golden_want *w) {
  tg_shape s = tg_shape_of(c->g, w->v);
  const void *data = tg_plan_data(p, w->v);
  assert_non_null(data);
  double *x = calloc((size_t)tg_count(s), sizeof *x);
  for (int64_t i = 0; i < tg_count(s); i++) x[i] = golden_element(c, data, i);
  golden_compare(c, w, s, x);
  free(x);
}

/* No gradient was built: right only if the file has zeros. */
static inline void golden_compare_none(const golden_case *c, const golden_want *w) {
  int64_t count;
  double *want = golden_read(c, w->name, &count);
  if (golden_largest(want, count) != 0) fail_msg("%s: no gradient was built", w->name);
  free(want);
}

/* Writes into an input; does nothing if the plan does not read it. */
static inline void golden_put(const golden_case *c, tg_plan *p, tg_value v, const double *x,
                              int64_t count) {
  void *data = tg_plan_data(p, v);
  bool narrow = tg_device_element(c->device) == sizeof(float);
  for (int64_t i = 0; data && i < count; i++) {
    if (narrow) ((float *)data)[i] = (float)x[i];
    if (!narrow) ((double *)data)[i] = x[i];
  }
}

static inline void golden_run(golden_case *c) {
  tg_value outputs[160];
  int n = 0;
  for (int i = 0; i < c->wants; i++) {
    if (c->want[i].v != TG_NONE) outputs[n++] = c->want[i].v;
  }
  tg_plan *p;
  tg_plan_options o = {.unfused = c->unfused};
  if (tg_graph_failure(c->g)) fail_msg("%s", tg_graph_failure(c->g));
  if (tg_plan_new(c->g, c->store, n, outputs, &o, &p)) fail_msg("%s", tg_message());
  for (int i = 0; i < c->feeds; i++) {
    const golden_feed *f = &c->feed[i];
    golden_put(c, p, f->v, f->x, tg_count(tg_shape_of(c->g, f->v)));
  }
  assert_int_equal(tg_plan_run(p, 0), 0);
  for (int i = 0; i < c->wants; i++) {
    const golden_want *w = &c->want[i];
    if (w->v == TG_NONE) golden_compare_none(c, w);
    if (w->v != TG_NONE) golden_compare_output(c, p, w);
  }
  tg_plan_free(p);
}

#endif
