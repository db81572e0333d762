/* nn.h: networks, built only from tg.h.
 *
 * A network's builder adds its nodes to a graph and lists its parameters in an nn_net, whose prefix
 * ("G/", "D/") keeps several networks apart in one store.  Initial values are PyTorch's defaults.
 */
#ifndef NN_H
#define NN_H

#include "tg.h"

typedef enum nn_init { NN_ZEROS, NN_ONES, NN_UNIFORM, NN_NORMAL } nn_init;

typedef struct nn_param {
  char *name;     /* with the prefix; the file has the part after it */
  tg_shape shape; /* {kh,kw,ci,co}, or {1,1,1,c} for vectors */
  int rank;       /* of the tensor in a model file: 4 (OIHW), 2 (out, in with in as CHW), 1 */
  int64_t dim[4];
  nn_init init;
  double bound;   /* of NN_UNIFORM: [-bound, bound); of NN_NORMAL the deviation */
  bool statistic; /* a running mean or variance: kept with the weights, but has no gradient */
  bool frozen;    /* keeps its value */
  tg_value value; /* in the graph that was built last */
  tg_value next;  /* of a statistic that this graph updates: the update; else TG_NONE */
} nn_param;

typedef struct nn_net {
  char *prefix;
  nn_param *param;
  int n;
  /* How far running statistics move towards the batch's, a scalar of the graph; TG_NONE: a tenth.
   */
  tg_value share;
} nn_net;

nn_net *nn_net_new(const char *prefix);
void nn_net_free(nn_net *net);
/* Adds the parameters to the store with their initial values: a function of seed and name alone. */
int nn_net_initialise(const nn_net *net, tg_store *s, uint64_t seed);
void nn_net_freeze(nn_net *net, const char *layer); /* the parameters LAYER.* */
int64_t nn_net_count(const nn_net *net); /* of parameters, in numbers, without statistics */
/* Between the store's order ({kh,kw,ci,co}) and the file's (OIHW). */
void nn_param_to_file(const nn_param *p, const float *stored, float *file);
void nn_param_from_file(const nn_param *p, const float *file, float *stored);

/* ---- layers (NAME.weight, NAME.bias)
 * ------------------------------------------------------------- */
typedef struct nn_conv_shape {
  int kernel, stride, pad;
  int64_t out;
  bool bias;
  bool normal; /* initial weights as He et al. 2015: normal, deviation sqrt(2/fan_in) */
} nn_conv_shape;
tg_value nn_conv(tg_graph *g, nn_net *net, const char *name, tg_value x, nn_conv_shape s);
tg_value nn_conv_transposed(tg_graph *g, nn_net *net, const char *name, tg_value x,
                            nn_conv_shape s);
tg_value nn_linear(tg_graph *g, nn_net *net, const char *name, tg_value x,
                   int64_t out); /* flattens */
tg_value nn_instance_norm(tg_graph *g, nn_net *net, const char *name,
                          tg_value x); /* epsilon 1e-5 */
/* The batch as one tall image {1,n h,w,c}: its instance norm is the batch norm. */
tg_value nn_tall(tg_graph *g, tg_value x);
#define NN_BATCH_NORM_EPSILON 1e-5
/* What follows a norm: a value of the same numbers is added, then ReLU. */
typedef struct nn_after {
  tg_value add; /* or TG_NONE */
  bool relu;
} nn_after;
/* Batch norm (Ioffe and Szegedy 2015) of a tall image, epsilon 1e-5; NAME.running_mean,
 * .running_var.  stats of nn_batch_stats: normalises by the batch and moves the running statistics
 * towards it by net->share; TG_NONE: normalises by the running statistics. */
tg_value nn_batch_norm(tg_graph *g, nn_net *net, const char *name, tg_value x, tg_value stats,
                       nn_after after);
/* Mean and 1/deviation of every channel {1,1,2,c}; a concatenation's along c is that of the parts'.
 */
tg_value nn_batch_stats(tg_graph *g, tg_value x);
/* Convolution and batch norm; when not training, the norm is folded into the weights. */
tg_value nn_conv_norm(tg_graph *g, nn_net *net, const char *conv, const char *norm, tg_value x,
                      nn_conv_shape s, bool training, nn_after after);

/* ---- classifiers: x {n,size,size,channels} -> logits {n,1,1,classes}
 * ------------------------------ */
typedef struct nn_classifier {
  const char *architecture; /* a name of xsite/architectures.def */
  int size, channels, classes;
  double dropout; /* 0 when evaluating */
  bool training;  /* batch norm by the batch's statistics */
} nn_classifier;
/* NULL, or why this classifier is impossible. */
const char *nn_classifier_impossible(const nn_classifier *c);
tg_value nn_classifier_build(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
/* Its two parts: what the last layer sees, {n,1,1,features}, and that layer's logits. */
tg_value nn_classifier_features(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
tg_value nn_classifier_last(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value features);
/* {n,1,1,2 c}: mean and standard deviation over the pixels of each of the c maps half-way through
 * the network: what an image's texture is like, whatever it shows. */
tg_value nn_classifier_texture(tg_graph *g, nn_net *net, const nn_classifier *c, tg_value x);
const char *
nn_classifier_last_name(const nn_classifier *c); /* of that layer, as in "classifier.8" */
void nn_classifier_freeze_last(nn_net *net, const nn_classifier *c); /* once it is built */

/* ---- DenseNet (Huang et al. 2017), torchvision's names
 * ------------------------------------------------ */
typedef struct nn_densenet {
  int64_t stem;       /* channels of the first convolution */
  int64_t growth;     /* channels that a layer adds */
  int64_t bottleneck; /* channels of a layer's 1x1 convolution, in units of growth */
  int blocks;
  int layers[4];     /* [blocks] */
  int64_t hidden[2]; /* widths of the chest head's linear layers; 0: one linear layer only */
} nn_densenet;
tg_value nn_densenet_features(tg_graph *g, nn_net *net, const nn_densenet *d,
                              const nn_classifier *c, tg_value x);

/* ---- StarGAN (method 4.1, 4.2)
 * ---------------------------------------------------------------------- */
typedef struct nn_stargan {
  int size, image_channels, domains;
  int64_t channels; /* of the first layer */
  int64_t blocks;
  int64_t critic_layers; /* 0: the most that the size allows, at most 6 (Decision 5) */
} nn_stargan;
/* 0, or non-zero with a message that says what is impossible and what would be possible. */
int nn_stargan_check(const nn_stargan *s);
int64_t nn_stargan_critic_layers(const nn_stargan *s);
/* x {n,size,size,image_channels}, domain {n,1,1,domains} one-hot -> an image like x in (-1,1). */
tg_value nn_generator_build(tg_graph *g, nn_net *net, const nn_stargan *s, tg_value x,
                            tg_value domain);
typedef struct nn_verdict {
  tg_value source; /* D_src: patch map {n,k,k,1} */
  tg_value domain; /* D_cls: logits {n,1,1,domains} */
} nn_verdict;
nn_verdict nn_discriminator_build(tg_graph *g, nn_net *net, const nn_stargan *s, tg_value x);

/* ---- losses, scalars: means over the batch
 * ------------------------------------------------------------ */
tg_value nn_cross_entropy(tg_graph *g, tg_value logit, tg_value label); /* label {n,1,1,1} */
tg_value nn_mean_absolute(tg_graph *g, tg_value a, tg_value b);
/* E[(||d sum(D_src(x))/dx||_2 - 1)^2] with sqrt(. + epsilon) (Gulrajani 2017; Decision 6); `source`
 * is D_src(x). */
tg_value nn_gradient_penalty(tg_graph *g, tg_value source, tg_value x, double epsilon);

/* ---- optimiser
 * ------------------------------------------------------------------------------------------ */
/* Adam on every parameter of net; writes net->n update values to updates.  A running statistic's is
 * its own update, or the statistic itself where this graph leaves it; a frozen parameter's is
 * itself. */
void nn_adam(tg_graph *g, const nn_net *net, tg_value loss, tg_value rate, tg_value step,
             tg_adam_options o, tg_value *updates);

#endif
