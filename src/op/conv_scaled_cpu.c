/* conv_scaled_cpu.c: 1x1 convolutions of leaky(x scale + shift), an inference norm and its
 * activation: a block of pixels at a time is mapped into a core's own cache and multiplied there by
 * oneDNN, so that the mapped image never goes to memory.  x may be some channels of a wider tensor.
 * Measured on two cores of a Zen 5, DenseNet-121 at 224x224 as a whole: 32 images 1.2 times as
 * fast, one 1.05. */
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "memory.h"
#include "onednn.h"
#include "team.h"

enum { CACHE_FLOATS = 1 << 16 };

typedef struct scaled {
  int parts;
  onednn_conv **conv;           /* [parts] of a block: they hold their operands' places */
  int64_t rows, block;          /* pixels in all and of a block, the last of which may be smaller */
  size_t room, mapped, results; /* bytes of a part's scratch: oneDNN's, the block, its result */
} scaled;

static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return s->fusion.scaled && !s->fusion.residual && g.kh * g.kw == 1 && g.stride == 1 && g.pad == 0;
}

/* Blocks that fit the cache, equally many for each part. */
static int64_t block_rows(int64_t rows, int64_t channels, int parts) {
  int64_t most = CACHE_FLOATS / channels > 0 ? CACHE_FLOATS / channels : 1;
  int64_t blocks = op_divide_up(op_divide_up(rows, most), parts) * parts;
  return op_divide_up(rows, blocks);
}

/* The convolution of a block by one thread. */
static op_site describe_block(const op_site *s, int64_t block) {
  op_site t = *s;
  t.n = s->fusion.bias ? 3 : 2;
  t.in[0] = tg_shape4(1, 1, block, s->in[0].d[3]);
  t.out = tg_shape4(1, 1, block, s->out.d[3]);
  t.fusion.scaled = false;
  return t;
}

static void release(void *state) {
  scaled *f = state;
  for (int i = 0; f && f->conv && i < f->parts; i++) onednn_conv_free(f->conv[i]);
  if (f) free(f->conv);
  free(f);
}

static int make_convs(const op_site *s, scaled *f) {
  op_site block = describe_block(s, f->block);
  team_settings before;
  int status = team_enter(1, &before);
  if (status) return status;
  for (int i = 0; i < f->parts && !status; i++)
    status = onednn_conv_new(&block, false, &f->conv[i], &f->room);
  team_leave(&before);
  return status;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  scaled *f = memory_new(sizeof *f);
  f->parts = team_parts();
  f->conv = memory_new((size_t)f->parts * sizeof *f->conv);
  f->rows = op_rows(&s->in[0]);
  f->block = block_rows(f->rows, s->in[0].d[3], f->parts);
  f->mapped = memory_lines((size_t)(f->block * s->in[0].d[3]) * sizeof(float));
  f->results = memory_lines((size_t)(f->block * s->out.d[3]) * sizeof(float));
  if (make_convs(s, f)) {
    release(f);
    return 1;
  }
  f->room = memory_lines(f->room);
  *scratch = (size_t)f->parts * (f->room + f->mapped + f->results);
  *state = f;
  return 0;
}

static size_t packed_bytes(const op_site *s, const void *state) {
  (void)s;
  return onednn_conv_packed_bytes(((const scaled *)state)->conv[0]);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  (void)s;
  onednn_conv_packed_key(((const scaled *)state)->conv[0], key);
}

static int pack(const op_site *s, const void *state, const void *w, void *packed) {
  (void)s;
  return onednn_check(onednn_conv_pack(((const scaled *)state)->conv[0], w, packed));
}

CLONES static void map_rows(const float *x, int64_t row, int64_t rows, int64_t channels,
                            const float *scale, const float *shift, float slope, float *y) {
  for (int64_t i = 0; i < rows; i++, x += row, y += channels) {
#pragma omp simd
    for (int64_t k = 0; k < channels; k++) {
      float t = x[k] * scale[k] + shift[k];
      y[k] = t > 0 ? t : slope * t;
    }
  }
}

/* Rows of the last block that are not there are multiplied as zeros and left out of the result. */
static int run_block(const op_site *s, const scaled *f, const op_buffers *b, int part,
                     int64_t first) {
  int64_t rows = f->rows - first < f->block ? f->rows - first : f->block;
  int64_t ci = s->in[0].d[3], co = s->out.d[3], row = op_in_row(s, 0);
  int scale = s->fusion.bias ? 3 : 2;
  char *room = (char *)b->scratch + (size_t)part * (f->room + f->mapped + f->results);
  float *mapped = (float *)(void *)(room + f->room);
  float *results = (float *)(void *)(room + f->room + f->mapped);
  float *y = (float *)b->out[0] + first * co;
  map_rows((const float *)b->in[0] + first * row, row, rows, ci, b->in[scale], b->in[scale + 1],
           (float)s->fusion.input_slope, mapped);
  memset(mapped + rows * ci, 0, (size_t)((f->block - rows) * ci) * sizeof *mapped);
  op_buffers block = {.in = {mapped, b->in[1], b->in[2]}, .scratch = room};
  block.out[0] = rows < f->block ? results : y;
  int status = onednn_conv_run(f->conv[part], &block);
  if (rows < f->block) memcpy(y, results, (size_t)(rows * co) * sizeof *y);
  return status;
}

static int run_blocks(const op_site *s, const scaled *f, const op_buffers *b, int part) {
  const team_share blocks = team_share_of(op_divide_up(f->rows, f->block), f->parts, part);
  int status = 0;
  for (int64_t i = blocks.first; i < blocks.end && !status; i++)
    status = run_block(s, f, b, part, i * f->block);
  return status;
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  const scaled *f = state;
  int status = 0;
#pragma omp parallel for schedule(static) num_threads(f->parts) reduction(max : status)
  for (int part = 0; part < f->parts; part++) {
    const int failed = run_blocks(s, f, b, part);
    if (failed > status) status = failed;
  }
  return onednn_check(status);
}

const op_kernel conv_scaled = {.name = "scaled",
                               .applies = suits,
                               .prepare = prepare,
                               .release = release,
                               .packed_bytes = packed_bytes,
                               .packed_key = packed_key,
                               .pack = pack,
                               .run = run};
