/* matmul_cpu.c: oneDNN's sgemm, then the epilogue. */
#include "epilogue.h"
#include "matmul.h"
#include "onednn.h"

static void run(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  bool ta = s->attr.i[0] != 0, tb = s->attr.i[1] != 0;
  int64_t m = s->out.d[0], n = s->out.d[3];
  int64_t k = ta ? op_rows(&s->in[0]) : s->in[0].d[3];
  onednn_sgemm(&(onednn_gemm){.transpose_a = ta,
                              .transpose_b = tb,
                              .m = m,
                              .n = n,
                              .k = k,
                              .lda = ta ? m : k,
                              .ldb = tb ? k : n,
                              .ldc = n},
               b->in[0], b->in[1], b->out[0]);
  if (op_fused(s)) epilogue_apply(s, b, b->out[0], m);
}

const op_kernel matmul_gemm = {.name = "gemm", .applies = epilogue_suffices, .run = run};
