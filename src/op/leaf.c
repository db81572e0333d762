/* leaf.c: values that come from outside: input, param, constant (attr.f[0]); and uniform noise. */
#include "op.h"
#include "random.h"

static bool shape_given(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  for (int i = 0; i < 4; i++) {
    if (out->d[i] >= 1) continue;
    const char *name = s->attr.name ? s->attr.name : "";
    return op_refuse(why, size, "dimension %c of '%s' is %lld, it must be at least 1", "nhwc"[i],
                     name, (long long)out -> d[i]);
  }
  return true;
}

const op op_input = {.name = "input", .flags = OP_LEAF, .shape = shape_given};
const op op_param = {.name = "param", .flags = OP_LEAF, .shape = shape_given};
const op op_constant = {.name = "constant", .flags = OP_LEAF, .shape = shape_given};

static void define_uniform(const op_site *s, const op_buffers *b) {
  double *y = b->out[0];
  uint64_t stream = random_stream(s->attr.name), count = (uint64_t)tg_count(s->out);
  for (uint64_t i = 0; i < count; i++) {
    y[i] = (double)random_uniform(b->seed, stream, b->step, i);
  }
}

static int run_uniform(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  enum { PIECE = 1 << 12 };
  float *y = b->out[0];
  uint64_t stream = random_stream(s->attr.name);
  int64_t count = tg_count(s->out);
#pragma omp parallel for schedule(static) if (count > 4 * PIECE)
  for (int64_t first = 0; first < count; first += PIECE) {
    int64_t n = count - first < PIECE ? count - first : PIECE;
    random_uniforms(b->seed, stream, b->step, (uint64_t)first, n, y + first);
  }
  return 0;
}

static const op_kernel uniform_words = {.name = "words", .run = run_uniform};

const op op_uniform = {.name = "uniform",
                       .shape = shape_given,
                       .reference = define_uniform,
                       .cpu = (const op_kernel *const[]){&uniform_words, NULL}};

tg_value tg_uniform(tg_graph *g, const char *stream, tg_shape s) {
  return op_node(g, &op_uniform, 0, NULL, &(op_attr){.name = stream, .shape = s});
}
