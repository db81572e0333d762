/* plan.h: from nodes to steps with memory.
 *
 * plan.c    makes the draft: live nodes in order; then steps, memory, kernels; and runs them
 * fuse.c    folds epilogues into their producers and pointwise nodes into chains
 * memory.c  places values in one block
 * views.c   places values inside wider ones
 * choose.c  picks a kernel per step
 * profile.c says what the steps are, what they cost and how long they took
 */
#ifndef PLAN_H
#define PLAN_H

#include "chain.h"
#include "device.h"
#include "graph.h"
#include "store.h"

typedef struct plan_step {
  op_site site;
  char *name;   /* site.attr.name: a copy, for the graph may be freed */
  chain *chain; /* not NULL: a chain of pointwise operators, and site and kernel are unused */
  const op_kernel *kernel;
  void *state;
  int n_in, n_out;
  bool fixed; /* all that it reads is fixed: runs only after a parameter has changed */
  tg_value in[OP_MAX_INPUTS], out[OP_MAX_OUTPUTS];
  op_buffers buffers;
  size_t scratch;
  double start, took;  /* of the last run, where the plan is timed: since its start, and how long */
  double seconds;      /* of all runs */
  int pack_slot;       /* parameter that pack is made from; -1: a computed value */
  store_pack *pack;    /* or NULL */
  store_pack own_pack; /* for a computed value */
} plan_step;

/* Where a value lives: in the plan's block, in memory of its own (inputs, constants), or in the
 * store.  An alias (reshape, leading slice) lives inside its home. */
typedef enum { PLACE_BLOCK, PLACE_OWN, PLACE_SLOT } place_kind;
typedef struct plan_place {
  tg_value home;
  int64_t offset; /* elements from home's start */
  bool view;      /* some of home's channels */
  bool shared;    /* of a home: it is the first channels of the value that it lives in */
  bool fixed;     /* computed from parameters and constants alone */
  place_kind kind;
  void *data;
} plan_place;

struct tg_plan {
  tg_store *store;
  plan_step *step;
  int steps;
  int values;        /* nodes of the graph when it was planned */
  plan_place *place; /* [values] */
  bool *visible;     /* [values] inputs and outputs: tg_plan_data gives them */
  void *block;       /* intermediate values, then scratch */
  size_t block_bytes;
  uint64_t seed;
  bool timed;
  uint64_t changes; /* of the store's parameters, when the fixed steps last ran; 0: never */
  bool stale;       /* the fixed steps run in this run */
  int64_t runs;
};

/* A home's need of memory. */
typedef struct plan_life {
  tg_value v;
  int first, last;       /* steps; first -1: it has no memory of its own */
  int64_t offset, count; /* elements */
} plan_life;

/* What planning works on; arrays are indexed by node. */
typedef struct plan_draft {
  const tg_graph *g;
  const tg_device *device;
  const tg_plan_options *options;
  bool *live;      /* an output depends on it */
  bool *output;    /* asked for */
  int *first_user; /* users of v are user[first_user[v] .. first_user[v + 1] - 1], ascending */
  tg_value *user;
  tg_value *root;    /* the node at whose place the step runs that computes v; v itself if alone */
  op_fusion *fusion; /* of a root: the epilogue of its body */
  tg_value *body;    /* of a root: the node whose operator runs; itself if nothing is folded */
  tg_value (*extra)[2]; /* of a root: bias and residual */
  tg_value *gate;       /* of a root: the leaky_relu_dx that it takes in; TG_NONE */
} plan_draft;

void plan_fuse(plan_draft *d);
/* Replaces the gated operand of a root's step and appends what decides over the gate. */
void plan_open_gate(const plan_draft *d, tg_value root, plan_step *s);
/* Fills c and the step's operands for the chain rooted at v; false if it exceeds a chain's limits.
 */
bool plan_build_chain(const plan_draft *d, tg_value root, chain *c, plan_step *s);
bool plan_is_alias(const plan_draft *d, tg_value v);
/* Channels inside wider values (views.c): drops the steps of slices that become views; lets homes
 * live in others, into[home]; tells the steps how far the pixels are apart. */
void plan_view_slices(const plan_draft *d, tg_plan *p);
void plan_share_views(const plan_draft *d, tg_plan *p, plan_life *l, tg_value *into);
/* Elements from one pixel of v to the next; 0 where v is dense. */
int64_t plan_row(const plan_draft *d, const tg_plan *p, const tg_value *into, tg_value v);
void plan_set_rows(const plan_draft *d, tg_plan *p, const tg_value *into);
int plan_place_values(const plan_draft *d, tg_plan *p);
/* Sets kernel, state and scratch of a step that is not a chain. */
int plan_choose_kernel(const plan_draft *d, plan_step *s);

const char *kernels_find(const tg_kernels *k, const char *signature); /* NULL: none */

#endif
