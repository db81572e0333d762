/* conv_product_cpu.c: gradients by the weights of 1x1 convolutions as what they are, one matrix
 * product x' dy over all pixels.
 * Measured on two cores of a Zen 5 against oneDNN 2.6's convolution, 16 images, to 128 channels:
 * 56x56 from 96 to 224 channels 1.8 to 2.1 times as fast, 28x28 1.1 to 1.6, 14x14 0.9 to 1.1. */
#include "conv.h"
#include "onednn.h"

static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return g.kh * g.kw == 1 && g.stride == 1 && g.pad == 0;
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  int64_t ci = s->in[0].d[3], co = s->in[1].d[3];
  (void)state;
  const onednn_gemm product = {.transpose_a = true,
                               .m = ci,
                               .n = co,
                               .k = op_rows(&s->in[0]),
                               .lda = ci,
                               .ldb = co,
                               .ldc = co};
  return onednn_check(onednn_sgemm(&product, b->in[0], b->in[1], b->out[0]));
}

const op_kernel conv_dw_product = {.name = "product", .applies = suits, .run = run};
