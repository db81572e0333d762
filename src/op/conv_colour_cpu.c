/* conv_colour_cpu.c: convolutions of stride 1 from 3 to 20 channels by windows 5 wide, LeNet's
 * first: a row of a window, 15 numbers, fits a vector.  Sums stay in registers:
 * - conv: vectors of 16 output channels for the pixels of a block; the 4 channels that are left
 *   share a vector with 4 neighbouring numbers of a window's row, whose sums are added at the end;
 * - conv_dw: vectors of a window's row, one for each output channel.
 * For processors with AVX-512.  Measured on two cores of a Zen 5 (bench/bench_conv.c), 128 images
 * of 32x32: 1.45 and 1.55 times as fast as oneDNN 2.6's direct convolutions, 1.1 times as fast as
 * its bfloat16 ones. */
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "epilogue.h"
#include "memory.h"
#include "team.h"

enum { WIDTH = 16, REST = 4, CHANNELS = WIDTH + REST, CI = 3, PIECE = 5 * CI, PIXELS = 14 };
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef float four __attribute__((vector_size(REST * sizeof(float)), aligned(4), may_alias));

typedef struct colour {
  conv_geometry g;
  int parts;
  int64_t row;         /* in a row of the padded image */
  int64_t image, room; /* floats of a padded image, and of a part's scratch */
} colour;

static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return op_cpu_has_avx512() && epilogue_suffices(s) && g.stride == 1 && g.ci == CI &&
         g.kw * g.ci == PIECE && g.co == CHANNELS && g.wo >= PIXELS;
}

static int64_t results(const colour *d) { return d->g.kh * CHANNELS * WIDTH; }

static int prepare(const op_site *s, void **state, size_t *scratch) {
  colour *d = memory_new(sizeof *d);
  conv_geometry g = conv_site_geometry(s);
  *d = (colour){.g = g, .parts = team_parts()};
  d->row = (g.w + 2 * g.pad) * g.ci;
  d->image = (d->row * (g.h + 2 * g.pad) + 3 * WIDTH) / WIDTH * WIDTH;
  d->room = d->image + (s->op == &op_conv_dw ? results(d) : 0);
  *scratch = (size_t)(d->parts * d->room) * sizeof(float);
  *state = d;
  return 0;
}

/* The image with its padding; vectors may run over its end. */
static void pad_image(const colour *d, const float *x, float *padded) {
  const conv_geometry *g = &d->g;
  int64_t width = g->w * g->ci;
  memset(padded, 0, (size_t)d->image * sizeof *padded);
  for (int64_t i = 0; i < g->h; i++) {
    memcpy(padded + (i + g->pad) * d->row + g->pad * g->ci, x + i * width,
           (size_t)width * sizeof *x);
  }
}

/* ---- weights: for each row of the window [WIDTH][WIDTH], then [WIDTH / 4][4][REST]
 * --------------- */

enum { ROW_WEIGHTS = WIDTH * CHANNELS };

static size_t packed_bytes(const op_site *s, const void *state) {
  (void)s;
  return (size_t)(((const colour *)state)->g.kh * ROW_WEIGHTS) * sizeof(float);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  (void)s;
  (void)state;
  strcpy(key, "colour");
}

static int pack(const op_site *s, const void *state, const void *weights, void *packed) {
  const colour *d = state;
  const float *w = weights;
  float *to = packed;
  memset(packed, 0, packed_bytes(s, state));
  for (int64_t u = 0; u < d->g.kh; u++, to += ROW_WEIGHTS) {
    for (int64_t k = 0; k < PIECE; k++, w += CHANNELS) {
      memcpy(to + k * WIDTH, w, WIDTH * sizeof *w);
      memcpy(to + WIDTH * WIDTH + k * REST, w + WIDTH, REST * sizeof *w);
    }
  }
  return 0;
}

/* ---- forward ------------------------------------------------------------------------------ */

INLINE vector load(const float *x) { return *(const vector *)x; }

/* Each of 4 numbers 4 times. */
INLINE vector spread(const float *x) {
  vector v = load(x);
  return __builtin_shufflevector(v, v, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

/* The sums of lanes 4 apart. */
INLINE four fold(vector v) {
  four a = __builtin_shufflevector(v, v, 0, 1, 2, 3), b = __builtin_shufflevector(v, v, 4, 5, 6, 7);
  four c = __builtin_shufflevector(v, v, 8, 9, 10, 11);
  four d = __builtin_shufflevector(v, v, 12, 13, 14, 15);
  return (a + b) + (c + d);
}

/* PIXELS neighbouring outputs from x, the first one's window: the first 16 channels. */
INLINE void convolve_first(const colour *d, const float *x, const float *w, const float *bias,
                           float *y) {
  vector sum[PIXELS];
#pragma GCC unroll 14
  for (int p = 0; p < PIXELS; p++) sum[p] = load(bias);
  for (int64_t u = 0; u < d->g.kh; u++, x += d->row, w += ROW_WEIGHTS) {
#pragma GCC unroll 1
    for (int64_t k = 0; k < PIECE; k++) {
      vector row = load(w + k * WIDTH);
#pragma GCC unroll 14
      for (int p = 0; p < PIXELS; p++) sum[p] += x[p * CI + k] * row;
    }
  }
#pragma GCC unroll 14
  for (int p = 0; p < PIXELS; p++) *(vector *)(y + p * CHANNELS) = sum[p];
}

/* The other 4. */
INLINE void convolve_rest(const colour *d, const float *x, const float *w, const float *bias,
                          float *y) {
  vector sum[PIXELS];
#pragma GCC unroll 14
  for (int p = 0; p < PIXELS; p++) sum[p] = (vector){0};
  for (int64_t u = 0; u < d->g.kh; u++, x += d->row, w += ROW_WEIGHTS) {
#pragma GCC unroll 1
    for (int64_t k = 0; k < WIDTH; k += 4) {
      vector row = load(w + WIDTH * WIDTH + k * REST);
#pragma GCC unroll 14
      for (int p = 0; p < PIXELS; p++) sum[p] += spread(x + p * CI + k) * row;
    }
  }
#pragma GCC unroll 14
  for (int p = 0; p < PIXELS; p++) {
    *(four *)(y + p * CHANNELS + WIDTH) = fold(sum[p]) + *(const four *)(bias + WIDTH);
  }
}

/* The last block of a row ends with it and may overlap the one before. */
CLONES static void convolve_image(const colour *d, const float *x, const float *w,
                                  const float *bias, float *y) {
  for (int64_t i = 0; i < d->g.ho; i++) {
    for (int64_t next = 0; next < d->g.wo; next += PIXELS) {
      int64_t j = next + PIXELS <= d->g.wo ? next : d->g.wo - PIXELS;
      const float *window = x + i * d->row + j * CI;
      float *pixel = y + (i * d->g.wo + j) * CHANNELS;
      convolve_first(d, window, w, bias, pixel);
      convolve_rest(d, window, w, bias, pixel);
    }
  }
}

static int run_conv(const op_site *s, void *state, const op_buffers *b) {
  static const float none[CHANNELS];
  const colour *d = state;
  const conv_geometry *g = &d->g;
  const float *bias = s->fusion.bias ? b->in[2] : none;
  op_site unbiased = *s;
  unbiased.fusion.bias = false;
#pragma omp parallel for schedule(static) num_threads(d->parts)
  for (int part = 0; part < d->parts; part++) {
    const team_share images = team_share_of(g->n, d->parts, part);
    float *x = (float *)b->scratch + part * d->room;
    for (int64_t n = images.first; n < images.end; n++) {
      float *y = (float *)b->out[0] + n * g->ho * g->wo * CHANNELS;
      pad_image(d, (const float *)b->in[0] + n * g->h * g->w * g->ci, x);
      convolve_image(d, x, b->in[1], bias, y);
      epilogue_apply(&unbiased, b, y, g->ho * g->wo);
    }
  }
  return 0;
}

/* ---- by the weights: sums [kh][CHANNELS][WIDTH] -----------------------------------------------
 */

/* Adds one image's share of row u of the weights. */
INLINE void correlate_row(const colour *d, const float *x, const float *dy, float *result) {
  vector sum[CHANNELS / REST][REST];
#pragma GCC unroll 5
  for (int o = 0; o < CHANNELS / REST; o++) {
#pragma GCC unroll 4
    for (int r = 0; r < REST; r++) sum[o][r] = (vector){0};
  }
  for (int64_t i = 0; i < d->g.ho; i++, x += d->row) {
    for (int64_t j = 0; j < d->g.wo; j++, dy += CHANNELS) {
      vector row = load(x + j * CI);
#pragma GCC unroll 5
      for (int o = 0; o < CHANNELS / REST; o++) {
#pragma GCC unroll 4
        for (int r = 0; r < REST; r++) sum[o][r] += dy[o * REST + r] * row;
      }
    }
  }
#pragma GCC unroll 5
  for (int o = 0; o < CHANNELS / REST; o++) {
#pragma GCC unroll 4
    for (int r = 0; r < REST; r++) *(vector *)(result + (o * REST + r) * WIDTH) += sum[o][r];
  }
}

CLONES static void correlate_image(const colour *d, const float *x, const float *dy,
                                   float *result) {
  for (int64_t u = 0; u < d->g.kh; u++) {
    correlate_row(d, x + u * d->row, dy, result + u * CHANNELS * WIDTH);
  }
}

/* The parts' results, added in their order, to weights. */
static void add_results(const colour *d, const float *result, float *dw) {
  for (int64_t u = 0; u < d->g.kh; u++, result += CHANNELS * WIDTH) {
    for (int64_t k = 0; k < PIECE; k++) {
      for (int64_t o = 0; o < CHANNELS; o++) {
        float sum = result[o * WIDTH + k];
        for (int part = 1; part < d->parts; part++) sum += result[part * d->room + o * WIDTH + k];
        *dw++ = sum;
      }
    }
  }
}

static int run_conv_dw(const op_site *s, void *state, const op_buffers *b) {
  const colour *d = state;
  const conv_geometry *g = &d->g;
  (void)s;
#pragma omp parallel for schedule(static) num_threads(d->parts)
  for (int part = 0; part < d->parts; part++) {
    const team_share images = team_share_of(g->n, d->parts, part);
    float *x = (float *)b->scratch + part * d->room, *result = x + d->image;
    memset(result, 0, (size_t)results(d) * sizeof *result);
    for (int64_t n = images.first; n < images.end; n++) {
      pad_image(d, (const float *)b->in[0] + n * g->h * g->w * g->ci, x);
      correlate_image(d, x, (const float *)b->in[1] + n * g->ho * g->wo * CHANNELS, result);
    }
  }
  add_results(d, (const float *)b->scratch + d->image, b->out[0]);
  return 0;
}

const op_kernel conv_colour = {.name = "colour",
                               .applies = suits,
                               .prepare = prepare,
                               .release = free,
                               .packed_bytes = packed_bytes,
                               .packed_key = packed_key,
                               .pack = pack,
                               .run = run_conv};

const op_kernel conv_dw_colour = {
    .name = "colour", .applies = suits, .prepare = prepare, .release = free, .run = run_conv_dw};
