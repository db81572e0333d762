/* resnet.c: ResNet-18 (He et al. 2016) with torchvision's names.
 *
 * A stem, four stages of two blocks, means over the pixels, one linear layer.  A block's two 3x3
 * convolutions learn what is added to its input; the first block of every stage but the first
 * halves the maps and doubles the channels, and a 1x1 convolution (downsample) does so with its
 * input.  torchvision draws initial weights by a convolution's outputs (fan_out), here it is by its
 * inputs, as in all networks: the same, but in the convolutions that change the channels. */
#include <stdio.h>

#include "net.h"

enum { STAGES = 4, BLOCKS = 2, STEM = 64, NAME = 48 };

typedef struct builder {
  tg_graph *g;
  nn_net *net;
  bool training;
} builder;

static nn_conv_shape conv_of(int kernel, int stride, int64_t out) {
  return (nn_conv_shape){
      .kernel = kernel, .stride = stride, .pad = kernel / 2, .out = out, .normal = true};
}

/* Of a block: the layers BLOCK.CONV and BLOCK.NORM. */
static tg_value conv_norm(const builder *b, const char *block, const char *conv, const char *norm,
                          tg_value x, nn_conv_shape s, nn_after after) {
  char conv_name[2 * NAME], norm_name[2 * NAME];
  snprintf(conv_name, sizeof conv_name, "%s.%s", block, conv);
  snprintf(norm_name, sizeof norm_name, "%s.%s", block, norm);
  return nn_conv_norm(b->g, b->net, conv_name, norm_name, x, s, b->training, after);
}

static tg_value residual(const builder *b, const char *name, tg_value x, int stride, int64_t out) {
  tg_value inner =
      conv_norm(b, name, "conv1", "bn1", x, conv_of(3, stride, out), (nn_after){.relu = true});
  const bool same = stride == 1 && tg_shape_of(b->g, x).d[3] == out;
  if (!same) {
    x = conv_norm(b, name, "downsample.0", "downsample.1", x, conv_of(1, stride, out),
                  (nn_after){0});
  }
  return conv_norm(b, name, "conv2", "bn2", inner, conv_of(3, 1, out),
                   (nn_after){.add = x, .relu = true});
}

/* The maps after so many stages. */
static tg_value first_stages(const builder *b, tg_value x, int stages) {
  x = nn_conv_norm(b->g, b->net, "conv1", "bn1", x, conv_of(7, 2, STEM), b->training,
                   (nn_after){.relu = true});
  x = tg_max_pool(b->g, x, 3, 2, 1);
  for (int i = 0; i < stages; i++) {
    for (int k = 0; k < BLOCKS; k++) {
      char name[NAME];
      snprintf(name, sizeof name, "layer%d.%d", i + 1, k);
      x = residual(b, name, x, i > 0 && k == 0 ? 2 : 1, STEM << i);
    }
  }
  return x;
}

static tg_value features(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  x = first_stages(&(builder){g, net, c->training}, x, STAGES);
  const tg_shape s = tg_shape_of(g, x);
  return tg_affine(g, tg_sum_to(g, x, tg_shape4(s.d[0], 1, 1, s.d[3])),
                   1 / (double)(s.d[1] * s.d[2]), 0);
}

static tg_value maps(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  return first_stages(&(builder){g, net, c->training}, x, STAGES / 2);
}

static const char *impossible(const nn_classifier *c) {
  if (c->size >= 17) return NULL;
  return "a ResNet-18 halves its images five times, which needs 17x17 pixels or more";
}

const net_architecture net_resnet18 = {features, maps, "fc", impossible};
