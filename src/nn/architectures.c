/* architectures.c: the table of architectures. */
#include <string.h>

#include "net.h"

typedef struct row {
  const char *name;
  const net_architecture *net;
} row;

static const row rows[] = {
#define ARCHITECTURE(id, name, ...) {name, &net_##id},
#include "xsite/architectures.def"
};

static const char unknown[] = "the architecture is not one of "
#define ARCHITECTURE(id, name, ...) name ", "
#include "xsite/architectures.def"
                              "which are all that there are";

static const net_architecture *find(const char *name) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, name) == 0) return rows[i].net;
  }
  return NULL;
}

const char *nn_classifier_impossible(const nn_classifier *c) {
  const net_architecture *a = find(c->architecture);
  if (!a) return unknown;
  if (c->channels < 1 || c->channels > 64) return "image channels must be 1 to 64";
  if (c->classes < 2) return "a classifier needs two classes or more";
  return a->impossible(c);
}

tg_value nn_classifier_features(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  const net_architecture *a = find(c->architecture);
  return a ? a->features(g, net, c, x) : TG_NONE;
}

tg_value nn_classifier_last(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value features) {
  const net_architecture *a = find(c->architecture);
  return a ? nn_linear(g, net, a->last, features, c->classes) : TG_NONE;
}

tg_value nn_classifier_build(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  return nn_classifier_last(g, net, c, nn_classifier_features(g, net, c, x));
}

tg_value nn_classifier_texture(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  const net_architecture *a = find(c->architecture);
  if (!a) return TG_NONE;
  const tg_value maps = a->maps(g, net, c, x);
  const tg_shape s = tg_shape_of(g, maps), one = tg_shape4(s.d[0], 1, 1, s.d[3]);
  const double share = 1 / (double)(s.d[1] * s.d[2]);
  const tg_value mean = tg_affine(g, tg_sum_to(g, maps, one), share, 0);
  const tg_value centred = tg_sub(g, maps, tg_broadcast(g, mean, s));
  const tg_value variance = tg_affine(g, tg_sum_to(g, tg_mul(g, centred, centred), one), share, 0);
  return tg_concat(g, mean, tg_sqrt(g, variance), 3);
}

const char *nn_classifier_last_name(const nn_classifier *c) {
  const net_architecture *a = find(c->architecture);
  return a ? a->last : NULL;
}

void nn_classifier_freeze_last(nn_net *net, const nn_classifier *c) {
  const net_architecture *a = find(c->architecture);
  if (a) nn_net_freeze(net, a->last);
}
