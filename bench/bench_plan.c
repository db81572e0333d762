/* bench_plan.c: milliseconds of processor time to describe and differentiate, to plan, and to run a
 * training step of about so many nodes, of layers of pointwise operators and of convolutions, each
 * with its own parameters.  Arguments: numbers of nodes (default: 1000 4000 16000).  From the
 * repository, after a build:
 *   cc -O2 -D_POSIX_C_SOURCE=200809L -Iinclude bench/bench_plan.c -Lbuild -lxsite \
 *     -Wl,-rpath,$PWD/build -o build/bench_plan */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tg.h"

enum { CHANNELS = 8, MOST_LAYERS = 10000 };

typedef struct network {
  tg_graph *g;
  tg_value param[2 * MOST_LAYERS], gradient[2 * MOST_LAYERS], update[2 * MOST_LAYERS];
  int params;
} network;

/* The layer's output for its input x. */
typedef tg_value layer(network *n, tg_value x);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static tg_value new_param(network *n, tg_shape s) {
  char name[32];
  snprintf(name, sizeof name, "layer%d.weight", n->params);
  return n->param[n->params++] = tg_param(n->g, name, s);
}

static tg_value add_pointwise(network *n, tg_value x) {
  const tg_shape each = tg_shape4(1, 1, 1, CHANNELS);
  const tg_value scaled = tg_mul(n->g, x, new_param(n, each));
  return tg_tanh(n->g, tg_add(n->g, scaled, new_param(n, each)));
}

static tg_value add_conv(network *n, tg_value x) {
  const tg_value w = new_param(n, tg_shape4(3, 3, CHANNELS, CHANNELS));
  const tg_value y =
      tg_add(n->g, tg_conv(n->g, x, w, 1, 1), new_param(n, tg_shape4(1, 1, 1, CHANNELS)));
  return tg_add(n->g, x, tg_relu(n->g, y));
}

/* The nodes of a training step, whose updates are n->update. */
static int describe(network *n, layer *add, int layers) {
  tg_value x = tg_input(n->g, "x", tg_shape4(2, 4, 4, CHANNELS));
  n->params = 0;
  for (int i = 0; i < layers; i++) x = add(n, x);
  const tg_value loss = tg_mean(n->g, tg_mul(n->g, x, x)), rate = tg_const(n->g, 1e-3);
  const tg_adam_options o = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
  tg_gradient(n->g, loss, TG_NONE, n->params, n->param, n->gradient);
  for (int i = 0; i < n->params; i++) {
    n->update[i] = tg_adam(n->g, n->param[i], n->gradient[i], rate, tg_const(n->g, 1), o);
  }
  return n->update[n->params - 1];
}

/* Milliseconds: described and differentiated, planned, run. */
typedef struct times {
  double described, planned, ran;
  int nodes, steps;
} times;

static int measure(network *n, layer *add, int layers, times *t) {
  tg_plan *p;
  n->g = tg_graph_new();
  tg_store *s = tg_store_new(tg_device_cpu());
  const double start = now();
  t->nodes = describe(n, add, layers);
  t->described = now() - start;
  int status = tg_plan_new(n->g, s, n->params, n->update, NULL, &p);
  t->planned = now() - start - t->described;
  if (!status) {
    const double begun = now();
    status = tg_plan_run(p, 0);
    t->ran = now() - begun;
    t->steps = tg_plan_steps(p);
    tg_plan_free(p);
  }
  tg_store_free(s);
  tg_graph_free(n->g);
  return status;
}

static double least(double a, double b) { return a < b ? a : b; }

/* The best of a few times. */
static int print(network *n, const char *name, layer *add, int nodes) {
  times few, more, best = {.described = 1e30, .planned = 1e30, .ran = 1e30};
  if (measure(n, add, 1, &few) || measure(n, add, 11, &more)) return 1;
  int layers = nodes * 10 / (more.nodes - few.nodes);
  if (layers > MOST_LAYERS) layers = MOST_LAYERS;
  for (int i = 0; i < 3; i++) {
    times t;
    if (measure(n, add, layers, &t)) return 1;
    best.described = least(best.described, t.described);
    best.planned = least(best.planned, t.planned);
    best.ran = least(best.ran, t.ran);
    best.nodes = t.nodes;
    best.steps = t.steps;
  }
  printf("%-10s %8d %8d %10.1f %10.1f %10.1f\n", name, best.nodes, best.steps, best.described,
         best.planned, best.ran);
  return fflush(stdout);
}

int main(int argc, char **argv) {
  static char *const usual[] = {"1000", "4000", "16000"};
  char *const *count = argc > 1 ? argv + 1 : usual;
  const int counts = argc > 1 ? argc - 1 : 3;
  network *n = calloc(1, sizeof *n);
  int status = !n;
  tg_set_threads(1); /* planning has one */
  printf("layers        nodes    steps  described    planned        run  (ms)\n");
  for (int i = 0; i < counts && !status; i++) {
    status = print(n, "pointwise", add_pointwise, atoi(count[i])) ||
             print(n, "conv", add_conv, atoi(count[i]));
  }
  if (status) fprintf(stderr, "%s\n", tg_message());
  free(n);
  return status;
}
