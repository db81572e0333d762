/* lenet.c: the classifiers of the digit experiments (Decision 4). */
#include "net.h"

static tg_value relu_pool(tg_graph *g, tg_value x) {
  return tg_relu(g, tg_max_pool(g, x, 2, 2, 0));
}

static tg_value lenet_maps(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = nn_conv(g, net, "features.0", x,
              (nn_conv_shape){.kernel = 5, .stride = 1, .out = 20, .bias = true});
  x = relu_pool(g, x);
  x = nn_conv(g, net, "features.1", x,
              (nn_conv_shape){.kernel = 5, .stride = 1, .out = 50, .bias = true});
  x = net_dropout(g, net, "features", x, c->dropout, true);
  return relu_pool(g, x);
}

static tg_value lenet(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = lenet_maps(g, net, c, x);
  x = tg_relu(g, nn_linear(g, net, "classifier.0", x, 500));
  return net_dropout(g, net, "classifier", x, c->dropout, false);
}

static tg_value lenet5_maps(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  (void)c;
  x = relu_pool(g, nn_conv(g, net, "features.0", x,
                           (nn_conv_shape){.kernel = 5, .stride = 1, .out = 6, .bias = true}));
  return relu_pool(g, nn_conv(g, net, "features.1", x,
                              (nn_conv_shape){.kernel = 5, .stride = 1, .out = 16, .bias = true}));
}

static tg_value lenet5(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = lenet5_maps(g, net, c, x);
  x = tg_relu(g, nn_linear(g, net, "classifier.0", x, 120));
  return tg_relu(g, nn_linear(g, net, "classifier.1", x, 84));
}

static const char *impossible(const nn_classifier *c) {
  if (c->size < 16) return "two 5x5 convolutions with pooling need images of 16x16 pixels or more";
  if (c->size > 1024) return "images of more than 1024x1024 pixels do not suit a LeNet";
  return NULL;
}

const net_architecture net_lenet = {lenet, lenet_maps, "classifier.1", impossible};
const net_architecture net_lenet5 = {lenet5, lenet5_maps, "classifier.2", impossible};
