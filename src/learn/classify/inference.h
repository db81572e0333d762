/* inference.h: a network's answer as a plan, without anything that only training needs. */
#ifndef INFERENCE_H
#define INFERENCE_H

#include "nn.h"

typedef struct inference_plan {
  tg_plan *plan;
  tg_value x;        /* {batch,size,size,channels} */
  tg_value domain;   /* {batch,1,1,domains} one-hot wanted domain; TG_NONE of a classifier */
  tg_value y;        /* logits {batch,1,1,classes}, or images like x */
  tg_value features; /* of a classifier: what its last layer sees, {batch,1,1,width} */
  int width;
} inference_plan;

/* net gets its parameters listed, without a plan, which takes memory for its images: a file is read
 * before, and refused where it does not hold them. */
int inference_list_classifier(nn_net *net, const nn_classifier *c);
int inference_list_generator(nn_net *net, const nn_stargan *s);

/* The same, planned; the store gets those that it does not have, as zeros. */
int inference_plan_classifier(nn_net *net, const nn_classifier *c, int64_t batch, tg_store *s,
                              const tg_plan_options *options, inference_plan *out);
/* Of the last layer alone: x {batch,1,1,width} are features. */
int inference_plan_last(nn_net *net, const nn_classifier *c, int64_t batch, int width, tg_store *s,
                        const tg_plan_options *options, inference_plan *out);
/* y is the classifier's texture, {batch,1,1,width}. */
int inference_plan_texture(nn_net *net, const nn_classifier *c, int64_t batch, tg_store *s,
                           const tg_plan_options *options, inference_plan *out);
int inference_plan_generator(nn_net *net, const nn_stargan *s, int64_t batch, tg_store *store,
                             const tg_plan_options *options, inference_plan *out);

#endif
