/* densenet.c: DenseNet (Huang et al. 2017) with torchvision's names, and a head of one linear layer
 * ("classifier") or of method 3 for chest X-rays: a Sequential whose linear layers are
 * "classifier.0", ".4" and ".8" and whose batch norms are "classifier.1" and ".5".
 *
 * A layer reads all maps that the block's layers before it made.  The batch statistics of a map do
 * not change between its readers: they are computed once. */
#include <stdio.h>

#include "net.h"

enum { NAME = 64 };

static const nn_densenet densenet121 = {64, 32, 4, 4, {6, 12, 24, 16}, {1000, 100}};
static const nn_densenet densenet121_linear = {64, 32, 4, 4, {6, 12, 24, 16}, {0, 0}};

typedef struct builder {
  tg_graph *g;
  nn_net *net;
  const nn_densenet *d;
  bool training;
} builder;

/* A map; when training as one tall image {1,n h,w,c}, with its batch statistics, else TG_NONE. */
typedef struct map {
  tg_value x, stats;
  tg_shape image; /* {n,h,w,c} */
} map;

static map measure(const builder *b, tg_value x) {
  tg_shape image = tg_shape_of(b->g, x);
  if (!b->training) return (map){x, TG_NONE, image};
  return (map){nn_tall(b->g, x), nn_batch_stats(b->g, x), image};
}

static map join(const builder *b, map old, map grown) {
  map both = {.x = tg_concat(b->g, old.x, grown.x, 3), .image = old.image};
  both.image.d[3] += grown.image.d[3];
  if (b->training) both.stats = tg_concat(b->g, old.stats, grown.stats, 3);
  return both;
}

static tg_value norm_relu(const builder *b, const char *name, map m) {
  tg_value y = nn_batch_norm(b->g, b->net, name, m.x, m.stats, (nn_after){.relu = true});
  return tg_reshape(b->g, y, m.image);
}

static tg_value conv_norm_relu(const builder *b, const char *conv, const char *norm, tg_value x,
                               nn_conv_shape s) {
  return nn_conv_norm(b->g, b->net, conv, norm, x, s, b->training, (nn_after){.relu = true});
}

static nn_conv_shape conv_of(int kernel, int64_t out) {
  return (nn_conv_shape){
      .kernel = kernel, .stride = 1, .pad = kernel / 2, .out = out, .normal = true};
}

static map dense_layer(const builder *b, const char *layer, map m) {
  char norm1[NAME + 8], conv1[NAME + 8], norm2[NAME + 8], conv2[NAME + 8];
  snprintf(norm1, sizeof norm1, "%s.norm1", layer);
  snprintf(conv1, sizeof conv1, "%s.conv1", layer);
  snprintf(norm2, sizeof norm2, "%s.norm2", layer);
  snprintf(conv2, sizeof conv2, "%s.conv2", layer);
  tg_value y = norm_relu(b, norm1, m);
  y = conv_norm_relu(b, conv1, norm2, y, conv_of(1, b->d->bottleneck * b->d->growth));
  return measure(b, nn_conv(b->g, b->net, conv2, y, conv_of(3, b->d->growth)));
}

static map dense_block(const builder *b, int block, map m) {
  for (int i = 0; i < b->d->layers[block]; i++) {
    char layer[NAME];
    snprintf(layer, sizeof layer, "features.denseblock%d.denselayer%d", block + 1, i + 1);
    m = join(b, m, dense_layer(b, layer, m));
  }
  return m;
}

/* Norm, ReLU, 1x1 convolution to half the channels, mean over 2x2; the mean is taken first, which
 * is the same and leaves a quarter of the products. */
static map transition(const builder *b, int block, map m) {
  char norm[NAME], conv[NAME];
  snprintf(norm, sizeof norm, "features.transition%d.norm", block + 1);
  snprintf(conv, sizeof conv, "features.transition%d.conv", block + 1);
  tg_value y = tg_mean_pool(b->g, norm_relu(b, norm, m), 2, 2, 0);
  return measure(b, nn_conv(b->g, b->net, conv, y, conv_of(1, m.image.d[3] / 2)));
}

/* The maps after so many blocks, with the transitions between them. */
static map first_blocks(const builder *b, tg_value x, int blocks) {
  nn_conv_shape stem = {.kernel = 7, .stride = 2, .pad = 3, .out = b->d->stem, .normal = true};
  x = conv_norm_relu(b, "features.conv0", "features.norm0", x, stem);
  map m = measure(b, tg_max_pool(b->g, x, 3, 2, 1));
  for (int i = 0; i < blocks; i++) {
    m = dense_block(b, i, m);
    if (i + 1 < blocks) m = transition(b, i, m);
  }
  return m;
}

/* {n,1,1,c}: means over the pixels of the last block's maps. */
static tg_value pooled_maps(const builder *b, tg_value x) {
  tg_value y = norm_relu(b, "features.norm5", first_blocks(b, x, b->d->blocks));
  tg_shape s = tg_shape_of(b->g, y);
  tg_value sum = tg_sum_to(b->g, y, tg_shape4(s.d[0], 1, 1, s.d[3]));
  return tg_affine(b->g, sum, 1 / (double)(s.d[1] * s.d[2]), 0);
}

static tg_value hidden(const builder *b, const nn_classifier *c, int first, int64_t width,
                       tg_value x) {
  char linear[NAME], norm[NAME];
  snprintf(linear, sizeof linear, "classifier.%d", first);
  snprintf(norm, sizeof norm, "classifier.%d", first + 1);
  x = nn_linear(b->g, b->net, linear, x, width);
  x = norm_relu(b, norm, measure(b, x));
  return net_dropout(b->g, b->net, linear, x, c->dropout, false);
}

tg_value nn_densenet_features(tg_graph *g, nn_net *net, const nn_densenet *d,
                              const nn_classifier *c, tg_value x) {
  builder b = {g, net, d, c->training};
  x = pooled_maps(&b, x);
  if (!d->hidden[0]) return x;
  x = hidden(&b, c, 0, d->hidden[0], x);
  return hidden(&b, c, 4, d->hidden[1], x);
}

static tg_value chest(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  return nn_densenet_features(g, net, &densenet121, c, x);
}

static tg_value published(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  return nn_densenet_features(g, net, &densenet121_linear, c, x);
}

static tg_value maps(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x) {
  const builder b = {g, net, &densenet121, c->training};
  return first_blocks(&b, x, densenet121.blocks / 2).x;
}

static const char *impossible(const nn_classifier *c) {
  if (c->size >= 29) return NULL;
  return "a DenseNet-121 halves its images five times, which needs 29x29 pixels or more";
}

const net_architecture net_densenet121 = {chest, maps, "classifier.8", impossible};
const net_architecture net_densenet121_linear = {published, maps, "classifier", impossible};
