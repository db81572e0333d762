/* op_samples.h: at least one use of every operator of ops.def.  A sample says how to build a value
 * from inputs of given shapes and which numbers the inputs hold; test_ops.c does the rest. */
#ifndef OP_SAMPLES_H
#define OP_SAMPLES_H

#include "op.h"

enum { SAMPLE_MAX_INPUTS = 5 };

typedef enum sample_range {
  SAMPLE_ANY,      /* [-1,1) */
  SAMPLE_NONZERO,  /* magnitude in [0.2,1.2), either sign: away from a kink at 0 */
  SAMPLE_POSITIVE, /* [0.5,1.5) */
  SAMPLE_INDEX     /* 0, 1 or 2 */
} sample_range;

typedef struct op_sample {
  const op *covers;
  const char *what;
  tg_value (*build)(tg_graph *g, const tg_value *in);
  int n;
  tg_shape in[SAMPLE_MAX_INPUTS];
  sample_range range;
  /* Why derivatives are not compared with differences, or NULL: compare them. */
  const char *no_derivative;
} op_sample;

#define BUILD(name, expression)                                                                    \
  static tg_value name(tg_graph *g, const tg_value *in) { return expression; }

/* ---- leaves -----------------------------------------------------------------------------------
 */
static tg_value identity(tg_graph *g, const tg_value *in) {
  (void)g;
  return in[0];
}
BUILD(by_param, tg_mul(g, in[0], tg_param(g, "p", tg_shape_of(g, in[0]))))
BUILD(by_constant, tg_mul(g, in[0], tg_const(g, 2.5)))
BUILD(by_uniform, tg_mul(g, in[0], tg_uniform(g, "noise", tg_shape_of(g, in[0]))))

/* ---- pointwise --------------------------------------------------------------------------------
 */
BUILD(add, tg_add(g, in[0], in[1]))
BUILD(sub, tg_sub(g, in[0], in[1]))
BUILD(mul, tg_mul(g, in[0], in[1]))
BUILD(divide, tg_div(g, in[0], in[1]))
BUILD(maximum, tg_max(g, in[0], in[1]))
BUILD(affine, tg_affine(g, in[0], -1.5, 0.25))
BUILD(negative, tg_neg(g, in[0]))
BUILD(relu, tg_relu(g, in[0]))
BUILD(leaky, tg_leaky_relu(g, in[0], 0.01))
BUILD(leaky_dx, tg_leaky_relu_dx(g, in[0], in[1], 0.1))
BUILD(hyperbolic, tg_tanh(g, in[0]))
BUILD(exponential, tg_exp(g, in[0]))
BUILD(logarithm, tg_log(g, in[0]))
BUILD(root, tg_sqrt(g, in[0]))
BUILD(absolute, tg_abs(g, in[0]))
BUILD(sign, tg_sign(g, in[0]))
BUILD(positive, tg_positive(g, in[0]))

static tg_value chain(tg_graph *g, const tg_value *in) {
  tg_value a = tg_tanh(g, tg_add(g, in[0], in[1]));
  tg_value b = tg_exp(g, tg_affine(g, tg_mul(g, a, in[1]), 0.5, 0.1));
  return tg_div(g, tg_sub(g, a, in[0]), tg_affine(g, b, 1, 1));
}

/* ---- shape ------------------------------------------------------------------------------------
 */
BUILD(reshape, tg_reshape(g, in[0], tg_shape4(1, 2, tg_count(tg_shape_of(g, in[0])) / 2, 1)))
BUILD(detach, tg_detach(g, in[0]))
BUILD(broadcast_rows, tg_broadcast(g, in[0], tg_shape4(3, 2, 4, 5)))
BUILD(sum_channels, tg_sum_to(g, in[0], tg_shape4(2, 3, 4, 1)))
BUILD(sum_pixels, tg_sum_to(g, in[0], tg_shape4(2, 1, 1, tg_shape_of(g, in[0]).d[3])))
BUILD(sum_rows, tg_sum_to(g, in[0], tg_shape4(1, 1, 1, tg_shape_of(g, in[0]).d[3])))
BUILD(mean, tg_mean(g, in[0]))
BUILD(slice_n, tg_slice(g, in[0], 0, 1, 2))
BUILD(slice_h, tg_slice(g, in[0], 1, 1, 1))
BUILD(slice_c, tg_slice(g, in[0], 3, 1, 2))
BUILD(pad_n, tg_pad(g, in[0], 0, 1, 5))
BUILD(pad_w, tg_pad(g, in[0], 2, 2, 7))
BUILD(pad_c, tg_pad(g, in[0], 3, 0, 9))
BUILD(concat_n, tg_concat(g, in[0], in[1], 0))
BUILD(concat_c, tg_concat(g, in[0], in[1], 3))

/* ---- linear algebra and convolution -----------------------------------------------------------
 */
BUILD(matmul, tg_matmul(g, in[0], in[1], false, false))
BUILD(matmul_ta, tg_matmul(g, in[0], in[1], true, false))
BUILD(matmul_tb, tg_matmul(g, in[0], in[1], false, true))
BUILD(matmul_tab, tg_matmul(g, in[0], in[1], true, true))
BUILD(linear_relu, tg_relu(g, tg_add(g, tg_matmul(g, in[0], in[1], false, false), in[2])))
BUILD(conv_s1_p1, tg_conv(g, in[0], in[1], 1, 1))
BUILD(conv_s1_p0, tg_conv(g, in[0], in[1], 1, 0))
BUILD(conv_s2_p1, tg_conv(g, in[0], in[1], 2, 1))
BUILD(conv_s1_p3, tg_conv(g, in[0], in[1], 1, 3))
BUILD(conv_bias_leaky, tg_leaky_relu(g, tg_add(g, tg_conv(g, in[0], in[1], 2, 1), in[2]), 0.01))
BUILD(conv_tanh, tg_tanh(g, tg_conv(g, in[0], in[1], 1, 1)))
BUILD(conv_dx_s2, tg_conv_dx(g, in[0], in[1], tg_shape4(2, 6, 7, 3), 2, 1))
BUILD(conv_dx_large, tg_conv_dx(g, in[0], in[1], tg_shape4(2, 16, 16, 16), 2, 1))
BUILD(conv_dw_s1, tg_conv_dw(g, in[0], in[1], tg_shape4(3, 3, 2, 3), 1, 1))
BUILD(conv_dw_large, tg_conv_dw(g, in[0], in[1], tg_shape4(4, 4, 16, 24), 2, 1))

/* ---- pooling ----------------------------------------------------------------------------------
 */
static tg_value positions(tg_graph *g, tg_value x, int k) {
  return op_node(g, &op_pool_index, 1, &x, &(op_attr){.i = {k, k}});
}
BUILD(pool_index, positions(g, in[0], 2))
BUILD(pool_2, tg_max_pool(g, in[0], 2, 2, 0))
BUILD(pool_3, tg_max_pool(g, in[0], 3, 3, 0))
BUILD(pool_3_s2_p1, tg_max_pool(g, in[0], 3, 2, 1))
BUILD(pool_mean_2, tg_mean_pool(g, in[0], 2, 2, 0))
BUILD(pool_mean_3_s2_p1, tg_mean_pool(g, in[0], 3, 2, 1))

static tg_value pool_scatter(tg_graph *g, const tg_value *in) {
  op_attr attr = {.i = {2, 2}, .shape = tg_shape_of(g, in[1])};
  return op_node(g, &op_pool_scatter, 2, (tg_value[]){in[0], positions(g, in[1], 2)}, &attr);
}

static tg_value pool_spread(tg_graph *g, const tg_value *in) {
  op_attr attr = {.i = {2, 2}, .shape = tg_shape4(2, 5, 7, 3)};
  return op_node(g, &op_pool_spread, 1, in, &attr);
}

/* ---- normalisation ----------------------------------------------------------------------------
 */
BUILD(norm_stats, tg_norm_stats(g, in[0], 1e-3))
BUILD(norm, tg_instance_norm(g, in[0], in[1], in[2], 1e-3))
BUILD(norm_relu, tg_relu(g, norm(g, in)))
BUILD(norm_residual, tg_add(g, norm(g, in), in[3]))
BUILD(norm_residual_leaky, tg_leaky_relu(g, norm_residual(g, in), 0.01))

static tg_value norm_sums(tg_graph *g, const tg_value *in) {
  return op_node(g, &op_norm_sums, 3, (tg_value[]){in[0], norm_stats(g, in), in[1]}, NULL);
}
static tg_value norm_dx(tg_graph *g, const tg_value *in) {
  tg_value all[] = {in[0], norm_stats(g, in), in[2], in[1], norm_sums(g, in)};
  return op_node(g, &op_norm_dx, 5, all, NULL);
}
/* Statistics of a concatenation from its parts. */
static tg_value norm_parts(tg_graph *g, const tg_value *in) {
  tg_value a = tg_norm_stats(g, in[0], 1e-3), b = tg_norm_stats(g, in[1], 1e-3);
  return tg_norm(g, tg_concat(g, in[0], in[1], 3), tg_concat(g, a, b, 3), in[2], in[3]);
}
/* A second derivative inside the value: what a gradient penalty does to a norm. */
static tg_value norm_penalty(tg_graph *g, const tg_value *in) {
  tg_value dx, y = tg_tanh(g, norm(g, in));
  tg_gradient(g, y, TG_NONE, 1, in, &dx);
  return tg_mul(g, dx, dx);
}

/* ---- classification and updates ---------------------------------------------------------------
 */
BUILD(log_softmax, tg_log_softmax(g, in[0]))
BUILD(argmax, tg_argmax(g, in[0]))
BUILD(one_hot, tg_one_hot(g, in[0], 3))

static tg_value adam(tg_graph *g, const tg_value *in) {
  tg_value p = tg_param(g, "p", tg_shape_of(g, in[0]));
  tg_adam_options o = {.beta1 = 0.5, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
  return tg_adam(g, p, in[0], in[1], in[2], o);
}

BUILD(average, tg_average(g, tg_param(g, "p", tg_shape_of(g, in[0])), in[0], 0.1))

#define SHAPE(...)                                                                                 \
  {                                                                                                \
    { __VA_ARGS__ }                                                                                \
  }
#define ODD SHAPE(2, 3, 4, 5)
#define LARGE SHAPE(3, 17, 19, 70)
#define CHANNEL SHAPE(1, 1, 1, 5)
#define CHANNEL_LARGE SHAPE(1, 1, 1, 70)

static const char step_function[] = "constant but for jumps";
static const char by_design[] = "no gradient by design";

static const op_sample op_samples[] = {
    {&op_input, "input", identity, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_param, "times parameter", by_param, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_constant, "times constant", by_constant, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_uniform, "times noise", by_uniform, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_uniform, "much noise", by_uniform, 1, {LARGE}, SAMPLE_ANY, NULL},

    {&op_add, "same shape", add, 2, {ODD, ODD}, SAMPLE_ANY, NULL},
    {&op_add, "channel", add, 2, {ODD, CHANNEL}, SAMPLE_ANY, NULL},
    {&op_add, "sample first", add, 2, {SHAPE(2, 1, 1, 1), ODD}, SAMPLE_ANY, NULL},
    {&op_add, "both repeated", add, 2, {SHAPE(2, 1, 4, 1), SHAPE(1, 3, 1, 5)}, SAMPLE_ANY, NULL},
    {&op_add, "large", add, 2, {LARGE, CHANNEL_LARGE}, SAMPLE_ANY, NULL},
    {&op_sub, "same shape", sub, 2, {ODD, ODD}, SAMPLE_ANY, NULL},
    {&op_sub, "scalar first", sub, 2, {SHAPE(1, 1, 1, 1), ODD}, SAMPLE_ANY, NULL},
    {&op_mul, "same shape", mul, 2, {ODD, ODD}, SAMPLE_ANY, NULL},
    {&op_mul, "image", mul, 2, {ODD, SHAPE(1, 3, 4, 1)}, SAMPLE_ANY, NULL},
    {&op_div, "same shape", divide, 2, {ODD, ODD}, SAMPLE_POSITIVE, NULL},
    {&op_div, "channel", divide, 2, {ODD, CHANNEL}, SAMPLE_POSITIVE, NULL},
    {&op_max, "same shape", maximum, 2, {ODD, ODD}, SAMPLE_ANY, by_design},
    {&op_affine, "odd", affine, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_affine, "negative", negative, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_leaky_relu, "slope 0", relu, 1, {ODD}, SAMPLE_NONZERO, NULL},
    {&op_leaky_relu, "slope 0.01", leaky, 1, {ODD}, SAMPLE_NONZERO, NULL},
    {&op_leaky_relu_dx, "slope 0.1", leaky_dx, 2, {ODD, ODD}, SAMPLE_NONZERO, NULL},
    {&op_tanh, "odd", hyperbolic, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_tanh, "large", hyperbolic, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_exp, "odd", exponential, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_log, "odd", logarithm, 1, {ODD}, SAMPLE_POSITIVE, NULL},
    {&op_sqrt, "odd", root, 1, {ODD}, SAMPLE_POSITIVE, NULL},
    {&op_abs, "odd", absolute, 1, {ODD}, SAMPLE_NONZERO, NULL},
    {&op_sign, "odd", sign, 1, {ODD}, SAMPLE_NONZERO, NULL},
    {&op_positive, "odd", positive, 1, {ODD}, SAMPLE_NONZERO, NULL},
    {&op_exp, "in a chain", chain, 2, {ODD, CHANNEL}, SAMPLE_ANY, NULL},
    {&op_exp, "in a large chain", chain, 2, {LARGE, LARGE}, SAMPLE_ANY, NULL},

    {&op_reshape, "odd", reshape, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_detach, "odd", detach, 1, {ODD}, SAMPLE_ANY, by_design},
    {&op_broadcast, "n,h,w,c of 3,1,4,1", broadcast_rows, 1, {SHAPE(3, 1, 4, 1)}, SAMPLE_ANY, NULL},
    {&op_broadcast, "scalar", broadcast_rows, 1, {SHAPE(1, 1, 1, 1)}, SAMPLE_ANY, NULL},
    {&op_sum_to, "over c", sum_channels, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_sum_to, "over h,w", sum_pixels, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_sum_to, "over n,h,w", sum_rows, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_sum_to, "over n,h,w, large", sum_rows, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_sum_to, "mean", mean, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_sum_to, "mean, large", mean, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_slice, "n", slice_n, 1, {SHAPE(3, 2, 1, 5)}, SAMPLE_ANY, NULL},
    {&op_slice, "h", slice_h, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_slice, "c", slice_c, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_pad, "n", pad_n, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_pad, "w", pad_w, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_pad, "c", pad_c, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_concat, "n", concat_n, 2, {ODD, SHAPE(1, 3, 4, 5)}, SAMPLE_ANY, NULL},
    {&op_concat, "c", concat_c, 2, {ODD, SHAPE(2, 3, 4, 1)}, SAMPLE_ANY, NULL},

    {&op_matmul, "ab", matmul, 2, {SHAPE(3, 1, 1, 4), SHAPE(1, 1, 4, 5)}, SAMPLE_ANY, NULL},
    {&op_matmul, "a'b", matmul_ta, 2, {SHAPE(4, 1, 1, 3), SHAPE(4, 1, 1, 5)}, SAMPLE_ANY, NULL},
    {&op_matmul, "ab'", matmul_tb, 2, {SHAPE(3, 1, 1, 4), SHAPE(1, 1, 5, 4)}, SAMPLE_ANY, NULL},
    {&op_matmul, "a'b'", matmul_tab, 2, {SHAPE(4, 1, 1, 3), SHAPE(5, 1, 1, 4)}, SAMPLE_ANY, NULL},
    {&op_matmul,
     "ab + bias, relu, large",
     linear_relu,
     3,
     {SHAPE(33, 1, 1, 70), SHAPE(1, 1, 70, 50), SHAPE(1, 1, 1, 50)},
     SAMPLE_ANY,
     NULL},
    {&op_conv, "3x3", conv_s1_p1, 2, {SHAPE(2, 4, 5, 2), SHAPE(3, 3, 2, 3)}, SAMPLE_ANY, NULL},
    {&op_conv, "5x5", conv_s1_p0, 2, {SHAPE(1, 6, 5, 1), SHAPE(5, 5, 1, 2)}, SAMPLE_ANY, NULL},
    {&op_conv, "1x1", conv_s1_p0, 2, {SHAPE(2, 2, 3, 4), SHAPE(1, 1, 4, 3)}, SAMPLE_ANY, NULL},
    {&op_conv, "4x4 s2", conv_s2_p1, 2, {SHAPE(2, 6, 4, 3), SHAPE(4, 4, 3, 2)}, SAMPLE_ANY, NULL},
    {&op_conv,
     "4x4 s2 rest",
     conv_s2_p1,
     2,
     {SHAPE(1, 7, 5, 2), SHAPE(4, 4, 2, 2)},
     SAMPLE_ANY,
     NULL},
    {&op_conv, "7x7", conv_s1_p3, 2, {SHAPE(1, 5, 4, 2), SHAPE(7, 7, 2, 1)}, SAMPLE_ANY, NULL},
    {&op_conv,
     "4x4 s2 + bias, leaky, large",
     conv_bias_leaky,
     3,
     {SHAPE(4, 16, 16, 19), SHAPE(4, 4, 19, 33), SHAPE(1, 1, 1, 33)},
     SAMPLE_ANY,
     NULL},
    {&op_conv,
     "3x3 tanh, large",
     conv_tanh,
     2,
     {SHAPE(2, 9, 11, 32), SHAPE(3, 3, 32, 48)},
     SAMPLE_ANY,
     NULL},
    {&op_conv_dx,
     "4x4 s2",
     conv_dx_s2,
     2,
     {SHAPE(2, 3, 3, 2), SHAPE(4, 4, 3, 2)},
     SAMPLE_ANY,
     NULL},
    {&op_conv_dx,
     "4x4 s2, large",
     conv_dx_large,
     2,
     {SHAPE(2, 8, 8, 24), SHAPE(4, 4, 16, 24)},
     SAMPLE_ANY,
     NULL},
    {&op_conv_dw, "3x3", conv_dw_s1, 2, {SHAPE(2, 4, 3, 2), SHAPE(2, 4, 3, 3)}, SAMPLE_ANY, NULL},
    {&op_conv_dw,
     "4x4 s2, large",
     conv_dw_large,
     2,
     {SHAPE(3, 16, 16, 16), SHAPE(3, 8, 8, 24)},
     SAMPLE_ANY,
     NULL},

    {&op_pool_index, "2", pool_index, 1, {SHAPE(2, 4, 5, 3)}, SAMPLE_ANY, step_function},
    {&op_pool_index, "2, large", pool_index, 1, {LARGE}, SAMPLE_ANY, step_function},
    {&op_pool_gather, "2, rest dropped", pool_2, 1, {SHAPE(2, 5, 7, 3)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "2, 16 channels", pool_2, 1, {SHAPE(2, 4, 6, 16)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "2, large", pool_2, 1, {SHAPE(3, 13, 9, 37)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "3", pool_3, 1, {SHAPE(1, 6, 7, 2)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "3, large", pool_3, 1, {SHAPE(2, 13, 9, 300)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "3 s2 p1", pool_3_s2_p1, 1, {SHAPE(2, 5, 6, 3)}, SAMPLE_ANY, NULL},
    {&op_pool_gather, "3 s2 p1, large", pool_3_s2_p1, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_pool_mean, "2, rest dropped", pool_mean_2, 1, {SHAPE(2, 5, 7, 3)}, SAMPLE_ANY, NULL},
    {&op_pool_mean, "3 s2 p1, large", pool_mean_3_s2_p1, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_pool_spread, "2", pool_spread, 1, {SHAPE(2, 2, 3, 3)}, SAMPLE_ANY, NULL},
    {&op_pool_scatter,
     "2",
     pool_scatter,
     2,
     {SHAPE(2, 2, 3, 3), SHAPE(2, 5, 7, 3)},
     SAMPLE_ANY,
     NULL},

    {&op_norm_stats, "odd", norm_stats, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_norm_stats, "one pixel", norm_stats, 1, {SHAPE(2, 1, 1, 3)}, SAMPLE_ANY, NULL},
    {&op_norm_stats, "large", norm_stats, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_norm, "odd", norm, 3, {ODD, CHANNEL, CHANNEL}, SAMPLE_ANY, NULL},
    {&op_norm, "large", norm, 3, {LARGE, CHANNEL_LARGE, CHANNEL_LARGE}, SAMPLE_ANY, NULL},
    {&op_norm, "+ relu", norm_relu, 3, {ODD, CHANNEL, CHANNEL}, SAMPLE_NONZERO, NULL},
    {&op_norm,
     "+ residual, large",
     norm_residual,
     4,
     {LARGE, CHANNEL_LARGE, CHANNEL_LARGE, LARGE},
     SAMPLE_ANY,
     NULL},
    {&op_norm,
     "+ residual, leaky",
     norm_residual_leaky,
     4,
     {ODD, CHANNEL, CHANNEL, ODD},
     SAMPLE_ANY,
     NULL},
    {&op_norm,
     "of two parts",
     norm_parts,
     4,
     {SHAPE(2, 3, 4, 2), SHAPE(2, 3, 4, 3), CHANNEL, CHANNEL},
     SAMPLE_ANY,
     NULL},
    {&op_norm, "penalty", norm_penalty, 3, {ODD, CHANNEL, CHANNEL}, SAMPLE_ANY, NULL},
    {&op_norm_sums, "odd", norm_sums, 2, {ODD, ODD}, SAMPLE_ANY, NULL},
    {&op_norm_sums, "large", norm_sums, 2, {LARGE, LARGE}, SAMPLE_ANY, NULL},
    {&op_norm_dx, "odd", norm_dx, 3, {ODD, ODD, CHANNEL}, SAMPLE_ANY, NULL},
    {&op_norm_dx, "large", norm_dx, 3, {LARGE, LARGE, CHANNEL_LARGE}, SAMPLE_ANY, NULL},

    {&op_log_softmax, "odd", log_softmax, 1, {ODD}, SAMPLE_ANY, NULL},
    {&op_log_softmax, "digits", log_softmax, 1, {SHAPE(5, 1, 1, 10)}, SAMPLE_ANY, NULL},
    {&op_log_softmax, "large", log_softmax, 1, {LARGE}, SAMPLE_ANY, NULL},
    {&op_argmax, "odd", argmax, 1, {ODD}, SAMPLE_ANY, step_function},
    {&op_one_hot, "3 classes", one_hot, 1, {SHAPE(5, 2, 1, 1)}, SAMPLE_INDEX, step_function},

    {&op_adam,
     "a step",
     adam,
     3,
     {ODD, SHAPE(1, 1, 1, 1), SHAPE(1, 1, 1, 1)},
     SAMPLE_POSITIVE,
     "an update"},
    {&op_adam,
     "a large step",
     adam,
     3,
     {LARGE, SHAPE(1, 1, 1, 1), SHAPE(1, 1, 1, 1)},
     SAMPLE_POSITIVE,
     "an update"},
    {&op_average, "odd", average, 1, {ODD}, SAMPLE_ANY, "an update"},
};

enum { SAMPLES = (int)(sizeof op_samples / sizeof op_samples[0]) };

#endif
