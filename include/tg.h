/* tg.h: tensor graphs.  Describe a computation once, differentiate it as a graph (the gradient is
 * ordinary nodes, so it can be differentiated again), plan it once, run it many times.
 *
 * Tensors are dense, row-major and always of four dimensions n, h, w, c (channels last).  A matrix
 * [n][c] is {n,1,1,c}, a scalar is {1,1,1,1}, a value per sample {n,1,1,1}.  Convolution weights
 * are {kh,kw,ci,co}, matrices of a linear layer {1,1,ci,co}.  Class indices are stored as numbers.
 *
 * Errors.  Builders return a value; the first failure sticks in the graph (later builders return
 * TG_NONE without doing anything) and tg_plan_new reports it with operator name and shapes.  All
 * other functions return 0 or a non-zero status and set tg_message().
 *
 * Ownership.  A graph owns its nodes, a plan its buffers, a store its parameters.  A graph may be
 * freed once its plans are made; a store must outlive the plans compiled against it.
 *
 * Threads.  A graph, and a store with its plans, are used by one thread at a time, whichever made
 * them; several threads may work on some of their own.  The message is that of the calling thread.
 */
#ifndef TG_H
#define TG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the shared library shows of itself. */
#if defined(__GNUC__)
#define TG_API __attribute__((visibility("default")))
#else
#define TG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_graph tg_graph;
typedef struct tg_store tg_store;
typedef struct tg_plan tg_plan;
typedef struct tg_device tg_device;

typedef int32_t tg_value; /* a node of a graph */
enum { TG_NONE = 0 };     /* no value: an error, or "no gradient" */

typedef struct tg_shape {
  int64_t d[4]; /* n h w c */
} tg_shape;

/* The message of the last failure on this thread, one line, never NULL. */
TG_API const char *tg_message(void);

/* ---- shapes ------------------------------------------------------------------------------- */
TG_API tg_shape tg_shape4(int64_t n, int64_t h, int64_t w, int64_t c);
TG_API tg_shape tg_scalar(void);     /* {1,1,1,1} */
TG_API int64_t tg_count(tg_shape s); /* number of elements */
TG_API bool tg_same_shape(tg_shape a, tg_shape b);

/* ---- graphs ------------------------------------------------------------------------------- */
TG_API tg_graph *tg_graph_new(void);
TG_API void tg_graph_free(tg_graph *g);
TG_API tg_shape tg_shape_of(const tg_graph *g, tg_value v);
/* The first failure of a builder of this graph, or NULL. */
TG_API const char *tg_graph_failure(const tg_graph *g);
/* Writes one line per node to a newly allocated string; the caller frees it. */
TG_API char *tg_graph_dump(const tg_graph *g);
/* Likewise as a drawing in the DOT language of Graphviz: a box per node with its operator, name and
 * shape; parameters are filled, inputs are ovals. */
TG_API char *tg_graph_dot(const tg_graph *g);

/* ---- leaves ------------------------------------------------------------------------------- */
TG_API tg_value tg_input(tg_graph *g, const char *name,
                         tg_shape s); /* filled by the caller before a run */
TG_API tg_value tg_param(tg_graph *g, const char *name,
                         tg_shape s);            /* lives in a store under this name */
TG_API tg_value tg_const(tg_graph *g, double x); /* a scalar */
/* Uniform in [0,1), a pure function of (seed and step of the run, stream, element index). */
TG_API tg_value tg_uniform(tg_graph *g, const char *stream, tg_shape s);

/* ---- pointwise; binary ones broadcast dimensions of size 1 ---------------------------------- */
TG_API tg_value tg_add(tg_graph *g, tg_value a, tg_value b);
TG_API tg_value tg_sub(tg_graph *g, tg_value a, tg_value b);
TG_API tg_value tg_mul(tg_graph *g, tg_value a, tg_value b);
TG_API tg_value tg_div(tg_graph *g, tg_value a, tg_value b);
TG_API tg_value tg_max(tg_graph *g, tg_value a, tg_value b); /* no gradient: for gates */
TG_API tg_value tg_affine(tg_graph *g, tg_value x, double scale,
                          double shift); /* scale x + shift */
TG_API tg_value tg_neg(tg_graph *g, tg_value x);
TG_API tg_value tg_relu(tg_graph *g, tg_value x);
/* x where x > 0, slope x elsewhere; slope is at least 0, so that the output has the sign of x. */
TG_API tg_value tg_leaky_relu(tg_graph *g, tg_value x, double slope);
/* dy where y > 0, slope dy elsewhere: the derivative of relu (slope 0) and leaky_relu by output. */
TG_API tg_value tg_leaky_relu_dx(tg_graph *g, tg_value y, tg_value dy, double slope);
TG_API tg_value tg_tanh(tg_graph *g, tg_value x);
TG_API tg_value tg_exp(tg_graph *g, tg_value x);
TG_API tg_value tg_log(tg_graph *g, tg_value x);
TG_API tg_value tg_sqrt(tg_graph *g, tg_value x);
TG_API tg_value tg_abs(tg_graph *g, tg_value x);
TG_API tg_value tg_sign(tg_graph *g, tg_value x);     /* -1, 0, 1; gradient 0 */
TG_API tg_value tg_positive(tg_graph *g, tg_value x); /* 1 where x > 0, else 0; gradient 0 */

/* ---- shape -------------------------------------------------------------------------------- */
TG_API tg_value tg_reshape(tg_graph *g, tg_value x, tg_shape s);
TG_API tg_value tg_broadcast(tg_graph *g, tg_value x,
                             tg_shape s); /* dimensions of size 1 are repeated */
TG_API tg_value tg_sum_to(tg_graph *g, tg_value x,
                          tg_shape s);            /* sums the dimensions that are 1 in s */
TG_API tg_value tg_mean(tg_graph *g, tg_value x); /* over all elements, a scalar */
TG_API tg_value tg_slice(tg_graph *g, tg_value x, int axis, int64_t first, int64_t count);
TG_API tg_value tg_pad(tg_graph *g, tg_value x, int axis, int64_t before,
                       int64_t total); /* with zeros */
TG_API tg_value tg_concat(tg_graph *g, tg_value a, tg_value b, int axis);
TG_API tg_value tg_detach(tg_graph *g, tg_value x); /* x, through which no gradient flows */

/* ---- linear algebra and convolution --------------------------------------------------------- */
/* a as a matrix [n h w][c], b likewise, either transposed first. */
TG_API tg_value tg_matmul(tg_graph *g, tg_value a, tg_value b, bool transpose_a, bool transpose_b);
TG_API tg_value tg_conv(tg_graph *g, tg_value x, tg_value w, int stride, int pad);
/* The adjoint by x, which is a transposed convolution: x_shape is the shape of its output. */
TG_API tg_value tg_conv_dx(tg_graph *g, tg_value dy, tg_value w, tg_shape x_shape, int stride,
                           int pad);
TG_API tg_value tg_conv_dw(tg_graph *g, tg_value x, tg_value dy, tg_shape w_shape, int stride,
                           int pad);

/* ---- pooling; what lies beyond the border is never a maximum and 0 in a mean ----------------- */
TG_API tg_value tg_max_pool(tg_graph *g, tg_value x, int window, int stride, int pad);
TG_API tg_value tg_mean_pool(tg_graph *g, tg_value x, int window, int stride,
                             int pad); /* sum/window^2 */

/* ---- normalisation over h,w per image and channel; gamma, beta {1,1,1,c} -----------------------
 * Instance norm, and batch norm on the batch seen as one tall image {1,n h,w,c}. */
/* [mean, 1/sqrt(variance + epsilon)] {n,1,2,c}: along c, the statistics of a concatenation are the
 * concatenation of the statistics. */
TG_API tg_value tg_norm_stats(tg_graph *g, tg_value x, double epsilon);
/* gamma (x - mean)/sqrt(variance + epsilon) + beta with stats equal to tg_norm_stats of x: the
 * gradient by x is the whole one, and nothing flows to stats. */
TG_API tg_value tg_norm(tg_graph *g, tg_value x, tg_value stats, tg_value gamma, tg_value beta);
TG_API tg_value tg_instance_norm(tg_graph *g, tg_value x, tg_value gamma, tg_value beta,
                                 double epsilon);

/* ---- classification ------------------------------------------------------------------------- */
TG_API tg_value tg_log_softmax(tg_graph *g, tg_value x); /* over c */
TG_API tg_value tg_argmax(tg_graph *g, tg_value x);      /* over c -> {n,h,w,1}; first maximum */
TG_API tg_value tg_one_hot(tg_graph *g, tg_value index,
                           int classes); /* {n,h,w,1} -> {n,h,w,classes} */

/* ---- gradients ------------------------------------------------------------------------------ */
/* dx[i] = d(sum of y . dy)/d(wrt[i]); dy TG_NONE means ones; dx[i] is TG_NONE where y does not
 * depend on wrt[i].  Any value may be asked for, not only leaves. */
TG_API void tg_gradient(tg_graph *g, tg_value y, tg_value dy, int n, const tg_value *wrt,
                        tg_value *dx);

/* ---- updates, carried out when the run has no more use for the old value --------------------- */
typedef struct tg_adam_options {
  double beta1, beta2, epsilon, weight_decay; /* L2 added to the gradient, as PyTorch's Adam */
} tg_adam_options; /* PyTorch starts from 0.9, 0.999, 1e-8, 0; an epsilon of 0 can divide 0 by 0 */
/* Kingma and Ba 2015.  Moments live in the store as NAME.m and NAME.v of parameter NAME; rate and
 * step (1 at the first update) are scalars.  The returned value is to be listed as an output. */
TG_API tg_value tg_adam(tg_graph *g, tg_value param, tg_value gradient, tg_value rate,
                        tg_value step, tg_adam_options o);

/* param + momentum (x - param): a moving average, to be listed as an output too. */
TG_API tg_value tg_average(tg_graph *g, tg_value param, tg_value x, double momentum);

/* ---- devices -------------------------------------------------------------------------------- */
TG_API const tg_device *tg_device_reference(void); /* double, plain C, one thread: the definition */
TG_API const tg_device *tg_device_cpu(void);       /* float, oneDNN and own kernels */
TG_API const tg_device *
tg_device_named(const char *name);                   /* "reference", "cpu"; NULL and a message */
TG_API size_t tg_device_element(const tg_device *d); /* bytes per element: 8 or 4 */

/* ---- parameter stores ------------------------------------------------------------------------ */
TG_API tg_store *tg_store_new(const tg_device *d);
TG_API void tg_store_free(tg_store *s);
/* Adds a parameter of zeros; if it exists with the same shape, does nothing. */
TG_API int tg_store_add(tg_store *s, const char *name, tg_shape shape);
TG_API int tg_store_size(const tg_store *s);
TG_API int tg_store_find(const tg_store *s, const char *name); /* index, or -1 */
/* In order of addition.  An index that is none, as -1, is an error of these and of the next three:
 * the name is NULL, the shape of no elements. */
TG_API const char *tg_store_name(const tg_store *s, int i); /* lent, as long as the store */
TG_API tg_shape tg_store_shape(const tg_store *s, int i);
/* Copies count(shape) elements in or out, converting to the device's type.  Writing marks packed
 * copies of the parameter stale. */
TG_API int tg_store_write(tg_store *s, int i, const float *x);
TG_API int tg_store_read(const tg_store *s, int i, float *x);
TG_API int tg_store_read_f64(const tg_store *s, int i, double *x);
/* The same by name: put adds what is not there; a parameter of another shape, and one that get does
 * not find, are errors. */
TG_API int tg_store_put(tg_store *s, const char *name, tg_shape shape, const float *x);
TG_API int tg_store_get(const tg_store *s, const char *name, tg_shape shape, float *x);

/* ---- plans ---------------------------------------------------------------------------------- */
typedef enum { TG_ESTIMATE, TG_MEASURE } tg_effort;
typedef struct tg_plan_options { /* zeros are the defaults */
  tg_effort effort; /* ESTIMATE: a fixed rule on shape and instruction set.  MEASURE: time the
                     * candidates once; the choice is remembered in `kernels` */
  struct tg_kernels *kernels; /* choices to use and extend (FFTW's wisdom), or NULL */
  uint64_t seed;              /* of every tg_uniform */
  size_t memory;              /* most bytes of intermediate values, or 0: what takes no products is
                               * computed again rather than kept, until the plan fits.  The results
                               * are the same bytes.  A plan that cannot fit is not made */
  bool only_sized;            /* no memory is taken: the plan has its sizes and cannot run */
  bool unfused;               /* one step per node: for tests */
  bool timed;                 /* measure every step: tg_plan_dump shows its mean milliseconds */
  bool bf16; /* convolutions round their operands to bfloat16 and sum in float, where tg_has_bf16,
              * and values between them are stored as bfloat16; inputs, outputs, parameters and all
              * else stay float */
} tg_plan_options;

/* Remembered kernel choices: operator signature -> kernel name. */
typedef struct tg_kernels tg_kernels;
TG_API tg_kernels *tg_kernels_new(void);
TG_API void tg_kernels_free(tg_kernels *k);
TG_API int tg_kernels_size(const tg_kernels *k);
TG_API const char *tg_kernels_signature(const tg_kernels *k, int i); /* lent */
TG_API const char *tg_kernels_choice(const tg_kernels *k, int i);    /* lent */
TG_API int tg_kernels_set(tg_kernels *k, const char *signature, const char *kernel);

enum { TG_TOO_LARGE = 3 }; /* a plan needs more memory than its limit, or than there is */

/* Plans the computation of the outputs (values and updates); parameters are added to the store if
 * they are not there.  On failure *out is NULL, and the status TG_TOO_LARGE or another. */
TG_API int tg_plan_new(tg_graph *g, tg_store *s, int n, const tg_value *outputs,
                       const tg_plan_options *o, tg_plan **out);
TG_API void tg_plan_free(tg_plan *p);
/* Memory of an input (write before a run) or output (read after it) in the device's type; lent,
 * valid as long as the plan; NULL if v is neither. */
TG_API void *tg_plan_data(tg_plan *p, tg_value v);
/* Runs the plan; step counts runs of the same purpose and selects the random numbers.  After an
 * error the outputs mean nothing: where a library could not compute, or where the threads that the
 * plan was made for cannot run (see tg_threads). */
TG_API int tg_plan_run(tg_plan *p, uint64_t step);
/* The block of intermediate values that the plan needs, and the most of them that are alive at one
 * step: no plan of these steps can do with less.  Plans of one store run one after the other and
 * share a block of the size that the largest needs. */
TG_API size_t tg_plan_bytes(const tg_plan *p);
TG_API size_t tg_plan_live_bytes(const tg_plan *p);
/* One line per planned step: kernel, shapes, buffer; newly allocated. */
TG_API char *tg_plan_dump(const tg_plan *p);

/* ---- profiles: where a plan's time goes, and how long it would take at the machine's own rates
 * ---
 */
typedef struct tg_step_profile {
  const char *operation,
      *kernel;           /* "conv", "winograd"; kernel "chain": fused pointwise operators */
  char site[512];        /* shapes and geometry as tg_plan_dump shows them */
  double start, seconds; /* of the last run of a timed plan: since the run's start, and how long */
  double flop;           /* of the definition: 2 n ho wo kh kw ci co of a convolution, 2 m n k of a
                          * matrix product, 0 of the others, whose time is memory's */
  double kernel_flop;    /* of the kernel's own algorithm: fewer where that is Winograd's */
  bool bf16;             /* the kernel multiplies in bfloat16 */
  double bytes;          /* every operand read once and every result written once; all three are 0
                          * where the last run kept what parameters alone had given before */
} tg_step_profile;
TG_API int tg_plan_steps(const tg_plan *p);
TG_API void tg_plan_profile(const tg_plan *p, int i,
                            tg_step_profile *out); /* i in order of execution */

/* What this machine reaches on tg_threads() threads. */
enum { TG_COPIES = 6 };
typedef struct tg_rates {
  double flop;      /* FLOP/s of the best large f32 matrix product */
  double flop_bf16; /* of the best in bfloat16; 0 where !tg_has_bf16 */
  struct {
    double size, rate; /* bytes/s, read and written, of copying between two halves of size bytes */
  } copy[TG_COPIES];   /* size grows: caches first, then memory */
} tg_rates;
TG_API int tg_rates_measure(tg_rates *r); /* takes about a second and 256 MB */
/* The roofline (Williams, Waterman and Patterson 2009): the least seconds of a step, which are the
 * longer of kernel_flop at the rate of its products and bytes at the rate of copying as many. */
TG_API double tg_rates_limit(const tg_rates *r, const tg_step_profile *s, bool *memory);

/* ---- export ---------------------------------------------------------------------------------- */
typedef struct tg_onnx_note {
  const char *key, *value;
} tg_onnx_note;
typedef struct tg_onnx_about {
  const char *name;               /* of the graph */
  const char *producer, *version; /* the program that writes it */
  const char *description;        /* for people */
  const tg_onnx_note *note;       /* [notes] the model's metadata_props */
  int notes;
} tg_onnx_about;

/* The computation of the outputs (name: what each is called) as an ONNX model, IR version 8, opset
 * 17 (onnx.ai): float32, channels first, with the store's parameters inside.  {n,h,w,c} becomes
 * [N,c,h,w], {n,1,1,c} becomes [N,c]; all inputs have the same n, 2 or more, which stands for a
 * batch of any size N.  Fails where the computation mixes the images of a batch or has an operator
 * without a counterpart.  *data is to be freed; equal graphs and values give equal bytes. */
TG_API int tg_graph_onnx(const tg_graph *g, const tg_store *s, int n, const tg_value *outputs,
                         const char *const *name, const tg_onnx_about *about, void **data,
                         size_t *size);

/* ---- threads --------------------------------------------------------------------------------- */
/* Asks for n threads of OpenMP for what the calling thread does; 0: as OMP_NUM_THREADS says, or one
 * for each processor. */
TG_API void tg_set_threads(int n);
/* The threads that really work together: no more than the environment grants (OMP_THREAD_LIMIT,
 * OMP_MAX_ACTIVE_LEVELS; OMP_DYNAMIC changes nothing), and one inside an active parallel region of
 * the caller's.  A plan is made for as many, and runs with these or not at all: one that was made
 * for several fails inside a parallel region. */
TG_API int tg_threads(void);
/* The instruction set that kernels are chosen for: "AVX-512", "AVX2" or "baseline". */
TG_API const char *tg_processor(void);
/* oneDNN as it is loaded: its version, as "2.6.0", and the instruction set that it takes, in its
 * own words, as "avx512_core_bf16" (ONEDNN_MAX_CPU_ISA limits it). */
TG_API const char *tg_onednn_version(void);
TG_API const char *tg_onednn_instructions(void);
TG_API bool tg_has_bf16(void); /* whether the processor multiplies in bfloat16 */

#ifdef __cplusplus
}
#endif

#endif
