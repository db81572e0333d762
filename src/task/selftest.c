/* selftest.c: does this build compute what it should here? */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"
#include "random.h"
#include "safetensors.h"
#include "text.h"
#include "tg.h"
#include "xsite.h"

/* ---- random numbers: Random123's kat_vectors, philox4x32 10 ---- */

static int check_random(void) {
  static const uint32_t counter[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
  static const uint32_t key[2] = {0xa4093822, 0x299f31d0};
  static const uint32_t right[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  uint32_t words[4];
  random_philox(counter, key, words);
  return memcmp(words, right, sizeof right) == 0 ? 0 : fail(1, "not the published numbers");
}

/* ---- AUC: of 3 x 3 pairs 8 are in order and 1 is tied ---- */

static int check_auc(void) {
  static const float score[] = {0.1f, 0.4f, 0.35f, 0.8f, 0.4f, 0.9f};
  static const uint8_t positive[] = {0, 0, 0, 1, 1, 1};
  double auc = xs_auc_binary(score, positive, 6);
  return fabs(auc - 8.5 / 9) < 1e-12 ? 0 : fail(1, "%.6f instead of 0.944444", auc);
}

/* ---- the gradient of a small network: the CPU against the definition ---- */

enum { SIZE = 9, IN = 3, OUT = 5, KERNEL = 3, WEIGHTS = KERNEL * KERNEL * IN * OUT };

/* d(sum of tanh(norm(conv(x, w)))^2) / dw. */
static tg_value build(tg_graph *g) {
  tg_value x = tg_param(g, "x", tg_shape4(2, SIZE, SIZE, IN));
  tg_value w = tg_param(g, "w", tg_shape4(KERNEL, KERNEL, IN, OUT)), dw = TG_NONE;
  tg_value gamma = tg_param(g, "gamma", tg_shape4(1, 1, 1, OUT));
  tg_value beta = tg_param(g, "beta", tg_shape4(1, 1, 1, OUT));
  tg_value y = tg_tanh(g, tg_instance_norm(g, tg_conv(g, x, w, 2, 1), gamma, beta, 1e-5));
  tg_gradient(g, tg_mul(g, y, y), TG_NONE, 1, &w, &dw);
  return dw;
}

/* Every parameter uniform in [-1, 1). */
static void fill(tg_store *s) {
  for (int i = 0; i < tg_store_size(s); i++) {
    int64_t n = tg_count(tg_store_shape(s, i));
    float *x = memory_new(sizeof *x * (size_t)n);
    uint64_t stream = random_stream(tg_store_name(s, i));
    for (int64_t k = 0; k < n; k++) x[k] = 2 * random_uniform(1, stream, 0, (uint64_t)k) - 1;
    tg_store_write(s, i, x);
    free(x);
  }
}

static int compute(const tg_device *d, double dw[WEIGHTS]) {
  tg_graph *g = tg_graph_new();
  tg_store *s = tg_store_new(d);
  tg_plan *plan = NULL;
  const tg_plan_options options = {.effort = TG_ESTIMATE, .seed = 1};
  tg_value out = build(g);
  int status = tg_plan_new(g, s, 1, &out, &options, &plan);
  if (status == 0) {
    fill(s);
    status = tg_plan_run(plan, 1);
  }
  for (int i = 0; status == 0 && i < WEIGHTS; i++) {
    const void *data = tg_plan_data(plan, out);
    bool wide = tg_device_element(d) == sizeof(double);
    dw[i] = wide ? ((const double *)data)[i] : (double)((const float *)data)[i];
  }
  tg_plan_free(plan);
  tg_store_free(s);
  tg_graph_free(g);
  return status;
}

static int check_gradient(void) {
  double right[WEIGHTS] = {0}, found[WEIGHTS] = {0}, largest = 0, error = 0;
  if (compute(tg_device_reference(), right) != 0) return 1;
  if (compute(tg_device_cpu(), found) != 0) return 1;
  for (int i = 0; i < WEIGHTS; i++) {
    largest = fmax(largest, fabs(right[i]));
    error = fmax(error, fabs(found[i] - right[i]));
  }
  if (largest > 0 && error < 1e-4 * largest) return 0;
  return fail(1, "differs by %.2g of %.2g", error, largest);
}

/* ---- a model file, written and read again ---- */

static int compare_file(const char *path, const float x[4]) {
  safetensors *s = NULL;
  float y[4] = {0};
  if (safetensors_open(path, &s) != 0) return 1;
  const safetensor *t = safetensors_find(s, "w");
  int status = t && t->count == 4 ? safetensors_read_f32(t, y) : fail(1, "no tensor w");
  if (status == 0 && memcmp(x, y, sizeof y) != 0) status = fail(1, "other numbers than written");
  safetensors_close(s);
  return status;
}

static int check_file(void) {
  const char *dir = getenv("TMPDIR");
  const float x[4] = {1, -2, 0x1p-140f, 3e38f};
  char name[] = "w", *path = text_format("%s/xsite-%ld", dir ? dir : "/tmp", (long)getpid());
  const safetensor t = {name, 2, {2, 2}, SAFETENSORS_F32, x, 4};
  int status = safetensors_write(path, &t, 1, NULL);
  if (status == 0) status = compare_file(path, x);
  unlink(path);
  free(path);
  return status;
}

/* ---- all ---- */

xs_status xs_selftest(char **text) {
  static const struct {
    const char *what;
    int (*check)(void);
  } checks[] = {{"random numbers", check_random},
                {"area under the curve", check_auc},
                {"gradient on the CPU", check_gradient},
                {"model file", check_file}};
  const int total = sizeof checks / sizeof *checks;
  int failed = 0;
  size_t size;
  FILE *f = text_open(text, &size);
  for (int i = 0; i < total; i++) {
    bool right = checks[i].check() == 0;
    fprintf(f, "%s  %s%s%s\n", right ? "pass" : "FAIL", checks[i].what, right ? "" : ": ",
            right ? "" : fail_message());
    failed += !right;
  }
  text_close(f);
  if (failed == 0) return XS_OK;
  return (xs_status)fail(XS_FAILED, "%d of %d checks failed", failed, total);
}
