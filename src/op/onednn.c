/* onednn.c: oneDNN 2.x behind onednn.h. */
#include "onednn.h"

#include <dnnl.h>
#include <dnnl_debug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"

typedef enum role { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS } role;

struct onednn_conv {
  role role;
  bool bias_fused;
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_desc_t described;
  dnnl_primitive_t conv, reorder;   /* reorder of weights: hwio to packed, or back in conv_dw */
  dnnl_memory_desc_t plain, packed; /* of the weights; plain is hwio */
  dnnl_memory_t x, w, y, bias, room, w_plain; /* without data: run sets it */
  size_t packed_offset;                       /* of conv_dw's packed result in the scratch */
};

static const char *say(dnnl_status_t status) {
  switch (status) {
  case dnnl_out_of_memory:
    return "out of memory";
  case dnnl_invalid_arguments:
    return "invalid arguments";
  case dnnl_unimplemented:
    return "not implemented";
  case dnnl_iterator_ends:
    return "no implementation is left";
  case dnnl_runtime_error:
    return "an error while running";
  case dnnl_not_required:
    return "not required";
  default:
    return "no known reason";
  }
}

static int check(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return 0;
  return fail(1, "oneDNN refuses %s: %s (status %d)", what, say(status), (int)status);
}

int onednn_check(int status) {
  if (status == dnnl_success) return 0;
  const dnnl_status_t s = (dnnl_status_t)status;
  return fail(1, "oneDNN could not compute: %s (status %d)", say(s), status);
}

/* Keeps the first that is no success. */
static void keep(dnnl_status_t *first, dnnl_status_t status) {
  if (*first == dnnl_success) *first = status;
}

/* ---- describing --------------------------------------------------------------------------- */

static dnnl_memory_desc_t describe_as(dnnl_data_type_t type, const dnnl_dims_t dims, int n,
                                      dnnl_format_tag_t tag, dnnl_status_t *status) {
  dnnl_memory_desc_t d = {0};
  keep(status, dnnl_memory_desc_init_by_tag(&d, n, dims, type, tag));
  return d;
}

typedef struct tensors {
  dnnl_memory_desc_t x, w, y, bias;
  dnnl_dims_t stride, before, after;
} tensors;

/* Types of the factors, and of a result that is no weights. */
typedef struct types {
  dnnl_data_type_t factor, result;
} types;

static tensors describe_tensors(const conv_geometry *g, role r, types type, dnnl_status_t *status) {
  dnnl_data_type_t x = r == BACKWARD_DATA ? type.result : type.factor;
  dnnl_data_type_t w = r == BACKWARD_WEIGHTS ? dnnl_f32 : type.factor;
  dnnl_data_type_t y = r == FORWARD ? type.result : type.factor;
  tensors t = {
      .x = describe_as(x, (dnnl_dims_t){g->n, g->ci, g->h, g->w}, 4, dnnl_nhwc, status),
      .w =
          describe_as(w, (dnnl_dims_t){g->co, g->ci, g->kh, g->kw}, 4, dnnl_format_tag_any, status),
      .y = describe_as(y, (dnnl_dims_t){g->n, g->co, g->ho, g->wo}, 4, dnnl_nhwc, status),
      .bias = describe_as(dnnl_f32, (dnnl_dims_t){g->co}, 1, dnnl_x, status),
      .stride = {g->stride, g->stride},
      .before = {g->pad, g->pad},
  };
  /* The rows that the windows do not reach are a negative padding. */
  t.after[0] = (g->ho - 1) * g->stride + g->kh - g->h - g->pad;
  t.after[1] = (g->wo - 1) * g->stride + g->kw - g->w - g->pad;
  return t;
}

static dnnl_status_t init_descriptor(role r, const tensors *t, bool bias,
                                     dnnl_convolution_desc_t *d) {
  const dnnl_alg_kind_t direct = dnnl_convolution_direct;
  if (r == FORWARD) {
    return dnnl_convolution_forward_desc_init(d, dnnl_forward_training, direct, &t->x, &t->w,
                                              bias ? &t->bias : NULL, &t->y, t->stride, t->before,
                                              t->after);
  }
  if (r == BACKWARD_DATA) {
    return dnnl_convolution_backward_data_desc_init(d, direct, &t->x, &t->w, &t->y, t->stride,
                                                    t->before, t->after);
  }
  return dnnl_convolution_backward_weights_desc_init(d, direct, &t->x, &t->w, NULL, &t->y,
                                                     t->stride, t->before, t->after);
}

/* ---- attributes --------------------------------------------------------------------------- */

static dnnl_status_t append_activation(dnnl_primitive_attr_t a, const op_fusion *f) {
  dnnl_post_ops_t post = NULL;
  dnnl_status_t status = dnnl_post_ops_create(&post);
  if (status != dnnl_success) return status;
  bool tanh = f->activation == OP_TANH;
  status = dnnl_post_ops_append_eltwise(post, 1.0F, tanh ? dnnl_eltwise_tanh : dnnl_eltwise_relu,
                                        tanh ? 0.0F : (float)f->slope, 0.0F);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(a, post);
  dnnl_post_ops_destroy(post);
  return status;
}

/* Scratch memory comes from the caller; activation of forward primitives. */
static dnnl_status_t make_attributes(role r, const op_fusion *f, dnnl_primitive_attr_t *a) {
  dnnl_status_t status = dnnl_primitive_attr_create(a);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*a, dnnl_scratchpad_mode_user);
  if (status != dnnl_success || r != FORWARD || f->activation == OP_LINEAR) return status;
  return append_activation(*a, f);
}

/* ---- compiling ---------------------------------------------------------------------------- */

/* t: the tensors of c's role; forward: those of the forward convolution, a hint. */
static dnnl_status_t compile_conv(onednn_conv *c, const op_site *s, const tensors *t,
                                  const tensors *forward) {
  dnnl_convolution_desc_t d;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t hint = NULL;
  dnnl_status_t status = make_attributes(c->role, &s->fusion, &attributes);
  if (status == dnnl_success && c->role != FORWARD) {
    status = init_descriptor(FORWARD, forward, false, &d);
    if (status == dnnl_success) {
      status = dnnl_primitive_desc_create(&hint, &d, NULL, c->engine, NULL);
    }
  }
  if (status == dnnl_success) status = init_descriptor(c->role, t, c->bias_fused, &d);
  if (status == dnnl_success) {
    status = dnnl_primitive_desc_create(&c->described, &d, attributes, c->engine, hint);
  }
  if (status == dnnl_success) status = dnnl_primitive_create(&c->conv, c->described);
  if (hint) dnnl_primitive_desc_destroy(hint);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return status;
}

static dnnl_status_t compile_reorder(onednn_conv *c) {
  const dnnl_memory_desc_t *from = &c->plain, *to = &c->packed;
  if (c->role == BACKWARD_WEIGHTS) {
    from = &c->packed;
    to = &c->plain;
  }
  dnnl_primitive_desc_t d = NULL;
  dnnl_status_t status =
      dnnl_reorder_primitive_desc_create(&d, from, c->engine, to, c->engine, NULL);
  if (status == dnnl_success) status = dnnl_primitive_create(&c->reorder, d);
  if (d) dnnl_primitive_desc_destroy(d);
  return status;
}

static dnnl_status_t make_memory(const onednn_conv *c, dnnl_memory_t *m,
                                 const dnnl_memory_desc_t *d) {
  return dnnl_memory_create(m, d, c->engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t make_memories(onednn_conv *c, const tensors *t,
                                   const dnnl_memory_desc_t *room) {
  dnnl_status_t status = make_memory(c, &c->x, &t->x);
  if (status == dnnl_success) status = make_memory(c, &c->y, &t->y);
  if (status == dnnl_success) status = make_memory(c, &c->w, &c->packed);
  if (status == dnnl_success) status = make_memory(c, &c->w_plain, &c->plain);
  if (status == dnnl_success) status = make_memory(c, &c->bias, &t->bias);
  if (status == dnnl_success) status = make_memory(c, &c->room, room);
  return status;
}

static role find_role(const op_site *s) {
  if (s->op == &op_conv) return FORWARD;
  return s->op == &op_conv_dx ? BACKWARD_DATA : BACKWARD_WEIGHTS;
}

/* The layouts that the compiled convolution wants of its weights and of its scratch memory. */
static dnnl_status_t find_layouts(onednn_conv *c, const dnnl_memory_desc_t **room) {
  const dnnl_query_t weights =
      c->role == BACKWARD_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
  const dnnl_memory_desc_t *packed = dnnl_primitive_desc_query_md(c->described, weights, 0);
  *room = dnnl_primitive_desc_query_md(c->described, dnnl_query_scratchpad_md, 0);
  if (!packed || !*room) return dnnl_runtime_error;
  c->packed = *packed;
  return dnnl_success;
}

static int compile(const op_site *s, bool bf16, onednn_conv *c, size_t *scratch) {
  const conv_geometry g = conv_site_geometry(s);
  const types type = {.factor = bf16 ? dnnl_bf16 : dnnl_f32,
                      .result = s->out_bf16 ? dnnl_bf16 : dnnl_f32};
  dnnl_status_t described = dnnl_success;
  const tensors t = describe_tensors(&g, c->role, type, &described);
  const tensors forward = describe_tensors(&g, FORWARD, type, &described);
  const dnnl_memory_desc_t *room = NULL;
  c->plain = describe_as(dnnl_f32, (dnnl_dims_t){g.co, g.ci, g.kh, g.kw}, 4, dnnl_hwio, &described);
  if (check(described, "these tensors") ||
      check(dnnl_engine_create(&c->engine, dnnl_cpu, 0), "an engine") ||
      check(dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags), "a stream") ||
      check(compile_conv(c, s, &t, &forward), "this convolution") ||
      check(find_layouts(c, &room), "to say its layouts") ||
      check(compile_reorder(c), "the layout of these weights") ||
      check(make_memories(c, &t, room), "memory descriptors")) {
    return 1;
  }
  c->packed_offset = memory_lines(dnnl_memory_desc_get_size(room));
  *scratch = c->packed_offset;
  if (c->role == BACKWARD_WEIGHTS) *scratch += dnnl_memory_desc_get_size(&c->packed);
  return 0;
}

int onednn_conv_new(const op_site *s, bool bf16, onednn_conv **out, size_t *scratch) {
  onednn_conv *c = memory_new(sizeof *c);
  c->role = find_role(s);
  c->bias_fused = c->role == FORWARD && s->fusion.bias;
  const int status = compile(s, bf16, c, scratch);
  if (status) {
    onednn_conv_free(c);
    c = NULL;
  }
  *out = c;
  return status;
}

static void destroy_memory(dnnl_memory_t m) {
  if (m) dnnl_memory_destroy(m);
}

void onednn_conv_free(onednn_conv *c) {
  if (!c) return;
  destroy_memory(c->x);
  destroy_memory(c->y);
  destroy_memory(c->w);
  destroy_memory(c->w_plain);
  destroy_memory(c->bias);
  destroy_memory(c->room);
  if (c->reorder) dnnl_primitive_destroy(c->reorder);
  if (c->conv) dnnl_primitive_destroy(c->conv);
  if (c->described) dnnl_primitive_desc_destroy(c->described);
  if (c->stream) dnnl_stream_destroy(c->stream);
  if (c->engine) dnnl_engine_destroy(c->engine);
  free(c);
}

/* ---- weights ------------------------------------------------------------------------------ */

size_t onednn_conv_packed_bytes(const onednn_conv *c) {
  return dnnl_memory_desc_get_size(&c->packed);
}

void onednn_conv_packed_key(const onednn_conv *c, char key[64]) {
  const dnnl_blocking_desc_t *b = &c->packed.format_desc.blocking;
  int used = snprintf(key, 64, c->packed.data_type == dnnl_bf16 ? "onednn bf16" : "onednn");
  for (int i = 0; i < 4 && used < 64; i++) {
    used += snprintf(key + used, 64 - (size_t)used, "%c%llx", i ? '.' : ' ',
                     (unsigned long long)b->strides[i]);
  }
  for (int i = 0; i < b->inner_nblks && used < 64; i++) {
    used += snprintf(key + used, 64 - (size_t)used, "%c%llx", (char)('a' + b->inner_idxs[i]),
                     (unsigned long long)b->inner_blks[i]);
  }
}

/* Tells where the numbers of m lie; oneDNN has no word for those that it only reads. */
static dnnl_status_t place(dnnl_memory_t m, const void *data) {
  return dnnl_memory_set_data_handle(m, (void *)(uintptr_t)data);
}

/* Runs to the end; not at all where `before` is no success. */
static dnnl_status_t execute(dnnl_status_t before, dnnl_primitive_t p, dnnl_stream_t stream, int n,
                             const dnnl_exec_arg_t *arg) {
  dnnl_status_t status = before;
  if (status == dnnl_success) status = dnnl_primitive_execute(p, stream, n, arg);
  if (status == dnnl_success) status = dnnl_stream_wait(stream);
  return status;
}

static dnnl_status_t reorder(const onednn_conv *c, const void *plain, const void *packed) {
  bool back = c->role == BACKWARD_WEIGHTS;
  dnnl_exec_arg_t arg[] = {{DNNL_ARG_FROM, back ? c->w : c->w_plain},
                           {DNNL_ARG_TO, back ? c->w_plain : c->w}};
  dnnl_status_t status = place(c->w_plain, plain);
  keep(&status, place(c->w, packed));
  return execute(status, c->reorder, c->stream, 2, arg);
}

int onednn_conv_pack(const onednn_conv *c, const float *w, void *packed) {
  return (int)reorder(c, w, packed);
}

/* ---- running ------------------------------------------------------------------------------ */

static dnnl_status_t run_forward(onednn_conv *c, const op_buffers *b) {
  dnnl_exec_arg_t arg[] = {{DNNL_ARG_SRC, c->x},
                           {DNNL_ARG_WEIGHTS, c->w},
                           {DNNL_ARG_DST, c->y},
                           {DNNL_ARG_SCRATCHPAD, c->room},
                           {DNNL_ARG_BIAS, c->bias}};
  dnnl_status_t status = place(c->x, b->in[0]);
  keep(&status, place(c->w, b->in[1]));
  if (c->bias_fused) keep(&status, place(c->bias, b->in[2]));
  keep(&status, place(c->y, b->out[0]));
  keep(&status, place(c->room, b->scratch));
  return execute(status, c->conv, c->stream, c->bias_fused ? 5 : 4, arg);
}

static dnnl_status_t run_backward_data(onednn_conv *c, const op_buffers *b) {
  dnnl_exec_arg_t arg[] = {{DNNL_ARG_DIFF_DST, c->y},
                           {DNNL_ARG_WEIGHTS, c->w},
                           {DNNL_ARG_DIFF_SRC, c->x},
                           {DNNL_ARG_SCRATCHPAD, c->room}};
  dnnl_status_t status = place(c->y, b->in[0]);
  keep(&status, place(c->w, b->in[1]));
  keep(&status, place(c->x, b->out[0]));
  keep(&status, place(c->room, b->scratch));
  return execute(status, c->conv, c->stream, 4, arg);
}

static dnnl_status_t run_backward_weights(onednn_conv *c, const op_buffers *b) {
  char *packed = (char *)b->scratch + c->packed_offset;
  dnnl_exec_arg_t arg[] = {{DNNL_ARG_SRC, c->x},
                           {DNNL_ARG_DIFF_DST, c->y},
                           {DNNL_ARG_DIFF_WEIGHTS, c->w},
                           {DNNL_ARG_SCRATCHPAD, c->room}};
  dnnl_status_t status = place(c->x, b->in[0]);
  keep(&status, place(c->y, b->in[1]));
  keep(&status, place(c->w, packed));
  keep(&status, place(c->room, b->scratch));
  status = execute(status, c->conv, c->stream, 4, arg);
  return status == dnnl_success ? reorder(c, b->out[0], packed) : status;
}

int onednn_conv_run(onednn_conv *c, const op_buffers *b) {
  if (c->role == FORWARD) return (int)run_forward(c, b);
  if (c->role == BACKWARD_DATA) return (int)run_backward_data(c, b);
  return (int)run_backward_weights(c, b);
}

/* ---- matrix products ----------------------------------------------------------------------- */

struct onednn_products {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_t matmul;
  dnnl_memory_t a, b, c; /* without data: run sets it */
};

static dnnl_status_t describe_planes(const onednn_products_shape *s, int64_t rows, int64_t columns,
                                     int64_t plane, bool transposed, bool bf16,
                                     dnnl_memory_desc_t *d) {
  const dnnl_dims_t dims = {s->batch, rows, columns};
  const dnnl_dims_t strides = {plane, transposed ? 1 : columns, transposed ? rows : 1};
  return dnnl_memory_desc_init_by_strides(d, 3, dims, bf16 ? dnnl_bf16 : dnnl_f32, strides);
}

static dnnl_status_t compile_products(const onednn_products_shape *s, onednn_products *p,
                                      const dnnl_memory_desc_t d[3]) {
  dnnl_matmul_desc_t matmul;
  dnnl_primitive_desc_t described = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t post = NULL;
  dnnl_status_t status = dnnl_matmul_desc_init(&matmul, &d[0], &d[1], NULL, &d[2]);
  if (status == dnnl_success) status = dnnl_primitive_attr_create(&attributes);
  if (status == dnnl_success) status = dnnl_post_ops_create(&post);
  if (status == dnnl_success && s->add) status = dnnl_post_ops_append_sum(post, 1.0F);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, post);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(&described, &matmul, attributes, p->engine, NULL);
  if (status == dnnl_success) status = dnnl_primitive_create(&p->matmul, described);
  if (post) dnnl_post_ops_destroy(post);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (described) dnnl_primitive_desc_destroy(described);
  return status;
}

static dnnl_status_t make_products(const onednn_products_shape *s, onednn_products *p) {
  dnnl_memory_desc_t d[3];
  dnnl_memory_t *memory[3] = {&p->a, &p->b, &p->c};
  dnnl_status_t status = dnnl_engine_create(&p->engine, dnnl_cpu, 0);
  if (status == dnnl_success)
    status = dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags);
  if (status == dnnl_success)
    status = describe_planes(s, s->m, s->k, s->a_plane, s->transpose_a, s->bf16, &d[0]);
  if (status == dnnl_success)
    status = describe_planes(s, s->k, s->n, s->b_plane, s->transpose_b, s->bf16, &d[1]);
  if (status == dnnl_success)
    status = describe_planes(s, s->m, s->n, s->c_plane, false, false, &d[2]);
  if (status == dnnl_success) status = compile_products(s, p, d);
  for (int i = 0; i < 3 && status == dnnl_success; i++) {
    status = dnnl_memory_create(memory[i], &d[i], p->engine, DNNL_MEMORY_NONE);
  }
  return status;
}

int onednn_products_new(const onednn_products_shape *s, onednn_products **out) {
  onednn_products *p = memory_new(sizeof *p);
  int status = check(make_products(s, p), "these matrix products");
  if (status) {
    onednn_products_free(p);
    p = NULL;
  }
  *out = p;
  return status;
}

void onednn_products_free(onednn_products *p) {
  if (!p) return;
  destroy_memory(p->a);
  destroy_memory(p->b);
  destroy_memory(p->c);
  if (p->matmul) dnnl_primitive_destroy(p->matmul);
  if (p->stream) dnnl_stream_destroy(p->stream);
  if (p->engine) dnnl_engine_destroy(p->engine);
  free(p);
}

int onednn_products_run(const onednn_products *p, const void *a, const void *b, float *c) {
  dnnl_exec_arg_t arg[] = {{DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->c}};
  dnnl_status_t status = place(p->a, a);
  keep(&status, place(p->b, b));
  keep(&status, place(p->c, c));
  return (int)execute(status, p->matmul, p->stream, 3, arg);
}

const char *tg_onednn_version(void) {
  static _Thread_local char text[48];
  const dnnl_version_t *v = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
  return text;
}

const char *tg_onednn_instructions(void) {
  static const char prefix[] = "cpu_isa_";
  const char *text = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
  return strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
}

bool tg_has_bf16(void) {
  return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) ==
         dnnl_cpu_isa_avx512_core_bf16;
}

/* ---- one matrix product -----------------------------------------------------------------------
 */

int onednn_sgemm(const onednn_gemm *g, const float *a, const float *b, float *c) {
  return (int)dnnl_sgemm(g->transpose_a ? 'T' : 'N', g->transpose_b ? 'T' : 'N', g->m, g->n, g->k,
                         1.0F, a, g->lda, b, g->ldb, g->beta, c, g->ldc);
}
