/* conv_direct_cpu.c: oneDNN's own convolutions, for every shape but one.  The weights are packed in
 * the layout that it likes best. */
#include "conv.h"
#include "epilogue.h"
#include "onednn.h"

static int prepare(const op_site *s, void **state, size_t *scratch) {
  onednn_conv *c;
  int status = onednn_conv_new(s, false, &c, scratch);
  *state = c;
  return status;
}

static void release(void *state) { onednn_conv_free(state); }

static size_t packed_bytes(const op_site *s, const void *state) {
  (void)s;
  return onednn_conv_packed_bytes(state);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  (void)s;
  onednn_conv_packed_key(state, key);
}

static int pack(const op_site *s, const void *state, const void *w, void *packed) {
  (void)s;
  return onednn_check(onednn_conv_pack(state, w, packed));
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  (void)s;
  return onednn_check(onednn_conv_run(state, b));
}

/* With three threads or more, oneDNN 2.6 writes beyond its scratch where a 1x1 kernel has a stride.
 */
static bool suits_dw(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return g.kh * g.kw > 1 || g.stride == 1;
}

/* oneDNN's backward primitives take no epilogue. */
static int run_dx(const op_site *s, void *state, const op_buffers *b) {
  if (onednn_check(onednn_conv_run(state, b))) return 1;
  if (op_fused(s)) epilogue_apply_images(s, b);
  return 0;
}

const op_kernel conv_direct = {.name = "direct",
                               .applies = epilogue_suffices,
                               .prepare = prepare,
                               .release = release,
                               .packed_bytes = packed_bytes,
                               .packed_key = packed_key,
                               .pack = pack,
                               .run = run};

const op_kernel conv_dx_direct = {.name = "direct",
                                  .applies = epilogue_suffices,
                                  .prepare = prepare,
                                  .release = release,
                                  .packed_bytes = packed_bytes,
                                  .packed_key = packed_key,
                                  .pack = pack,
                                  .run = run_dx};

const op_kernel conv_dw_direct = {
    .name = "direct", .applies = suits_dw, .prepare = prepare, .release = release, .run = run};
