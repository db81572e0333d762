/* norm_cpu.c: float kernels of normalisation.  The work is cut into one image and up to 64
 * channels, and reductions are made in pieces of 64 pixels that stay in the L1 cache: float inside
 * a piece, double across.  A channel's result depends neither on the cut nor on the number of
 * threads. */
#include "norm.h"

#include <math.h>
#include <omp.h>

enum { CHANNELS = 64, PIXELS = 64 };

/* The part of a tensor [n][pixels][stride] that one call works on. */
typedef struct norm_block {
  int64_t pixels, stride, channels; /* channels <= CHANNELS */
  int64_t at;                       /* of the first element in an image tensor */
  int64_t pair;                     /* of the first channel in a [n][2 stride] tensor */
  int64_t channel;                  /* of the first channel in a [stride] tensor */
} norm_block;

typedef void block_function(const norm_block *k, const op_site *s, const op_buffers *b);

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void over_blocks(const op_site *s, const op_buffers *b, block_function *run) {
  const tg_shape *x = &s->in[0];
  int64_t pixels = x->d[1] * x->d[2], c = x->d[3], width = CHANNELS;
  while (width > 16 && x->d[0] * ((c + width - 1) / width) < omp_get_max_threads()) width /= 2;
  int64_t parts = (c + width - 1) / width;
#pragma omp parallel for schedule(static) if (tg_count(*x) >= 1 << 14)
  for (int64_t i = 0; i < x->d[0] * parts; i++) {
    int64_t n = i / parts, first = i % parts * width;
    run(&(norm_block){.pixels = pixels,
                      .stride = c,
                      .channels = least(width, c - first),
                      .at = n * pixels * c + first,
                      .pair = n * 2 * c + first,
                      .channel = first},
        s, b);
  }
}

/* ---- norm_stats -------------------------------------------------------------------------------
 */

/* Mean and sum of squared deviations of one piece, by two passes. */
OP_CLONES static void piece_moments(const float *x, int64_t stride, int64_t rows, int64_t channels,
                                    float *mean, float *squares) {
  for (int64_t k = 0; k < channels; k++) mean[k] = squares[k] = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < channels; k++) mean[k] += x[i * stride + k];
  }
  for (int64_t k = 0; k < channels; k++) mean[k] /= (float)rows;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < channels; k++) {
      float d = x[i * stride + k] - mean[k];
      squares[k] += d * d;
    }
  }
}

/* Pieces are joined by the update of Chan, Golub and LeVeque 1979. */
OP_CLONES static void stats_block(const norm_block *n, const op_site *s, const op_buffers *b) {
  const float *x = (const float *)b->in[0] + n->at;
  float *out = (float *)b->out[0] + n->pair;
  double mean[CHANNELS] = {0}, squares[CHANNELS] = {0};
  for (int64_t i = 0; i < n->pixels; i += PIXELS) {
    float part_mean[CHANNELS], part_squares[CHANNELS];
    int64_t rows = least(PIXELS, n->pixels - i);
    piece_moments(x + i * n->stride, n->stride, rows, n->channels, part_mean, part_squares);
    double share = (double)rows / (double)(i + rows);
    for (int64_t k = 0; k < n->channels; k++) {
      double delta = (double)part_mean[k] - mean[k];
      mean[k] += delta * share;
      squares[k] += (double)part_squares[k] + delta * delta * share * (double)i;
    }
  }
  for (int64_t k = 0; k < n->channels; k++) {
    out[k] = (float)mean[k];
    out[n->stride + k] = (float)(1 / sqrt(squares[k] / (double)n->pixels + s->attr.f[0]));
  }
}

static void run_stats(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, stats_block);
}

const op_kernel *const norm_stats_kernels[] = {&(op_kernel){.name = "plain", .run = run_stats},
                                               NULL};

/* ---- norm -------------------------------------------------------------------------------------
 */

static bool applies_norm(const op_site *s) {
  return !s->fusion.bias && s->fusion.activation != OP_TANH;
}

/* Linear is leaky with slope 1. */
OP_CLONES static void norm_rows(const norm_block *n, const op_site *s, const op_buffers *b) {
  const float *x = (const float *)b->in[0] + n->at, *pair = (const float *)b->in[1] + n->pair;
  const float *gamma = (const float *)b->in[2] + n->channel;
  const float *beta = (const float *)b->in[3] + n->channel;
  const float *residual = s->fusion.residual ? (const float *)b->in[4] + n->at : NULL;
  float *y = (float *)b->out[0] + n->at;
  float slope = s->fusion.activation == OP_LINEAR ? 1 : (float)s->fusion.slope;
  float mean[CHANNELS], scale[CHANNELS], shift[CHANNELS];
  for (int64_t k = 0; k < n->channels; k++) {
    mean[k] = pair[k];
    scale[k] = gamma[k] * pair[n->stride + k];
    shift[k] = beta[k];
  }
  for (int64_t i = 0; i < n->pixels * n->stride; i += n->stride) {
    if (residual) {
#pragma omp simd
      for (int64_t k = 0; k < n->channels; k++) {
        float t = (x[i + k] - mean[k]) * scale[k] + shift[k] + residual[i + k];
        y[i + k] = t > 0 ? t : slope * t;
      }
    } else {
#pragma omp simd
      for (int64_t k = 0; k < n->channels; k++) {
        float t = (x[i + k] - mean[k]) * scale[k] + shift[k];
        y[i + k] = t > 0 ? t : slope * t;
      }
    }
  }
}

static void run_norm(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, norm_rows);
}

const op_kernel *const norm_kernels[] = {
    &(op_kernel){.name = "plain", .applies = applies_norm, .run = run_norm}, NULL};

/* ---- norm_sums --------------------------------------------------------------------------------
 */

OP_CLONES static void sums_block(const norm_block *n, const op_site *s, const op_buffers *b) {
  (void)s;
  const float *x = (const float *)b->in[0] + n->at, *pair = (const float *)b->in[1] + n->pair;
  const float *v = (const float *)b->in[2] + n->at;
  float *out = (float *)b->out[0] + n->pair;
  float mean[CHANNELS];
  double sum[CHANNELS] = {0}, product[CHANNELS] = {0};
  for (int64_t k = 0; k < n->channels; k++) mean[k] = pair[k];
  for (int64_t i = 0; i < n->pixels; i += PIXELS) {
    float part_sum[CHANNELS] = {0}, part_product[CHANNELS] = {0};
    int64_t end = least(i + PIXELS, n->pixels) * n->stride;
    for (int64_t j = i * n->stride; j < end; j += n->stride) {
      for (int64_t k = 0; k < n->channels; k++) {
        part_sum[k] += v[j + k];
        part_product[k] += v[j + k] * (x[j + k] - mean[k]);
      }
    }
    for (int64_t k = 0; k < n->channels; k++) {
      sum[k] += (double)part_sum[k];
      product[k] += (double)part_product[k];
    }
  }
  for (int64_t k = 0; k < n->channels; k++) {
    out[k] = (float)sum[k];
    out[n->stride + k] = (float)(product[k] * (double)pair[n->stride + k]);
  }
}

static void run_sums(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, sums_block);
}

const op_kernel *const norm_sums_kernels[] = {&(op_kernel){.name = "plain", .run = run_sums}, NULL};

/* ---- norm_dx ----------------------------------------------------------------------------------
 */

OP_CLONES static void dx_rows(const norm_block *n, const op_site *s, const op_buffers *b) {
  (void)s;
  const float *x = (const float *)b->in[0] + n->at, *pair = (const float *)b->in[1] + n->pair;
  const float *gamma = (const float *)b->in[2] + n->channel, *v = (const float *)b->in[3] + n->at;
  const float *sums = (const float *)b->in[4] + n->pair;
  float *dx = (float *)b->out[0] + n->at;
  float mean[CHANNELS], scale[CHANNELS], offset[CHANNELS], slope[CHANNELS];
  for (int64_t k = 0; k < n->channels; k++) {
    float r = pair[n->stride + k];
    mean[k] = pair[k];
    scale[k] = gamma[k] * r;
    offset[k] = sums[k] / (float)n->pixels;
    slope[k] = sums[n->stride + k] / (float)n->pixels * r;
  }
  for (int64_t i = 0; i < n->pixels * n->stride; i += n->stride) {
#pragma omp simd
    for (int64_t k = 0; k < n->channels; k++) {
      dx[i + k] = scale[k] * (v[i + k] - offset[k] - (x[i + k] - mean[k]) * slope[k]);
    }
  }
}

static void run_dx(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, dx_rows);
}

const op_kernel *const norm_dx_kernels[] = {&(op_kernel){.name = "plain", .run = run_dx}, NULL};
