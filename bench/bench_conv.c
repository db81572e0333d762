/* bench_conv.c: milliseconds and GFLOP/s (of the direct algorithm) of every kernel that applies to
 * the convolutions of the digit networks.  Arguments: base channels, batch, repetitions.  From the
 * repository, after a build:
 *   cc -O2 -Iinclude -Isrc/base -Isrc/op bench/bench_conv.c \
 *     build/libxsite-internal.a -ldnnl -lgomp -lm -o build/bench_conv */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conv.h"

typedef struct layer {
  const char *name;
  int size, ci, k, co, stride, pad;
} layer;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static float *make_tensor(int64_t count) {
  float *x = aligned_alloc(64, (size_t)(count + 16) * sizeof *x / 64 * 64);
  if (!x) exit(1);
  for (int64_t i = 0; i < count; i++) x[i] = (float)(i * 37 % 101) * 0.02F - 1.0F;
  return x;
}

static double time_kernel(const op_kernel *k, const op_site *s, int repetitions) {
  void *state = NULL;
  size_t scratch = 0;
  if (k->prepare && k->prepare(s, &state, &scratch)) return -1;
  float *a = make_tensor(tg_count(s->in[0])), *w = make_tensor(tg_count(s->in[1]));
  float *y = make_tensor(tg_count(s->out)), *room = make_tensor((int64_t)(scratch / 4)), *packed;
  op_buffers b = {.in = {a, w}, .out = {y}, .scratch = room};
  packed = make_tensor(k->pack ? (int64_t)(k->packed_bytes(s, state) / 4) : 0);
  if (k->pack) {
    k->pack(s, state, w, packed);
    b.in[1] = packed;
  }
  double best = 1e30;
  for (int i = 0; i <= repetitions; i++) {
    double start = now();
    k->run(s, state, &b);
    double took = now() - start;
    if (i && took < best) best = took;
  }
  free(a);
  free(w);
  free(y);
  free(room);
  free(packed);
  if (k->release) k->release(state);
  return best;
}

static op_site make_site(const layer *l, int n, int which) {
  int out = (l->size + 2 * l->pad - l->k) / l->stride + 1;
  tg_shape x = tg_shape4(n, l->size, l->size, l->ci), w = tg_shape4(l->k, l->k, l->ci, l->co);
  tg_shape y = tg_shape4(n, out, out, l->co);
  op_site s = {.n = 2, .bf16 = true, .attr.i = {l->stride, l->pad}};
  const op *member[] = {&op_conv, &op_conv_dx, &op_conv_dw};
  s.op = member[which];
  s.in[0] = which == 1 ? y : x;
  s.in[1] = which == 2 ? y : w;
  s.out = which == 0 ? y : which == 1 ? x : w;
  s.attr.shape = s.out;
  return s;
}

static void time_layer(const layer *l, int n, int repetitions) {
  for (int which = 0; which < 3; which++) {
    op_site s = make_site(l, n, which);
    conv_geometry g = conv_site_geometry(&s);
    double work = 2e-6 * (double)(g.n * g.ho * g.wo * g.co) * (double)(g.kh * g.kw * g.ci);
    printf("%-28s %-8s", l->name, s.op->name);
    for (const op_kernel *const *k = s.op->cpu; *k; k++) {
      if ((*k)->applies && !(*k)->applies(&s)) continue;
      double t = time_kernel(*k, &s, repetitions);
      printf("  %-8s %7.3f ms %6.1f", (*k)->name, t, work / t);
    }
    printf("\n");
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  int c = argc > 1 ? atoi(argv[1]) : 64, n = argc > 2 ? atoi(argv[2]) : 32;
  int repetitions = argc > 3 ? atoi(argv[3]) : 5;
  const layer layers[] = {
      {"G 7x7 5->C 32", 32, 5, 7, c, 1, 3},
      {"G,D 4x4s2 C->2C 32", 32, c, 4, 2 * c, 2, 1},
      {"G,D 4x4s2 2C->4C 16", 16, 2 * c, 4, 4 * c, 2, 1},
      {"D 4x4s2 C->2C 16", 16, c, 4, 2 * c, 2, 1},
      {"D 4x4s2 2C->4C 8", 8, 2 * c, 4, 4 * c, 2, 1},
      {"G 3x3 4C->4C 8", 8, 4 * c, 3, 4 * c, 1, 1},
      {"G 7x7 C->3 32", 32, c, 7, 3, 1, 3},
      {"D 4x4s2 3->C 32", 32, 3, 4, c, 2, 1},
      {"D 4x4s2 4C->8C 4", 4, 4 * c, 4, 8 * c, 2, 1},
      {"D 3x3 8C->1 2", 2, 8 * c, 3, 1, 1, 1},
      {"D 2x2 8C->2 2", 2, 8 * c, 2, 2, 1, 0},
      {"LeNet 5x5 3->20 32", 32, 3, 5, 20, 1, 0},
      {"LeNet 5x5 20->50 14", 14, 20, 5, 50, 1, 0},
  };
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    time_layer(&layers[i], n, repetitions);
  return 0;
}
