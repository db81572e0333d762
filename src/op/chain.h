/* chain.h: a fused chain of pointwise operators, computed in one pass over memory: the inputs are
 * read in pieces that fit the L1 cache and every step is a vector loop over a piece. */
#ifndef CHAIN_H
#define CHAIN_H

#include "op.h"

enum { CHAIN_MAX_STEPS = 24 };

typedef struct chain_step {
  const op *op;
  op_attr attr;
  int in[3]; /* registers: 0 .. inputs-1 are the chain's inputs, inputs + i is step i's result */
} chain_step;

typedef struct chain {
  tg_shape shape; /* of every result */
  int inputs;
  tg_shape input[OP_MAX_INPUTS]; /* equal to shape, or with dimensions of 1 that are repeated */
  int64_t in_row[OP_MAX_INPUTS]; /* as op_site's, of inputs of the full shape */
  bool in_bf16[OP_MAX_INPUTS];   /* likewise */
  int steps;
  chain_step step[CHAIN_MAX_STEPS];
  int outputs;
  int output[OP_MAX_OUTPUTS]; /* registers of steps that are stored */
  bool out_bf16[OP_MAX_OUTPUTS];
} chain;

/* An output may be the memory of an input that has the full shape and is stored alike (in place).
 */
void chain_run(const chain *c, const void *const *in, void *const *out);

#endif
