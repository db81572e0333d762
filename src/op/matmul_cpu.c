/* matmul_cpu.c: oneDNN's matrix product, then the epilogue. */
#include "epilogue.h"
#include "matmul.h"
#include "onednn.h"

static int prepare(const op_site *s, void **state, size_t *scratch) {
  onednn_products_shape p = {.transpose_a = s->attr.i[0] != 0,
                             .transpose_b = s->attr.i[1] != 0,
                             .batch = 1,
                             .m = s->out.d[0],
                             .n = s->out.d[3]};
  p.k = p.transpose_a ? op_rows(&s->in[0]) : s->in[0].d[3];
  p.a_plane = p.m * p.k;
  p.b_plane = p.k * p.n;
  p.c_plane = p.m * p.n;
  onednn_products *products;
  int status = onednn_products_new(&p, &products);
  *state = products;
  *scratch = 0;
  return status;
}

static void release(void *state) { onednn_products_free(state); }

static int run(const op_site *s, void *state, const op_buffers *b) {
  if (onednn_check(onednn_products_run(state, b->in[0], b->in[1], b->out[0]))) return 1;
  if (op_fused(s)) epilogue_apply(s, b, b->out[0], s->out.d[0]);
  return 0;
}

const op_kernel matmul_gemm = {.name = "gemm",
                               .applies = epilogue_suffices,
                               .prepare = prepare,
                               .release = release,
                               .run = run};
