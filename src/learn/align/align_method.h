/* align_method.h: what a method of alignment is: how its training step is built. */
#ifndef ALIGN_METHOD_H
#define ALIGN_METHOD_H

#include "nn.h"
#include "xsite.h"

enum { ALIGN_LOSSES = 4 };

/* A training step while it is described.  All batches have equally many images. */
typedef struct align_step {
  tg_graph *g;
  const xs_align_options *o;
  nn_classifier description; /* as it answers: no dropout, running statistics */
  nn_net *net;               /* the classifier that is adapted */
  nn_net *other;             /* a method's second network, if it has one */
  tg_value source, label;    /* {batch,size,size,channels}, {batch,1,1,1}; TG_NONE if not needed */
  tg_value target, changed;  /* the same target images as they are, and changed at random */
  tg_value progress;         /* the share of the run that is done, a scalar */
  tg_value rate, step;       /* Adam's; step is 1 at the first update */
  /* filled by the method */
  tg_value loss[ALIGN_LOSSES];
  int losses;
  tg_value *update; /* [updates] */
  int updates;
} align_step;

typedef struct align_method {
  bool source;       /* needs labelled source images */
  const char *other; /* prefix of the second network's parameters, or NULL */
  bool copies;       /* that is a copy of the classifier, and the result; else drawn at random */
  const char *loss[ALIGN_LOSSES]; /* names, in the order in which build adds them */
  void (*build)(align_step *s);
} align_method;

#define ALIGN(id, ...) extern const align_method align_##id;
#include "xsite/methods.def"

/* The classifier as it learns: with dropout, and with the batch's statistics. */
tg_value align_features(align_step *s, tg_value x);
tg_value align_logits(align_step *s, tg_value x);
/* As it answers, a constant of the step; before the same network is built as it learns. */
tg_value align_answer(align_step *s, nn_net *net, tg_value x);

/* 1 where the largest of the probabilities is above the threshold, else 0; {n,1,1,1}. */
tg_value align_confident(tg_graph *g, tg_value probability, double threshold);
/* Mean over all n images of -sum_k target log p, each image weighted (or TG_NONE: 1); logit
 * {n,1,1,classes}, target like it, weight {n,1,1,1}. */
tg_value align_cross_entropy(tg_graph *g, tg_value logit, tg_value target, tg_value weight);

/* One-hot of the largest probability. */
tg_value align_pseudo_label(tg_graph *g, tg_value probability);
/* sum_k m log m of the batch's mean probability m: minus the entropy of the classes given. */
tg_value align_diversity(tg_graph *g, tg_value probability);
tg_value align_plus(tg_graph *g, tg_value total, double weight, tg_value loss);

void align_add_loss(align_step *s, tg_value loss);
/* The running statistics of net move towards the batch's; nothing else does. */
void align_move_statistics(align_step *s, const nn_net *net);
/* The parameters of net go one step of Adam down the loss. */
void align_minimise(align_step *s, nn_net *net, tg_value loss);
/* The parameters of `teacher` keep the share `momentum` and take the rest from net (which is older
 * by one step). */
void align_follow(align_step *s, nn_net *teacher, const nn_net *net, double momentum);

#endif
