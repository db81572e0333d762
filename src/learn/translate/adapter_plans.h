/* adapter_plans.h: the training steps of an adapter as plans on one store (method 4.3, 4.4).
 *
 * Batches are half source (the first half), half target; several targets share their half evenly,
 * and so many source images go to each.  Domain 0 is the source, domain 1 + t target t.  Networks
 * live in the store as G/, D/, FS/ and, one for each target, FT/, FT1/, FT2/... */
#ifndef ADAPTER_PLANS_H
#define ADAPTER_PLANS_H

#include "learn.h"

enum { ADAPTER_TARGETS = 15 }; /* most of one adapter */

/* Values that a plan gets and gives; TG_NONE where it has no such value. */
typedef struct adapter_plan {
  tg_plan *plan;
  tg_value x;        /* {batch,size,size,channels} */
  tg_value from, to; /* {batch,1,1,domains} one-hot domain of each image, and the wanted one */
  tg_value from_label, to_label; /* {batch,1,1,1} */
  tg_value label;                /* {batch/2,1,1,1} of the source half */
  /* Of each target 1 once its third semantic term is on, else 0; next_gate after the step. */
  tg_value gate[ADAPTER_TARGETS], next_gate[ADAPTER_TARGETS];
  tg_value rate, step; /* Adam's; step is 1 at the first update */
  tg_value fake;       /* {batch,size,size,channels} */
  tg_value loss[8];
  int losses;
} adapter_plan;

enum { /* places in loss */
       CRITIC_WASSERSTEIN,
       CRITIC_PENALTY,
       CRITIC_DOMAIN,
       GENERATOR_ADVERSARIAL = 0,
       GENERATOR_DOMAIN,
       GENERATOR_CYCLE,
       GENERATOR_SEMANTIC_CYCLE,
       GENERATOR_SEMANTIC_TARGET,
       GENERATOR_SEMANTIC_PSEUDO
};

typedef struct adapter_nets {
  nn_stargan stargan;
  nn_classifier classifier;     /* of F_S and F_T, dropout 0 */
  double dropout;               /* of F_S and F_T when they are trained */
  const xs_normalisation *norm; /* of the classifier's input; NULL: the generator's, [-1,1] */
  nn_net *g, *d, *fs;
  nn_net *ft[ADAPTER_TARGETS]; /* [targets] */
  int targets;
} adapter_nets;

/* Of an adapter with these options to so many targets for a classifier, whose normalisation is
 * lent. */
adapter_nets adapter_nets_new(const xs_adapter_options *o, int targets,
                              const nn_classifier *classifier, const xs_normalisation *norm);
void adapter_nets_free(adapter_nets *n);
/* Once they are planned: all of them with random numbers, F_S too. */
int adapter_nets_initialise(const adapter_nets *n, tg_store *s, uint64_t seed);

/* The total that a step minimises, of the inputs and networks given in p and n: it fills p's
 * losses, fake and next_gate.  alpha {batch,1,1,1} mixes real (1) and fake (0) for the penalty. */
tg_value adapter_critic_loss(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                             tg_value alpha, adapter_plan *p);
tg_value adapter_generator_loss(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                                adapter_plan *p);
/* Of a task network, F_S or F_T. */
tg_value adapter_task_loss(tg_graph *g, adapter_nets *n, nn_net *net, adapter_plan *p);

/* The steps: loss, gradient, Adam. */
int adapter_plan_critic(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                        const tg_plan_options *p, adapter_plan *out);
int adapter_plan_generator(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                           const tg_plan_options *p, adapter_plan *out);
/* One update of a task network: of F_S on source images (Decision 13), x {batch/2,...}, label; of
 * an F_T on its target's part of them, translated. */
int adapter_plan_task(adapter_nets *n, nn_net *net, const xs_adapter_options *o, tg_store *s,
                      const tg_plan_options *p, adapter_plan *out);
/* Whether F_S learns, too. */
bool adapter_source_learns(const xs_adapter_options *o);

enum {
  PLAN_CRITIC,
  PLAN_GENERATOR,
  PLAN_SOURCE, /* its plan is NULL where F_S is frozen */
  PLAN_TARGET, /* and those after it, one for each target */
  ADAPTER_PLANS = PLAN_TARGET + ADAPTER_TARGETS
};

/* All of them; after a failure there is none, and where memory is short the message says which
 * batch would fit. */
int adapter_plans_new(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                      const tg_plan_options *p, adapter_plan plan[ADAPTER_PLANS]);
void adapter_plans_free(adapter_plan plan[ADAPTER_PLANS]);

#endif
