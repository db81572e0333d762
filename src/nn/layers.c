#include <math.h>
#include <stdio.h>

#include "net.h"

/* PyTorch's default for convolutions and linear layers (He 2015 with a = sqrt 5):
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weight and bias. */
static nn_param uniform(int64_t fan_in) {
  return (nn_param){.init = NN_UNIFORM, .bound = 1 / sqrt((double)fan_in)};
}

static tg_value conv_weight(tg_graph *g, nn_net *net, const char *name, tg_shape shape,
                            int64_t fan_in) {
  nn_param p = uniform(fan_in);
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

tg_value nn_conv(tg_graph *g, nn_net *net, const char *name, tg_value x, nn_conv_shape s) {
  int64_t in = tg_shape_of(g, x).d[3], fan_in = in * s.kernel * s.kernel;
  tg_value w = conv_weight(g, net, name, tg_shape4(s.kernel, s.kernel, in, s.out), fan_in);
  tg_value y = tg_conv(g, x, w, s.stride, s.pad);
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
                           s.out * s.kernel * s.kernel);
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

tg_value nn_dropout(tg_graph *g, const char *stream, tg_value x, double p, bool channels) {
  if (p <= 0) return x;
  tg_shape s = tg_shape_of(g, x);
  if (channels) s.d[1] = s.d[2] = 1;
  tg_value kept = tg_positive(g, tg_affine(g, tg_uniform(g, stream, s), 1, -p));
  return tg_mul(g, x, tg_affine(g, kept, 1 / (1 - p), 0));
}
