/* op.h: what an operator is.  An operator is files of one stem in this folder and one row in
 * ops.def: its shape rule, gradient rule, double-precision definition and CPU kernels. */
#ifndef OP_H
#define OP_H

#include "clones.h"
#include "tg.h"

enum { OP_MAX_INPUTS = 8, OP_MAX_OUTPUTS = 8 };

typedef struct op_attr {
  int64_t i[4]; /* geometry, axes, counts; what each means is said in the operator's file */
  double f[4];
  tg_shape shape;   /* a wanted output shape */
  const char *name; /* of a leaf or random stream, interned by the graph; or NULL */
} op_attr;

/* Work that the plan folds into the operator's own pass over its output, in this order:
 * out = activation(op(in) + bias + residual).  The extra operands follow the operator's inputs. */
typedef enum { OP_LINEAR, OP_LEAKY_RELU, OP_TANH } op_activation;
typedef struct op_fusion {
  bool bias;     /* in[inputs]: {1,1,1,c} */
  bool residual; /* the next input: the output's shape */
  op_activation activation;
  double slope; /* of OP_LEAKY_RELU; 0 is relu */
  /* norm_sums and norm_dx: the operand v is let through where gamma xh + beta > 0 and multiplied by
   * slope elsewhere.  The norm's gamma (of norm_sums) and beta follow as last inputs. */
  bool gate;
  /* conv: it reads leaky(x scale + shift) of its operand x, with input_slope; scale and shift
   * {1,1,1,c} follow as last inputs. */
  bool scaled;
  double input_slope;
} op_fusion;

/* One use of an operator: everything that decides which kernel runs, known when planning. */
typedef struct op_site {
  const struct op *op;
  int n;
  tg_shape in[OP_MAX_INPUTS];
  tg_shape out;
  op_attr attr;
  op_fusion fusion;
  /* Elements from one pixel to the next where a tensor is some channels of a wider one; 0: c. */
  int64_t in_row[OP_MAX_INPUTS], out_row;
  bool bf16;                             /* kernels may multiply in bfloat16, with sums in float */
  bool in_bf16[OP_MAX_INPUTS], out_bf16; /* tensors that are stored as bfloat16 */
} op_site;

/* What a site costs at least: the two axes of the roofline. */
typedef struct op_cost {
  double flop;     /* multiplications and additions of its products; 0: memory sets the time */
  double elements; /* read and written */
  bool bf16;       /* the products are of bfloat16 */
} op_cost;

typedef struct op_buffers {
  const void *in[OP_MAX_INPUTS];
  void *out[OP_MAX_OUTPUTS]; /* [0] the output; updates: the parameter memory that they change */
  void *scratch;             /* as many bytes as prepare asked for, 64-byte aligned */
  uint64_t seed, step;
} op_buffers;

/* One way to compute an operator in float on the CPU.  Kernels are listed best first; the first
 * that applies is the estimate. */
typedef struct op_kernel {
  const char *name;
  bool (*applies)(const op_site *s); /* NULL: always, if nothing is fused */
  /* Makes what run needs once (NULL: nothing): *state, freed by release; bytes of scratch. */
  int (*prepare)(const op_site *s, void **state, size_t *scratch);
  void (*release)(void *state);
  /* A kernel that wants input 1 (weights) in its own layout: bytes of the packed form, a key that
   * is equal exactly for equal layouts of one parameter (several sites share one packed copy), and
   * the packing itself.  run then gets the packed form as in[1].  All NULL otherwise.  pack and run
   * fail, with a message, where a library does. */
  size_t (*packed_bytes)(const op_site *s, const void *state);
  void (*packed_key)(const op_site *s, const void *state, char key[64]);
  int (*pack)(const op_site *s, const void *state, const void *w, void *packed);
  int (*run)(const op_site *s, void *state, const op_buffers *b);
  /* Changes the operator's cost to that of this algorithm (NULL: the same). */
  void (*cost)(const op_site *s, op_cost *c);
  /* Whether it takes input i (-1: the output) of a site stored as bfloat16; NULL: none. */
  bool (*takes_bf16)(const op_site *s, int i);
} op_kernel;

/* What a gradient rule sees.  It sets dx[i] (TG_NONE: no gradient) by building nodes in g. */
typedef struct op_gradient {
  tg_graph *g;
  int n;
  const tg_value *in;
  tg_value out, dy;
  const op_attr *attr;
  const bool *wanted; /* [n] inputs whose gradient is needed */
  tg_value *dx;       /* [n], all TG_NONE at first */
} op_gradient;

enum op_flags {
  OP_LEAF = 1,      /* no kernel: input, param, const */
  OP_POINTWISE = 2, /* out[i] depends on in[*][i] only: fused into chains */
  OP_ALIAS = 4,     /* the output is the input's memory under another shape */
  OP_UPDATE = 8,    /* changes parameters in place when all else has read them */
  OP_IN_PLACE = 16, /* the output may overwrite input 0 */
  OP_FUSE_BIAS = 32,
  OP_FUSE_RESIDUAL = 64,
  OP_FUSE_ACTIVATION = 128,
  OP_PACKS = 256, /* some kernel packs input 1 */
  OP_ROUNDS = 512 /* some kernel multiplies in bfloat16 where the site allows it */
};

typedef struct op {
  const char *name;
  int inputs;
  int flags;
  /* Output shape from s->in and s->attr; on failure writes the reason. */
  bool (*shape)(const op_site *s, tg_shape *out, char *why, size_t size);
  void (*gradient)(const op_gradient *d); /* NULL: no gradient flows to any input */
  /* The definition, in double: in, out and scratch are arrays of double; nothing is fused. */
  void (*reference)(const op_site *s, const op_buffers *b);
  /* Whether every CPU kernel takes input i (-1: the output) as channels of a wider tensor, and may
   * write the output over a residual; NULL: none. */
  bool (*rows)(const op_site *s, int i);
  const op_kernel *const *cpu; /* NULL-terminated, best first; NULL: only the reference */
  /* Changes the cost that c holds: no flop, every operand and the output moved once (NULL: that).
   */
  void (*cost)(const op_site *s, op_cost *c);
} op;

#define OP(stem) extern const op op_##stem;
#include "ops.def"
#undef OP

/* Adds a node (see graph/graph.c).  The way in for builders that live beside their operator. */
tg_value op_node(tg_graph *g, const op *o, int n, const tg_value *in, const op_attr *attr);
/* The name of a parameter, lent; NULL if v is none. */
const char *op_param_name(const tg_graph *g, tg_value v);

/* ---- helpers for operator files ------------------------------------------------------------- */
/* Offsets: index of element n,h,w,c of a tensor of shape s. */
static inline int64_t op_at(const tg_shape *s, int64_t n, int64_t h, int64_t w, int64_t c) {
  return ((n * s->d[1] + h) * s->d[2] + w) * s->d[3] + c;
}
static inline int64_t op_rows(const tg_shape *s) { return s->d[0] * s->d[1] * s->d[2]; }
static inline int64_t op_in_row(const op_site *s, int i) {
  return s->in_row[i] ? s->in_row[i] : s->in[i].d[3];
}
static inline int64_t op_out_row(const op_site *s) { return s->out_row ? s->out_row : s->out.d[3]; }
static inline bool op_fused(const op_site *s) {
  return s->fusion.bias || s->fusion.residual || s->fusion.gate || s->fusion.scaled ||
         s->fusion.activation != OP_LINEAR;
}
static inline int64_t op_divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline size_t op_in_element(const op_site *s, int i) { return s->in_bf16[i] ? 2 : 4; }
/* Element `at` of input i, of the output, under the type that they are stored as. */
static inline const void *op_in_at(const op_site *s, const op_buffers *b, int i, int64_t at) {
  return (const char *)b->in[i] + (size_t)at * op_in_element(s, i);
}
static inline void *op_out_at(const op_site *s, const op_buffers *b, int64_t at) {
  return (char *)b->out[0] + (size_t)at * (s->out_bf16 ? 2 : 4);
}
/* Shape rule "same as input 0". */
bool op_shape_same(const op_site *s, tg_shape *out, char *why, size_t size);
bool op_refuse(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool op_cpu_has_avx512(void); /* F, BW, DQ, VL */

#endif
