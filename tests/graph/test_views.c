/* test_views.c: channels that live inside wider values (graph/views.c): a dense block copies
 * nothing but the channels that it adds, and graphs drawn at random, with their gradients, compute
 * in float with everything fused what the definitions compute node by node. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "tg.h"

enum { MOST = 64, INPUTS = 3 };

typedef struct sample {
  tg_graph *g;
  tg_value value[MOST], input[INPUTS], output[MOST];
  int values, outputs;
  uint64_t seed, drawn;
} sample;

static int draw(sample *s, int below) {
  return (int)random_below(s->seed, random_stream("views"), 0, s->drawn++, (uint64_t)below);
}

static tg_value norm(sample *s, tg_value x) {
  char gamma[32], beta[32];
  tg_shape c = tg_shape4(1, 1, 1, tg_shape_of(s->g, x).d[3]);
  snprintf(gamma, sizeof gamma, "gamma%d.%d", s->values, (int)c.d[3]);
  snprintf(beta, sizeof beta, "beta%d.%d", s->values, (int)c.d[3]);
  return tg_norm(s->g, x, tg_norm_stats(s->g, x, 1e-2), tg_param(s->g, gamma, c),
                 tg_param(s->g, beta, c));
}

static tg_value norm_relu(sample *s, tg_value x) { return tg_relu(s->g, norm(s, x)); }

/* A norm plus channels of another value. */
static tg_value residual(sample *s, tg_value x, tg_value y) {
  int64_t a = tg_shape_of(s->g, x).d[3], b = tg_shape_of(s->g, y).d[3], c = a < b ? a : b;
  tg_value added = tg_slice(s->g, y, 3, draw(s, 4) ? 0 : b - c, c);
  return tg_add(s->g, norm(s, tg_slice(s->g, x, 3, 0, c)), added);
}

static tg_value slice(sample *s, tg_value x) {
  int c = (int)tg_shape_of(s->g, x).d[3], first = draw(s, 2) ? 0 : draw(s, c);
  return tg_slice(s->g, x, 3, first, 1 + draw(s, c - first));
}

static tg_value flatten(sample *s, tg_value x) {
  tg_value flat = tg_reshape(s->g, x, tg_shape4(1, 1, 1, tg_count(tg_shape_of(s->g, x))));
  return tg_reshape(s->g, tg_tanh(s->g, flat), tg_shape_of(s->g, x));
}

static tg_value sum(sample *s, tg_value x, tg_value y) {
  bool same = tg_same_shape(tg_shape_of(s->g, x), tg_shape_of(s->g, y));
  return same ? tg_add(s->g, x, y) : tg_concat(s->g, y, x, 3);
}

/* A new value of one or two that are there. */
static tg_value grow(sample *s) {
  tg_value x = s->value[draw(s, s->values)], y = s->value[draw(s, s->values)];
  switch (draw(s, 10)) {
  case 0:
  case 1:
    return norm_relu(s, x);
  case 2:
    return slice(s, x);
  case 3:
    return flatten(s, x);
  case 4:
    return sum(s, x, y);
  case 5:
  case 6:
    return residual(s, x, y);
  default:
    return tg_concat(s->g, s->value[s->values - 1], x, 3);
  }
}

static void make(sample *s, uint64_t seed) {
  static const int channels[INPUTS] = {3, 8, 5};
  *s = (sample){.g = tg_graph_new(), .seed = seed};
  for (int i = 0; i < INPUTS; i++) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    s->input[i] = tg_input(s->g, name, tg_shape4(2, 3, 3, channels[i]));
    s->value[s->values++] = tg_tanh(s->g, s->input[i]);
  }
  for (int i = 0; i < 10; i++) {
    tg_value v = grow(s);
    if (tg_shape_of(s->g, v).d[3] <= 200) s->value[s->values++] = v;
  }
  tg_value last = norm_relu(s, s->value[s->values - 1]), dx[INPUTS];
  tg_value loss = tg_mean(s->g, tg_mul(s->g, last, last));
  tg_gradient(s->g, loss, TG_NONE, INPUTS, s->input, dx);
  s->output[s->outputs++] = loss;
  for (int i = 0; i < INPUTS; i++) {
    if (dx[i] != TG_NONE) s->output[s->outputs++] = dx[i];
  }
  if (draw(s, 2)) s->output[s->outputs++] = s->value[draw(s, s->values)];
}

static void fill(const sample *s, const tg_device *d, tg_store *store, tg_plan *p) {
  for (int i = 0; i < tg_store_size(store); i++) {
    float x[256];
    for (int k = 0; k < 256; k++) x[k] = 0.5f + 0.01f * (float)(k % 37);
    tg_store_write(store, i, x);
  }
  for (int i = 0; i < INPUTS; i++) {
    void *data = tg_plan_data(p, s->input[i]);
    for (int64_t k = 0; data && k < tg_count(tg_shape_of(s->g, s->input[i])); k++) {
      float u = 2 * random_uniform(s->seed, random_stream("x"), (uint64_t)i, (uint64_t)k) - 1;
      if (tg_device_element(d) == sizeof(float)) ((float *)data)[k] = u;
      if (tg_device_element(d) == sizeof(double)) ((double *)data)[k] = (double)u;
    }
  }
}

static tg_plan *run(const sample *s, const tg_device *d, bool unfused, tg_store **store) {
  tg_plan *p;
  tg_plan_options o = {.unfused = unfused};
  *store = tg_store_new(d);
  if (tg_plan_new(s->g, *store, s->outputs, s->output, &o, &p)) fail_msg("%s", tg_message());
  fill(s, d, *store, p);
  for (int i = 0; i < 2; i++) assert_int_equal(tg_plan_run(p, 0), 0);
  return p;
}

static void compare(const sample *s, tg_value v, const float *got, const double *want) {
  double scale = 1e-3;
  int64_t n = tg_count(tg_shape_of(s->g, v));
  for (int64_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  for (int64_t i = 0; i < n; i++) {
    if (fabs((double)got[i] - want[i]) <= 1e-3 * scale) continue;
    fail_msg("seed %d, value %d[%d]: got %g instead of %g", (int)s->seed, v, (int)i, (double)got[i],
             want[i]);
  }
}

static void any_graph(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 1500; seed++) {
    sample s;
    tg_store *fast, *exact;
    make(&s, seed);
    tg_plan *p = run(&s, tg_device_cpu(), false, &fast);
    tg_plan *q = run(&s, tg_device_reference(), true, &exact);
    for (int i = 0; i < s.outputs; i++) {
      compare(&s, s.output[i], tg_plan_data(p, s.output[i]), tg_plan_data(q, s.output[i]));
    }
    tg_plan_free(p);
    tg_plan_free(q);
    tg_store_free(fast);
    tg_store_free(exact);
    tg_graph_free(s.g);
  }
}

static int count(const char *text, const char *word) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, word)); at++) n++;
  return n;
}

/* Layers of norm, ReLU and 1x1 convolution that add 4 channels each, and their gradient: slices are
 * left for the added channels only, sums for none, and the block is that of two wide values. */
static void dense_block(void **state) {
  (void)state;
  enum { LAYERS = 6, PIXELS = 256, START = 16, GROWTH = 4 };
  sample s = {.g = tg_graph_new()};
  tg_value x = tg_input(s.g, "x", tg_shape4(1, PIXELS, 1, START)), all = tg_tanh(s.g, x), dx;
  for (s.values = 0; s.values < LAYERS; s.values++) {
    char name[16];
    snprintf(name, sizeof name, "w%d", s.values);
    int64_t c = tg_shape_of(s.g, all).d[3];
    tg_value w = tg_param(s.g, name, tg_shape4(1, 1, c, GROWTH));
    all = tg_concat(s.g, all, tg_conv(s.g, norm_relu(&s, all), w, 1, 0), 3);
  }
  tg_gradient(s.g, tg_mean(s.g, norm_relu(&s, all)), TG_NONE, 1, &x, &dx);
  tg_store *store = tg_store_new(tg_device_cpu());
  tg_plan *p;
  assert_int_equal(tg_plan_new(s.g, store, 1, &dx, NULL, &p), 0);
  char *text = tg_plan_dump(p);
  assert_int_equal(count(text, " slice "), LAYERS);
  assert_int_equal(count(text, " concat "), LAYERS);
  assert_int_equal(count(text, " add"), 0);
  assert_int_equal(count(text, " +residual"), LAYERS);
  free(text);
  tg_plan_free(p);
  tg_store_free(store);
  tg_graph_free(s.g);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(any_graph), cmocka_unit_test(dense_block)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
