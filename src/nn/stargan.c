/* stargan.c: the generator and discriminator of Choi et al. 2017, in the sizes of method 4.1, 4.2.
 */
#include <stdio.h>

#include "error.h"
#include "nn.h"

int64_t nn_stargan_critic_layers(const nn_stargan *s) {
  if (s->critic_layers > 0) return s->critic_layers;
  int64_t layers = -1;
  for (int size = s->size; size > 0; size /= 2) layers++; /* floor(log2(size)) */
  layers -= 1;
  return layers < 6 ? layers : 6;
}

int nn_stargan_check(const nn_stargan *s) {
  if (s->size < 8 || s->size % 4) {
    return fail(2,
                "image size %d is impossible: the generator halves it twice and doubles it twice, "
                "so it must be a multiple of 4 and at least 8 (32 for digits, 224 for X-rays)",
                s->size);
  }
  if (s->channels < 1) {
    return fail(2, "channels %lld is impossible: give 1 or more (the paper uses 64)",
                (long long)s->channels);
  }
  if (s->blocks < 0) {
    return fail(2, "blocks %lld is impossible: give 0 or more (4 for digits, 9 for X-rays)",
                (long long)s->blocks);
  }
  if (s->domains < 2) return fail(2, "%d domain is impossible: translation needs two", s->domains);
  int64_t layers = nn_stargan_critic_layers(s), left = s->size;
  for (int64_t i = 0; i < layers; i++) {
    if (left < 2) {
      nn_stargan most = *s;
      most.critic_layers = 0;
      return fail(
          2,
          "critic_layers %lld is impossible at image size %d: layer %lld would need 2 pixels "
          "and gets %lld; at most %lld layers fit well",
          (long long)layers, s->size, (long long)i + 1, (long long)left,
          (long long)nn_stargan_critic_layers(&most));
    }
    left /= 2;
  }
  return 0;
}

static tg_value norm_relu(tg_graph *g, nn_net *net, const char *stage, int i, tg_value x) {
  char name[64];
  snprintf(name, sizeof name, "%s.%d.norm", stage, i);
  return tg_relu(g, nn_instance_norm(g, net, name, x));
}

static tg_value down(tg_graph *g, nn_net *net, int i, tg_value x, nn_conv_shape s) {
  char name[64];
  snprintf(name, sizeof name, "down.%d.conv", i);
  return norm_relu(g, net, "down", i, nn_conv(g, net, name, x, s));
}

static tg_value up(tg_graph *g, nn_net *net, int i, tg_value x, int64_t out) {
  char name[64];
  snprintf(name, sizeof name, "up.%d.conv", i);
  nn_conv_shape s = {.kernel = 4, .stride = 2, .pad = 1, .out = out};
  return norm_relu(g, net, "up", i, nn_conv_transposed(g, net, name, x, s));
}

static tg_value half_block(tg_graph *g, nn_net *net, int block, int half, tg_value x) {
  char name[64];
  snprintf(name, sizeof name, "blocks.%d.conv%d", block, half);
  nn_conv_shape s = {.kernel = 3, .stride = 1, .pad = 1, .out = tg_shape_of(g, x).d[3]};
  x = nn_conv(g, net, name, x, s);
  snprintf(name, sizeof name, "blocks.%d.norm%d", block, half);
  return nn_instance_norm(g, net, name, x);
}

static tg_value residual_block(tg_graph *g, nn_net *net, int block, tg_value x) {
  tg_value y = tg_relu(g, half_block(g, net, block, 1, x));
  return tg_add(g, half_block(g, net, block, 2, y), x);
}

static tg_value append_domain(tg_graph *g, tg_value x, tg_value domain) {
  tg_shape s = tg_shape_of(g, x);
  s.d[3] = tg_shape_of(g, domain).d[3];
  return tg_concat(g, x, tg_broadcast(g, domain, s), 3);
}

tg_value nn_generator_build(tg_graph *g, nn_net *net, const nn_stargan *s, tg_value x,
                            tg_value domain) {
  int64_t c = s->channels;
  tg_value y = append_domain(g, x, domain);
  y = down(g, net, 0, y, (nn_conv_shape){.kernel = 7, .stride = 1, .pad = 3, .out = c});
  y = down(g, net, 1, y, (nn_conv_shape){.kernel = 4, .stride = 2, .pad = 1, .out = 2 * c});
  y = down(g, net, 2, y, (nn_conv_shape){.kernel = 4, .stride = 2, .pad = 1, .out = 4 * c});
  for (int i = 0; i < s->blocks; i++) y = residual_block(g, net, i, y);
  y = up(g, net, 0, y, 2 * c);
  y = up(g, net, 1, y, c);
  nn_conv_shape last = {.kernel = 7, .stride = 1, .pad = 3, .out = s->image_channels};
  return tg_tanh(g, nn_conv(g, net, "out.conv", y, last));
}

nn_verdict nn_discriminator_build(tg_graph *g, nn_net *net, const nn_stargan *s, tg_value x) {
  int64_t layers = nn_stargan_critic_layers(s);
  for (int64_t i = 0; i < layers; i++) {
    char name[64];
    snprintf(name, sizeof name, "trunk.%d", (int)i);
    nn_conv_shape trunk = {4, 2, 1, s->channels << i, true, false};
    x = tg_leaky_relu(g, nn_conv(g, net, name, x, trunk), 0.01);
  }
  int left = (int)tg_shape_of(g, x).d[1];
  nn_conv_shape source = {.kernel = 3, .stride = 1, .pad = 1, .out = 1};
  nn_conv_shape domain = {.kernel = left, .stride = 1, .pad = 0, .out = s->domains};
  return (nn_verdict){.source = nn_conv(g, net, "source", x, source),
                      .domain = nn_conv(g, net, "domain", x, domain)};
}
