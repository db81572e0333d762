/* net.c: lists of parameters: initial values and file order. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "net.h"
#include "random.h"
#include "text.h"

nn_net *nn_net_new(const char *prefix) {
  nn_net *net = memory_new(sizeof *net);
  net->prefix = text_copy(prefix);
  return net;
}

void nn_net_free(nn_net *net) {
  if (!net) return;
  for (int i = 0; i < net->n; i++) free(net->param[i].name);
  free(net->param);
  free(net->prefix);
  free(net);
}

tg_value net_param(tg_graph *g, nn_net *net, const char *layer, const char *part, nn_param p) {
  char *name = text_format("%s%s.%s", net->prefix, layer, part);
  tg_value v = tg_param(g, name, p.shape);
  for (int i = 0; i < net->n; i++) {
    if (strcmp(net->param[i].name, name) != 0) continue;
    net->param[i].value = v;
    net->param[i].next = TG_NONE;
    free(name);
    return v;
  }
  net->param = memory_grow(net->param, (size_t)(net->n + 1) * sizeof *net->param);
  p.name = name;
  p.value = v;
  net->param[net->n++] = p;
  return v;
}

static void normal_values(const nn_param *p, uint64_t seed, float *x) {
  uint64_t stream = random_stream(p->name);
  int64_t count = tg_count(p->shape);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; i += 4) {
    double drawn[4];
    random_normals(seed, stream, 0, (uint64_t)i / 4, drawn);
    for (int64_t k = 0; k < 4 && i + k < count; k++) x[i + k] = (float)(p->bound * drawn[k]);
  }
}

static void uniform_values(const nn_param *p, uint64_t seed, float *x) {
  enum { PIECE = 1 << 12 };
  uint64_t stream = random_stream(p->name);
  int64_t count = tg_count(p->shape);
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < count; first += PIECE) {
    int64_t n = count - first < PIECE ? count - first : PIECE;
    random_uniforms(seed, stream, 0, (uint64_t)first, n, x + first);
    for (int64_t i = first; i < first + n; i++) x[i] = (float)((2 * (double)x[i] - 1) * p->bound);
  }
}

static void initial_values(const nn_param *p, uint64_t seed, float *x) {
  if (p->init == NN_NORMAL) {
    normal_values(p, seed, x);
  } else if (p->init == NN_UNIFORM) {
    uniform_values(p, seed, x);
  } else {
    for (int64_t i = 0; i < tg_count(p->shape); i++) x[i] = p->init == NN_ONES ? 1 : 0;
  }
}

int nn_net_initialise(const nn_net *net, tg_store *s, uint64_t seed) {
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    float *x = memory_new((size_t)tg_count(p->shape) * sizeof *x);
    initial_values(p, seed, x);
    const int status = tg_store_put(s, p->name, p->shape, x);
    free(x);
    if (status) return status;
  }
  return 0;
}

void nn_net_freeze(nn_net *net, const char *layer) {
  size_t length = strlen(layer);
  for (int i = 0; i < net->n; i++) {
    const char *name = net->param[i].name + strlen(net->prefix);
    if (strncmp(name, layer, length) == 0 && name[length] == '.') net->param[i].frozen = true;
  }
}

int64_t nn_net_count(const nn_net *net) {
  int64_t total = 0;
  for (int i = 0; i < net->n; i++) {
    if (!net->param[i].statistic) total += tg_count(net->param[i].shape);
  }
  return total;
}

/* Calls for every element with its place in the store ({kh,kw,ci,co}) and in the file (OIHW). */
static void copy_order(const nn_param *p, const float *from, float *to, bool to_file) {
  const int64_t *d = p->shape.d;
  for (int64_t h = 0, stored = 0; h < d[0]; h++) {
    for (int64_t w = 0; w < d[1]; w++) {
      for (int64_t i = 0; i < d[2]; i++) {
        for (int64_t o = 0; o < d[3]; o++, stored++) {
          int64_t file = ((o * d[2] + i) * d[0] + h) * d[1] + w;
          to[to_file ? file : stored] = from[to_file ? stored : file];
        }
      }
    }
  }
}

void nn_param_to_file(const nn_param *p, const float *stored, float *file) {
  copy_order(p, stored, file, true);
}

void nn_param_from_file(const nn_param *p, const float *file, float *stored) {
  copy_order(p, file, stored, false);
}
