#include <math.h>
#include <stdio.h>

#include "net.h"

/* PyTorch's default for convolutions and linear layers (He 2015 with a = sqrt 5):
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weight and bias. */
static nn_param uniform(int64_t fan_in) {
  return (nn_param){.init = NN_UNIFORM, .bound = 1 / sqrt((double)fan_in)};
}

static nn_param he_normal(int64_t fan_in) {
  return (nn_param){.init = NN_NORMAL, .bound = sqrt(2 / (double)fan_in)};
}

static tg_value conv_weight(tg_graph *g, nn_net *net, const char *name, tg_shape shape,
                            nn_param p) {
  p.shape = shape;
  p.rank = 4;
  p.dim[0] = shape.d[3];
  p.dim[1] = shape.d[2];
  p.dim[2] = shape.d[0];
  p.dim[3] = shape.d[1];
  return net_param(g, net, name, "weight", p);
}

static tg_value vector(tg_graph *g, nn_net *net, const char *name, const char *part, int64_t n,
                       nn_param p) {
  p.shape = tg_shape4(1, 1, 1, n);
  p.rank = 1;
  p.dim[0] = n;
  return net_param(g, net, name, part, p);
}

static tg_value weight_for(tg_graph *g, nn_net *net, const char *name, tg_value x,
                           nn_conv_shape s) {
  int64_t in = tg_shape_of(g, x).d[3], fan_in = in * s.kernel * s.kernel;
  return conv_weight(g, net, name, tg_shape4(s.kernel, s.kernel, in, s.out),
                     s.normal ? he_normal(fan_in) : uniform(fan_in));
}

tg_value nn_conv(tg_graph *g, nn_net *net, const char *name, tg_value x, nn_conv_shape s) {
  int64_t fan_in = tg_shape_of(g, x).d[3] * s.kernel * s.kernel;
  tg_value y = tg_conv(g, x, weight_for(g, net, name, x, s), s.stride, s.pad);
  if (!s.bias) return y;
  return tg_add(g, y, vector(g, net, name, "bias", s.out, uniform(fan_in)));
}

/* The adjoint of a convolution from s.out channels to x's: its weight is {k,k,out,in}, whose OIHW
 * order is the (in, out, k, k) of PyTorch's transposed convolution.  PyTorch takes the fan-in from
 * the second dimension, out. */
tg_value nn_conv_transposed(tg_graph *g, nn_net *net, const char *name, tg_value x,
                            nn_conv_shape s) {
  tg_shape in = tg_shape_of(g, x);
  tg_value w = conv_weight(g, net, name, tg_shape4(s.kernel, s.kernel, s.out, in.d[3]),
                           uniform(s.out * s.kernel * s.kernel));
  int64_t h = (in.d[1] - 1) * s.stride - 2 * s.pad + s.kernel;
  int64_t width = (in.d[2] - 1) * s.stride - 2 * s.pad + s.kernel;
  return tg_conv_dx(g, x, w, tg_shape4(in.d[0], h, width, s.out), s.stride, s.pad);
}

tg_value nn_linear(tg_graph *g, nn_net *net, const char *name, tg_value x, int64_t out) {
  tg_shape in = tg_shape_of(g, x);
  int64_t count = in.d[1] * in.d[2] * in.d[3];
  nn_param p = uniform(count);
  p.shape = tg_shape4(in.d[1], in.d[2], in.d[3], out);
  p.rank = 2;
  p.dim[0] = out;
  p.dim[1] = count;
  tg_value w = net_param(g, net, name, "weight", p);
  tg_value flat = tg_reshape(g, x, tg_shape4(in.d[0], 1, 1, count));
  tg_value y = tg_matmul(g, flat, tg_reshape(g, w, tg_shape4(1, 1, count, out)), false, false);
  return tg_add(g, y, vector(g, net, name, "bias", out, uniform(count)));
}

tg_value nn_instance_norm(tg_graph *g, nn_net *net, const char *name, tg_value x) {
  int64_t c = tg_shape_of(g, x).d[3];
  tg_value gamma = vector(g, net, name, "weight", c, (nn_param){.init = NN_ONES});
  tg_value beta = vector(g, net, name, "bias", c, (nn_param){.init = NN_ZEROS});
  return tg_instance_norm(g, x, gamma, beta, 1e-5);
}

/* ---- batch norm -------------------------------------------------------------------------------
 */

static const double batch_momentum = 0.1;

typedef struct batch_norm {
  tg_value gamma, beta, mean, variance; /* the latter two running */
} batch_norm;

static tg_value statistic(tg_graph *g, nn_net *net, const char *name, const char *part, int64_t c,
                          nn_init init) {
  return vector(g, net, name, part, c, (nn_param){.init = init, .statistic = true});
}

static batch_norm batch_norm_params(tg_graph *g, nn_net *net, const char *name, int64_t c) {
  return (batch_norm){
      .gamma = vector(g, net, name, "weight", c, (nn_param){.init = NN_ONES}),
      .beta = vector(g, net, name, "bias", c, (nn_param){.init = NN_ZEROS}),
      .mean = statistic(g, net, name, "running_mean", c, NN_ZEROS),
      .variance = statistic(g, net, name, "running_var", c, NN_ONES),
  };
}

tg_value nn_tall(tg_graph *g, tg_value x) {
  tg_shape s = tg_shape_of(g, x);
  return tg_reshape(g, x, tg_shape4(1, s.d[0] * s.d[1], s.d[2], s.d[3]));
}

tg_value nn_batch_stats(tg_graph *g, tg_value x) {
  return tg_norm_stats(g, nn_tall(g, x), NN_BATCH_NORM_EPSILON);
}

static tg_value moved(tg_graph *g, tg_value share, tg_value statistic, tg_value to) {
  if (share == TG_NONE) return tg_average(g, statistic, to, batch_momentum);
  tg_value kept = tg_mul(g, statistic, tg_affine(g, share, -1, 1));
  return tg_average(g, statistic, tg_add(g, kept, tg_mul(g, to, share)), 1);
}

static void move(tg_graph *g, nn_net *net, tg_value statistic, tg_value towards) {
  tg_value to = tg_reshape(g, towards, tg_shape_of(g, statistic));
  for (int i = 0; i < net->n; i++) {
    if (net->param[i].value == statistic) net->param[i].next = moved(g, net->share, statistic, to);
  }
}

/* As PyTorch, the running variance is that of a sample: sum of squares / (count - 1). */
static void move_statistics(tg_graph *g, nn_net *net, const batch_norm *n, tg_value stats,
                            int64_t count) {
  tg_value r = tg_slice(g, stats, 2, 1, 1);
  tg_value variance =
      tg_affine(g, tg_div(g, tg_const(g, 1), tg_mul(g, r, r)), 1, -NN_BATCH_NORM_EPSILON);
  double sample = (double)count / (double)(count > 1 ? count - 1 : 1);
  move(g, net, n->mean, tg_slice(g, stats, 2, 0, 1));
  move(g, net, n->variance, tg_affine(g, variance, sample, 0));
}

/* The running statistics as y = scale x + shift. */
static void running_affine(tg_graph *g, const batch_norm *n, tg_value *scale, tg_value *shift) {
  *scale = tg_div(g, n->gamma, tg_sqrt(g, tg_affine(g, n->variance, 1, NN_BATCH_NORM_EPSILON)));
  *shift = tg_sub(g, n->beta, tg_mul(g, n->mean, *scale));
}

/* In y's shape, so that it becomes a part of the step that makes y. */
static tg_value follow(tg_graph *g, tg_value y, nn_after after) {
  if (after.add != TG_NONE) y = tg_add(g, y, tg_reshape(g, after.add, tg_shape_of(g, y)));
  return after.relu ? tg_relu(g, y) : y;
}

tg_value nn_batch_norm(tg_graph *g, nn_net *net, const char *name, tg_value x, tg_value stats,
                       nn_after after) {
  tg_shape s = tg_shape_of(g, x);
  batch_norm n = batch_norm_params(g, net, name, s.d[3]);
  if (stats == TG_NONE) {
    tg_value scale, shift;
    running_affine(g, &n, &scale, &shift);
    return follow(g, tg_add(g, tg_mul(g, x, scale), shift), after);
  }
  move_statistics(g, net, &n, stats, s.d[0] * s.d[1] * s.d[2]);
  return follow(g, tg_norm(g, x, stats, n.gamma, n.beta), after);
}

tg_value nn_conv_norm(tg_graph *g, nn_net *net, const char *conv, const char *norm, tg_value x,
                      nn_conv_shape s, bool training, nn_after after) {
  tg_value w = weight_for(g, net, conv, x, s);
  if (training) {
    tg_value y = tg_conv(g, x, w, s.stride, s.pad), stats = nn_batch_stats(g, y);
    tg_value z = nn_batch_norm(g, net, norm, nn_tall(g, y), stats, after);
    return tg_reshape(g, z, tg_shape_of(g, y));
  }
  batch_norm n = batch_norm_params(g, net, norm, s.out);
  tg_value scale, shift;
  running_affine(g, &n, &scale, &shift);
  return follow(g, tg_add(g, tg_conv(g, x, tg_mul(g, w, scale), s.stride, s.pad), shift), after);
}

/* Zeroes with probability p and scales the rest by 1/(1-p); whole channels if asked. */
static tg_value drop(tg_graph *g, const char *stream, tg_value x, double p, bool channels) {
  if (p <= 0) return x;
  tg_shape s = tg_shape_of(g, x);
  if (channels) s.d[1] = s.d[2] = 1;
  tg_value kept = tg_positive(g, tg_affine(g, tg_uniform(g, stream, s), 1, -p));
  return tg_mul(g, x, tg_affine(g, kept, 1 / (1 - p), 0));
}

tg_value net_dropout(tg_graph *g, const nn_net *net, const char *layer, tg_value x, double p,
                     bool channels) {
  char stream[96];
  snprintf(stream, sizeof stream, "dropout %s%s", net->prefix, layer);
  return drop(g, stream, x, p, channels);
}
