/* lenet.c: the classifiers of the digit experiments (Decision 4). */
#include <stdio.h>
#include <string.h>

#include "nn.h"

static tg_value relu_pool(tg_graph *g, tg_value x) {
  return tg_relu(g, tg_max_pool(g, x, 2, 2, 0));
}

static tg_value drop(tg_graph *g, const nn_net *net, const char *layer, tg_value x, double p,
                     bool channels) {
  char stream[96];
  snprintf(stream, sizeof stream, "dropout %s%s", net->prefix, layer);
  return nn_dropout(g, stream, x, p, channels);
}

static tg_value build_lenet(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = nn_conv(g, net, "features.0", x, (nn_conv_shape){5, 1, 0, 20, true});
  x = relu_pool(g, x);
  x = nn_conv(g, net, "features.1", x, (nn_conv_shape){5, 1, 0, 50, true});
  x = drop(g, net, "features", x, c->dropout, true);
  x = relu_pool(g, x);
  x = tg_relu(g, nn_linear(g, net, "classifier.0", x, 500));
  x = drop(g, net, "classifier", x, c->dropout, false);
  return nn_linear(g, net, "classifier.1", x, c->classes);
}

static tg_value build_lenet5(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = relu_pool(g, nn_conv(g, net, "features.0", x, (nn_conv_shape){5, 1, 0, 6, true}));
  x = relu_pool(g, nn_conv(g, net, "features.1", x, (nn_conv_shape){5, 1, 0, 16, true}));
  x = tg_relu(g, nn_linear(g, net, "classifier.0", x, 120));
  x = tg_relu(g, nn_linear(g, net, "classifier.1", x, 84));
  return nn_linear(g, net, "classifier.2", x, c->classes);
}

static const struct {
  const char *name;
  tg_value (*build)(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
} architectures[] = {{"lenet", build_lenet}, {"lenet5", build_lenet5}};

enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };

static int find_architecture(const char *name) {
  for (int i = 0; i < ARCHITECTURES; i++) {
    if (strcmp(architectures[i].name, name) == 0) return i;
  }
  return -1;
}

const char *nn_classifier_impossible(const nn_classifier *c) {
  if (find_architecture(c->architecture) < 0) return "the architecture is not one of lenet, lenet5";
  if (c->size < 16) return "two 5x5 convolutions with pooling need images of 16x16 pixels or more";
  if (c->size > 1024) return "images of more than 1024x1024 pixels do not suit a LeNet";
  if (c->channels < 1 || c->channels > 64) return "image channels must be 1 to 64";
  if (c->classes < 2) return "a classifier needs two classes or more";
  return NULL;
}

tg_value nn_classifier_build(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  int i = find_architecture(c->architecture);
  return i < 0 ? TG_NONE : architectures[i].build(g, net, c, x);
}
