/* plan.h: from nodes to steps with memory.
 *
 * plan.c             makes the draft: live nodes in order; then steps, memory, kernels; runs them
 * fuse.c             folds what is before and after an operator into its step, and pointwise nodes
 *                    into chains
 * recompute.c        keeps fewer values where memory is limited
 * update_order.c     moves updates to where they can run first
 * value_memory.c     says in which memory values live
 * block_layout.c     places them in the block
 * channel_views.c    places values inside wider ones
 * kernel_choice.c    picks a kernel for each step
 * bf16_storage.c     says which values are stored as bfloat16
 * profile.c          says what the steps are, what they cost and how long they took
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
  int64_t scratch_start; /* elements from the start of the block */
  double start, took;  /* of the last run, where the plan is timed: since its start, and how long */
  double seconds;      /* of all runs */
  int pack_slot;       /* parameter that pack is made from; -1: a computed value */
  store_pack *pack;    /* or NULL */
  store_pack own_pack; /* for a computed value */
} plan_step;

/* Where a value lives: in the store's block, in memory of its own (inputs, outputs, constants), or
 * in the store as a parameter.  An alias (reshape, leading slice) lives inside its home. */
typedef enum { PLACE_BLOCK, PLACE_OWN, PLACE_SLOT } place_kind;
typedef struct plan_place {
  tg_value home;
  int64_t offset; /* elements from home's start */
  bool view;      /* some of home's channels */
  bool shared;    /* of a home: it is the first channels of the value that it lives in */
  bool fixed;     /* computed from parameters and constants alone */
  place_kind kind;
  int64_t start; /* elements from the start of the block */
  int slot;      /* of a parameter: where in the store */
  void *data;    /* of a value outside the block */
} plan_place;

struct tg_plan {
  tg_store *store;
  plan_step *step;
  int steps;
  int team;           /* threads that it was made for, the only team that runs it */
  int values;         /* nodes of the graph when it was planned */
  plan_place *place;  /* [values] */
  bool *visible;      /* [values] inputs and outputs: tg_plan_data gives them */
  bool *bf16;         /* [values] stored as bfloat16 */
  size_t block_bytes; /* of intermediate values and scratch memory */
  size_t live_bytes;  /* the most of them that are needed at one step */
  const void *bound;  /* the block that the steps' buffers are in */
  uint64_t seed;
  bool timed, only_sized;
  uint64_t changes; /* of the store's parameters, when the fixed steps last ran; 0: never */
  bool stale;       /* the fixed steps run in this run */
  int64_t runs;
};

/* A home's need of memory. */
typedef struct plan_life {
  tg_value v;            /* TG_NONE: scratch memory */
  int first, last;       /* steps; first -1: it has no memory of its own */
  int64_t offset, count; /* elements */
} plan_life;

typedef struct plan_layout {
  plan_life *life; /* [n] what needs memory of the block */
  int n;
  tg_value *into; /* [values] the home that a home lives in; TG_NONE */
  int64_t most;   /* elements alive at step `at`, where they are most */
  int at;
} plan_layout;

/* What planning works on; arrays are indexed by node. */
typedef struct plan_draft {
  const tg_graph *g;
  tg_graph own; /* where values are computed again: g's nodes and theirs; only then is node set */
  const tg_device *device;
  const tg_plan_options *options;
  bool *live;      /* an output depends on it */
  bool *output;    /* asked for */
  int *first_user; /* users of v are user[first_user[v] .. first_user[v + 1] - 1], ascending */
  tg_value *user;
  tg_value *root;  /* the node at whose place the step runs that computes v; v itself if alone */
  tg_value *first; /* of a root that is a chain: its members are first[root], next[first[root]], */
  tg_value *next;  /* ..., ascending, up to the root itself */
  op_fusion *fusion;    /* of a root: the epilogue of its body */
  tg_value *body;       /* of a root: the node whose operator runs; itself if nothing is folded */
  tg_value (*extra)[2]; /* of a root: bias and residual */
  tg_value *gate;       /* of a root: the leaky_relu_dx that it takes in; TG_NONE */
} plan_draft;

void plan_fuse(plan_draft *d);
/* Replaces the operand of a scaled convolution and appends scale and shift. */
void plan_open_scaling(const plan_draft *d, tg_value root, plan_step *s);
/* Replaces the gated operand of a root's step and appends what decides over the gate. */
void plan_open_gate(const plan_draft *d, tg_value root, plan_step *s);
/* Fills c and the step's operands for the chain rooted at v; false if it exceeds a chain's limits.
 */
bool plan_build_chain(const plan_draft *d, tg_value root, chain *c, plan_step *s);
bool plan_is_alias(const plan_draft *d, tg_value v);
/* Channels inside wider values (channel_views.c): drops the steps of slices that become views; lets
 * homes live in others, into[home]; tells the steps how far the pixels are apart. */
void plan_view_slices(const plan_draft *d, tg_plan *p);
void plan_share_views(const plan_draft *d, tg_plan *p, plan_life *l, tg_value *into);
/* Elements from one pixel of v to the next; 0 where v is dense. */
int64_t plan_row(const plan_draft *d, const tg_plan *p, const tg_value *into, tg_value v);
void plan_set_rows(const plan_draft *d, tg_plan *p, const tg_value *into);
/* The inputs of an update whose memory it changes are the first plan_changes of plan_changed. */
extern const int plan_changed[];
int plan_changes(const plan_step *s); /* 0: it is no update */
void plan_order_updates(tg_plan *p);
/* Tells the steps, which have their kernels, which values are bfloat16. */
void plan_store_bf16(const plan_draft *d, tg_plan *p);
/* Finds the values' homes and which of those are in the block. */
void plan_find_homes(const plan_draft *d, tg_plan *p);
/* Memory of v by itself, in elements of the block. */
int64_t plan_count(const plan_draft *d, const tg_plan *p, tg_value v);
/* Finds the places of values, but not yet where in the block. */
plan_layout plan_lay_out(const plan_draft *d, tg_plan *p);
void plan_layout_free(plan_layout *o);
/* Sorts the lives and sets their offsets; the elements of the block. */
int64_t plan_place_lives(plan_life *l, int n);
int64_t plan_most_alive(const plan_life *l, int n, int steps, int *at);
int plan_place_values(const plan_draft *d, tg_plan *p);
void *plan_data(const tg_plan *p, tg_value v);
/* Sets the kernel of a step that is not a chain. */
int plan_choose_kernel(const plan_draft *d, plan_step *s);
int plan_prepare(plan_step *s); /* state and scratch of a step that has its kernel */
/* Copies steps until the block fits in options->memory; fails where it cannot. */
int plan_recompute(plan_draft *d, tg_plan *p);
op_cost plan_cost(const plan_step *s); /* of the definition */

const char *kernels_find(const tg_kernels *k, const char *signature); /* NULL: none */

#endif
