/* conv_columns_cpu.c: convolutions with few channels on one side as products of matrices.
 *
 * The side with few channels is the image [n][h][w][c], the other the positions [n][rows][cols] of
 * `depth` channels; k = kh kw c.  With the image x and the positions y:
 *   conv_dx  dx = scatter(dy W')       each product is added where its pixel came from
 *   conv_dw  dw = columns(x)' dy       columns: the k pixels under each position
 * With stride 1 the same holds with the roles of x and y exchanged and the kernel turned round, so
 * that a convolution *to* few channels is a scatter.  (The third, columns(x) W, is no faster than
 * oneDNN's direct convolution.)
 * conv_dw of a 1x1 kernel with a stride is done here too (conv_direct_cpu.c says why).
 * Measured on one core of a Zen 3 against oneDNN 2.6 at 64 and 16 channels: conv 7x7 to 3, 2.8 to
 * 3.6 times; conv_dx 7x7 from 5, 1.0 to 1.9; conv_dx 4x4 from 3, 1.3 to 1.8; conv_dw 7x7 to 3, 2 to
 * 2.9; conv_dw 7x7 from 5 to 64, 1.7; slower below 64. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "epilogue.h"
#include "memory.h"
#include "onednn.h"
#include "team.h"

enum { BLOCK_POSITIONS = 256, WIDTH = 8, FEW = 8, MANY = 64 };

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));

typedef struct columns {
  bool turned; /* the image is y, the positions are x */
  int64_t n, h, w, c;
  int64_t rows, cols, depth;
  int64_t kh, kw, stride, pad;
  int64_t k;
  int64_t wide;          /* pixels of a padded row: all that the windows reach */
  int64_t block, blocks; /* position rows at a time; blocks of an image */
  int parts;
  int64_t strip, matrix, result; /* floats of a part's rooms in the scratch */
} columns;

typedef struct rooms {
  float *strip, *matrix, *result;
} rooms;

static columns describe_plain(const conv_geometry *g) {
  return (columns){.n = g->n,
                   .h = g->h,
                   .w = g->w,
                   .c = g->ci,
                   .rows = g->ho,
                   .cols = g->wo,
                   .depth = g->co,
                   .kh = g->kh,
                   .kw = g->kw,
                   .stride = g->stride,
                   .pad = g->pad};
}

static columns describe_turned(const conv_geometry *g) {
  return (columns){.turned = true,
                   .n = g->n,
                   .h = g->ho,
                   .w = g->wo,
                   .c = g->co,
                   .rows = g->h,
                   .cols = g->w,
                   .depth = g->ci,
                   .kh = g->kh,
                   .kw = g->kw,
                   .stride = 1,
                   .pad = g->kh - 1 - g->pad};
}

static bool suits_conv(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return epilogue_suffices(s) && g.co <= FEW && g.co < g.ci && g.stride == 1 && g.kh == g.kw;
}

static bool suits_conv_dx(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return epilogue_suffices(s) && g.ci <= FEW;
}

static bool suits_conv_dw(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  bool not_direct = g.kh * g.kw == 1 && g.stride > 1;
  return suits_conv(s) || not_direct || (g.ci <= FEW && g.co >= MANY && !op_cpu_has_avx512());
}

static int64_t round_up(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

/* Rows of the padded image under `count` position rows. */
static int64_t strip_rows(const columns *d, int64_t count) {
  return (count - 1) * d->stride + d->kh;
}

static columns describe(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  bool turned = s->op != &op_conv_dx && suits_conv(s);
  columns d = turned ? describe_turned(&g) : describe_plain(&g);
  d.k = d.kh * d.kw * d.c;
  d.wide = (d.cols - 1) * d.stride + d.kw;
  d.block = BLOCK_POSITIONS > d.cols ? BLOCK_POSITIONS / d.cols : 1;
  if (d.block > d.rows) d.block = d.rows;
  d.blocks = (d.rows + d.block - 1) / d.block;
  d.parts = team_parts();
  int64_t strip = strip_rows(&d, s->op == &op_conv_dw ? d.block : d.rows);
  d.strip = round_up(strip * d.wide * d.c + WIDTH, 16);
  d.matrix = round_up(d.block * d.cols * d.k + WIDTH, 16);
  d.result = s->op == &op_conv_dw ? round_up(d.k * d.depth, 16) : 0;
  return d;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  columns *d = memory_new(sizeof *d);
  *d = describe(s);
  *scratch = (size_t)(d->parts * (d->strip + d->matrix + d->result)) * sizeof(float);
  *state = d;
  return 0;
}

static rooms rooms_of(const columns *d, void *scratch, int part) {
  rooms p = {.strip = (float *)scratch + part * (d->strip + d->matrix + d->result)};
  p.matrix = p.strip + d->strip;
  p.result = p.matrix + d->matrix;
  return p;
}

/* ---- weights: [k][depth] ------------------------------------------------------------------ */

static size_t packed_bytes(const op_site *s, const void *state) {
  const columns *d = state;
  (void)s;
  return (size_t)(d->k * d->depth) * sizeof(float);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  const columns *d = state;
  (void)s;
  snprintf(key, 64, d->turned ? "columns turned" : "columns");
}

/* wf[kh-1-u][kw-1-v][o][c] = w[u][v][c][o], for inner sizes as stored. */
static void turn(int64_t taps, int64_t inner, int64_t outer, const float *w, float *wf) {
  for (int64_t t = 0; t < taps; t++) {
    const float *from = w + t * inner * outer;
    float *to = wf + (taps - 1 - t) * inner * outer;
    for (int64_t a = 0; a < inner; a++) {
      for (int64_t b = 0; b < outer; b++) to[b * inner + a] = from[a * outer + b];
    }
  }
}

static int pack(const op_site *s, const void *state, const void *w, void *packed) {
  const columns *d = state;
  if (d->turned)
    turn(d->kh * d->kw, d->depth, d->c, w, packed);
  else
    memcpy(packed, w, packed_bytes(s, state));
  return 0;
}

/* ---- gathering ---------------------------------------------------------------------------- */

static int64_t at_least(int64_t x, int64_t low) { return x > low ? x : low; }
static int64_t at_most(int64_t x, int64_t high) { return x < high ? x : high; }

/* The padded rows under position rows first .. first + count - 1 of one image. */
static void fill_strip(const columns *d, const float *image, int64_t first, int64_t count,
                       float *strip) {
  int64_t rows = strip_rows(d, count), width = d->wide * d->c;
  int64_t low = at_least(d->pad, 0), high = at_least(at_most(d->w + d->pad, d->wide), low);
  for (int64_t i = 0; i < rows; i++, strip += width) {
    int64_t row = first * d->stride + i - d->pad;
    if (row < 0 || row >= d->h) {
      memset(strip, 0, (size_t)width * sizeof *strip);
      continue;
    }
    memset(strip, 0, (size_t)(low * d->c) * sizeof *strip);
    memcpy(strip + low * d->c, image + (row * d->w + low - d->pad) * d->c,
           (size_t)((high - low) * d->c) * sizeof *strip);
    memset(strip + high * d->c, 0, (size_t)((d->wide - high) * d->c) * sizeof *strip);
  }
}

/* The matrix of a strip, [count cols][k].  A window's row is contiguous; copies run over its end,
 * to be overwritten by the next. */
CLONES static void fill_matrix(const columns *d, const float *strip, int64_t count, float *to) {
  int64_t piece = d->kw * d->c;
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < d->cols; j++) {
      for (int64_t u = 0; u < d->kh; u++, to += piece) {
        const float *from = strip + ((i * d->stride + u) * d->wide + j * d->stride) * d->c;
        for (int64_t e = 0; e < piece; e += WIDTH) {
          *(vector *)(to + e) = *(const vector *)(from + e);
        }
      }
    }
  }
}

/* The matrix of block `item` of the whole batch; returns its positions and the first one. */
static int64_t gather(const columns *d, const float *image, int64_t item, const rooms *p,
                      int64_t *position) {
  int64_t n = item / d->blocks, first = item % d->blocks * d->block;
  int64_t count = at_most(d->block, d->rows - first);
  fill_strip(d, image + n * d->h * d->w * d->c, first, count, p->strip);
  fill_matrix(d, p->strip, count, p->matrix);
  *position = (n * d->rows + first) * d->cols;
  return count * d->cols;
}

/* ---- scattering --------------------------------------------------------------------------- */

/* Adds products [kh kw c][count][cols] of position rows from `first` on to the padded planes
 * [c][strip_rows][wide].  Positions are contiguous: the channel is the outermost index here. */
CLONES static void add_products(const columns *d, const float *product, int64_t first,
                                int64_t count, float *plane) {
  int64_t size = strip_rows(d, d->rows) * d->wide;
  for (int64_t e = 0; e < d->k; e++) {
    int64_t u = e / d->c / d->kw, v = e / d->c % d->kw;
    for (int64_t i = 0; i < count; i++, product += d->cols) {
      float *to = plane + e % d->c * size + ((first + i) * d->stride + u) * d->wide + v;
      if (d->stride == 1) {
        for (int64_t j = 0; j < d->cols; j++) to[j] += product[j];
      } else {
        for (int64_t j = 0; j < d->cols; j++) to[j * d->stride] += product[j];
      }
    }
  }
}

/* The image from its padded planes; pixels that no window reaches are 0. */
static void crop(const columns *d, const float *plane, float *image) {
  int64_t high = strip_rows(d, d->rows), size = high * d->wide;
  for (int64_t i = 0; i < d->h; i++) {
    for (int64_t j = 0; j < d->w; j++) {
      int64_t row = i + d->pad, column = j + d->pad;
      bool reached = row >= 0 && row < high && column >= 0 && column < d->wide;
      for (int64_t c = 0; c < d->c; c++) {
        *image++ = reached ? plane[c * size + row * d->wide + column] : 0;
      }
    }
  }
}

static int scatter_image(const columns *d, const float *in, const float *w, const rooms *p) {
  memset(p->strip, 0, (size_t)d->strip * sizeof(float));
  for (int64_t first = 0; first < d->rows; first += d->block) {
    int64_t count = at_most(d->block, d->rows - first), positions = count * d->cols;
    onednn_gemm product = {.transpose_b = true,
                           .m = d->k,
                           .n = positions,
                           .k = d->depth,
                           .lda = d->depth,
                           .ldb = d->depth,
                           .ldc = positions};
    int status = onednn_sgemm(&product, w, in + first * d->cols * d->depth, p->matrix);
    if (status) return status;
    add_products(d, p->matrix, first, count, p->strip);
  }
  return 0;
}

static int scatter_images(const op_site *s, const columns *d, const op_buffers *b, int part) {
  const team_share images = team_share_of(d->n, d->parts, part);
  const rooms p = rooms_of(d, b->scratch, part);
  int status = 0;
  for (int64_t n = images.first; n < images.end && !status; n++) {
    const float *in = (const float *)b->in[0] + n * d->rows * d->cols * d->depth;
    float *image = (float *)b->out[0] + n * d->h * d->w * d->c;
    status = scatter_image(d, in, b->in[1], &p);
    crop(d, p.strip, image);
    epilogue_apply(s, b, image, d->h * d->w);
  }
  return status;
}

static int run_scatter(const op_site *s, void *state, const op_buffers *b) {
  const columns *d = state;
  int status = 0;
#pragma omp parallel for schedule(static) num_threads(d->parts) reduction(max : status)
  for (int part = 0; part < d->parts; part++) {
    const int failed = scatter_images(s, d, b, part);
    if (failed > status) status = failed;
  }
  return onednn_check(status);
}

/* ---- by the weights ----------------------------------------------------------------------- */

/* The sum of the parts' results, in their order, into the first's. */
static void add_results(const columns *d, void *scratch) {
  float *sum = rooms_of(d, scratch, 0).result;
  for (int part = 1; part < d->parts; part++) {
    const float *result = rooms_of(d, scratch, part).result;
    for (int64_t i = 0; i < d->k * d->depth; i++) sum[i] += result[i];
  }
}

/* Adds up the products of a part's blocks. */
static int sum_products(const columns *d, const float *image, const float *in, int part,
                        const rooms *p) {
  const team_share items = team_share_of(d->n * d->blocks, d->parts, part);
  onednn_gemm product = {.transpose_a = true,
                         .m = d->k,
                         .n = d->depth,
                         .lda = d->k,
                         .ldb = d->depth,
                         .ldc = d->depth,
                         .beta = 1};
  int status = 0;
  memset(p->result, 0, (size_t)d->result * sizeof(float));
  for (int64_t item = items.first; item < items.end && !status; item++) {
    int64_t position;
    product.k = gather(d, image, item, p, &position);
    status = onednn_sgemm(&product, p->matrix, in + position * d->depth, p->result);
  }
  return status;
}

static int run_outer(const op_site *s, void *state, const op_buffers *b) {
  const columns *d = state;
  const float *image = b->in[d->turned ? 1 : 0], *in = b->in[d->turned ? 0 : 1];
  int status = 0;
  (void)s;
#pragma omp parallel for schedule(static) num_threads(d->parts) reduction(max : status)
  for (int part = 0; part < d->parts; part++) {
    const rooms p = rooms_of(d, b->scratch, part);
    const int failed = sum_products(d, image, in, part, &p);
    if (failed > status) status = failed;
  }
  if (onednn_check(status)) return 1;
  add_results(d, b->scratch);
  const float *sum = rooms_of(d, b->scratch, 0).result;
  if (d->turned)
    turn(d->kh * d->kw, d->c, d->depth, sum, b->out[0]);
  else
    memcpy(b->out[0], sum, (size_t)(d->k * d->depth) * sizeof *sum);
  return 0;
}

const op_kernel conv_columns = {.name = "columns",
                                .applies = suits_conv,
                                .prepare = prepare,
                                .release = free,
                                .packed_bytes = packed_bytes,
                                .packed_key = packed_key,
                                .pack = pack,
                                .run = run_scatter};

const op_kernel conv_dx_columns = {.name = "columns",
                                   .applies = suits_conv_dx,
                                   .prepare = prepare,
                                   .release = free,
                                   .packed_bytes = packed_bytes,
                                   .packed_key = packed_key,
                                   .pack = pack,
                                   .run = run_scatter};

const op_kernel conv_dw_columns = {.name = "columns",
                                   .applies = suits_conv_dw,
                                   .prepare = prepare,
                                   .release = free,
                                   .run = run_outer};
