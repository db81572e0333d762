/* conv_direct_bf16_cpu.c: oneDNN's own convolutions with operands rounded to bfloat16 and sums in
 * float, for sites that allow it, on processors with instructions for it.
 * Measured on two cores of a Zen 4, rounding included, against the same in float: 7x7 from 5
 * channels 1.6 to 1.7 times as fast, 4x4 of stride 2 with 16 to 32 channels 1.7 to 1.9 (conv_dw no
 * faster), LeNet's 5x5 convolutions 1.3 to 1.8. */
#include <stdlib.h>

#include "bf16.h"
#include "conv.h"
#include "epilogue.h"
#include "memory.h"
#include "onednn.h"

typedef struct rounded {
  onednn_conv *conv;
  size_t room; /* bytes of scratch before the rounded operands */
} rounded;

/* Where oneDNN 2.6 gives other numbers than the definition. */
static bool is_wrong(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  bool one_tap = g.kh * g.kw == 1;
  if (s->op == &op_conv_dx) return one_tap && g.co % 2 == 1;
  return s->op == &op_conv_dw && (g.w == 1 || (one_tap && g.stride > 1));
}

static bool suits(const op_site *s) {
  return s->bf16 && tg_has_bf16() && epilogue_suffices(s) && !is_wrong(s);
}

static void release(void *state) {
  rounded *r = state;
  if (r) onednn_conv_free(r->conv);
  free(r);
}

static size_t rounded_bytes(const op_site *s, int i) {
  return memory_lines((size_t)tg_count(s->in[i]) * sizeof(uint16_t));
}

/* Operands that are not packed. */
static int images(const op_site *s) { return s->op == &op_conv_dw ? 2 : 1; }

static int prepare(const op_site *s, void **state, size_t *scratch) {
  rounded *r = memory_new(sizeof *r);
  if (onednn_conv_new(s, true, &r->conv, &r->room)) {
    release(r);
    return 1;
  }
  *state = r;
  r->room = memory_lines(r->room);
  *scratch = r->room;
  for (int i = 0; i < images(s); i++) *scratch += s->in_bf16[i] ? 0 : rounded_bytes(s, i);
  return 0;
}

static size_t packed_bytes(const op_site *s, const void *state) {
  (void)s;
  return onednn_conv_packed_bytes(((const rounded *)state)->conv);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  (void)s;
  onednn_conv_packed_key(((const rounded *)state)->conv, key);
}

static int pack(const op_site *s, const void *state, const void *w, void *packed) {
  (void)s;
  return onednn_check(onednn_conv_pack(((const rounded *)state)->conv, w, packed));
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  const rounded *r = state;
  op_buffers narrow = *b;
  char *to = (char *)b->scratch + r->room;
  for (int i = 0; i < images(s); i++) {
    if (s->in_bf16[i]) continue;
    bf16_round(tg_count(s->in[i]), b->in[i], (uint16_t *)(void *)to);
    narrow.in[i] = to;
    to += rounded_bytes(s, i);
  }
  if (onednn_check(onednn_conv_run(r->conv, &narrow))) return 1;
  if (s->op == &op_conv_dx && op_fused(s)) epilogue_apply_images(s, b);
  return 0;
}

/* An epilogue after conv_dx works on floats. */
static bool takes_bf16(const op_site *s, int i) {
  if (i >= 0) return i < images(s);
  return s->op == &op_conv || (s->op == &op_conv_dx && !op_fused(s));
}

static void cost(const op_site *s, op_cost *c) {
  (void)s;
  c->bf16 = true;
}

const op_kernel conv_direct_bf16 = {.name = "direct-bf16",
                                    .applies = suits,
                                    .prepare = prepare,
                                    .release = release,
                                    .packed_bytes = packed_bytes,
                                    .packed_key = packed_key,
                                    .pack = pack,
                                    .run = run,
                                    .cost = cost,
                                    .takes_bf16 = takes_bf16};

const op_kernel conv_dw_direct_bf16 = {.name = "direct-bf16",
                                       .applies = suits,
                                       .prepare = prepare,
                                       .release = release,
                                       .run = run,
                                       .cost = cost,
                                       .takes_bf16 = takes_bf16};
