/* norm_grad_cpu.c: float kernels of norm_sums and norm_dx. */
#include "norm.h"

#include "norm_blocks.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- the gate ---------------------------------------------------------------------------------
 */

/* v where t = (x - mean) scale + shift, computed as norm does, is above 0, else slope v.
 * Without a gate slope is 1. */
typedef struct norm_gate {
  float scale[NORM_CHANNELS], shift[NORM_CHANNELS], slope;
} norm_gate;

static void find_gate(const norm_block *n, const op_site *s, const float *pair, const float *gamma,
                      const float *beta, norm_gate *g) {
  g->slope = s->fusion.gate ? (float)s->fusion.slope : 1;
  for (int64_t k = 0; k < n->channels; k++) {
    g->scale[k] = s->fusion.gate ? gamma[k] * pair[n->c + k] : 0;
    g->shift[k] = s->fusion.gate ? beta[k] : 0;
  }
}

/* ---- norm_sums --------------------------------------------------------------------------------
 */

static bool applies_sums(const op_site *s) {
  return !s->fusion.bias && !s->fusion.residual && s->fusion.activation == OP_LINEAR;
}

/* Adds u and u d of a pixel, d = x - mean and u the gated v. */
INLINE void add_pixel(const float *x, const float *v, int lanes, const float *mean,
                      const float *scale, const float *shift, float slope, float *sum,
                      float *product) {
#pragma omp simd
  for (int k = 0; k < lanes; k++) {
    float d = x[k] - mean[k], u = v[k], low = slope * u;
    u = d * scale[k] + shift[k] > 0 ? u : low;
    sum[k] += u;
    product[k] += u * d;
  }
}

/* NORM_LANES channels at a time, as in norm_stats. */
INLINE void lane_sums(const float *x, int64_t row, const float *v, int64_t v_row, int64_t rows,
                      int lanes, const float *restrict mean, const float *restrict scale,
                      const float *restrict shift, float slope, float *restrict sum,
                      float *restrict product) {
  float s[NORM_STREAMS][NORM_LANES] = {{0}}, p[NORM_STREAMS][NORM_LANES] = {{0}};
  int64_t i = 0;
  for (; i + NORM_STREAMS <= rows; i += NORM_STREAMS) {
#pragma GCC unroll 4
    for (int j = 0; j < NORM_STREAMS; j++)
      add_pixel(x + (i + j) * row, v + (i + j) * v_row, lanes, mean, scale, shift, slope, s[j],
                p[j]);
  }
  for (; i < rows; i++)
    add_pixel(x + i * row, v + i * v_row, lanes, mean, scale, shift, slope, s[0], p[0]);
  for (int k = 0; k < lanes; k++) {
    sum[k] = (s[0][k] + s[1][k]) + (s[2][k] + s[3][k]);
    product[k] = (p[0][k] + p[1][k]) + (p[2][k] + p[3][k]);
  }
}

CLONES static void row_sums(const float *x, int64_t row, const float *v, int64_t v_row,
                            int64_t rows, int64_t channels, const float *restrict mean,
                            const norm_gate *restrict g, float *restrict sum,
                            float *restrict product) {
  int64_t k = 0;
  for (; k + NORM_LANES <= channels; k += NORM_LANES)
    lane_sums(x + k, row, v + k, v_row, rows, NORM_LANES, mean + k, g->scale + k, g->shift + k,
              g->slope, sum + k, product + k);
  for (; k < channels; k++)
    lane_sums(x + k, row, v + k, v_row, rows, 1, mean + k, g->scale + k, g->shift + k, g->slope,
              sum + k, product + k);
}

CLONES static void sums_block(const norm_block *n, const op_site *s, const op_buffers *b) {
  norm_cut t = norm_cut_site(s);
  const float *pair = norm_pair(n, b, 1);
  double *sum = norm_partial(&t, b, n->image, n->piece) + n->channel, *product = sum + n->c;
  float part_sum[NORM_CHANNELS], part_product[NORM_CHANNELS];
  norm_gate gate;
  find_gate(n, s, pair, s->fusion.gate ? norm_vector(n, b, 3) : NULL,
            s->fusion.gate ? norm_vector(n, b, 4) : NULL, &gate);
  for (int64_t k = 0; k < n->channels; k++) sum[k] = product[k] = 0;
  norm_room room[2];
  int64_t step = s->in_bf16[0] || s->in_bf16[2] ? norm_rows_at_once(n) : NORM_ROWS;
  for (int64_t i = 0; i < n->pixels; i += step) {
    int64_t rows = norm_least(step, n->pixels - i);
    norm_rows x = norm_read_rows(n, s, b, 0, i, rows, room[0]);
    norm_rows v = norm_read_rows(n, s, b, 2, i, rows, room[1]);
    row_sums(x.x, x.row, v.x, v.row, rows, n->channels, pair, &gate, part_sum, part_product);
    for (int64_t k = 0; k < n->channels; k++) {
      sum[k] += (double)part_sum[k];
      product[k] += (double)part_product[k];
    }
  }
}

/* Into the first piece's sums, then to the output. */
CLONES static void join_sums(const norm_cut *t, const op_buffers *b, int64_t image) {
  const float *spread = (const float *)b->in[1] + image * 2 * t->c + t->c;
  float *out = (float *)b->out[0] + image * 2 * t->c;
  double *sum = norm_partial(t, b, image, 0), *product = sum + t->c;
  for (int64_t i = 1; i < t->pieces; i++) {
    const double *part = norm_partial(t, b, image, i);
    for (int64_t k = 0; k < 2 * t->c; k++) sum[k] += part[k];
  }
#pragma omp simd
  for (int64_t k = 0; k < t->c; k++) {
    out[k] = (float)sum[k];
    out[t->c + k] = (float)(product[k] * (double)spread[k]);
  }
}

static int run_sums(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  norm_cut t = norm_cut_site(s);
  norm_over_blocks(s, b, sums_block);
#pragma omp parallel for schedule(static) if (t.n * t.c >= 1 << 12)
  for (int64_t i = 0; i < t.n; i++) join_sums(&t, b, i);
  return 0;
}

const op_kernel *const norm_sums_kernels[] = {&(op_kernel){.name = "plain",
                                                           .applies = applies_sums,
                                                           .prepare = norm_prepare_pairs,
                                                           .run = run_sums,
                                                           .takes_bf16 = norm_takes_bf16},
                                              NULL};

/* ---- norm_dx ----------------------------------------------------------------------------------
 */

static bool applies_dx(const op_site *s) {
  return !s->fusion.bias && s->fusion.activation == OP_LINEAR;
}

/* What norm_dx makes of a channel: scale (u - offset - (x - mean) slope), u the gated v. */
typedef struct norm_dx_map {
  float mean[NORM_CHANNELS], scale[NORM_CHANNELS], offset[NORM_CHANNELS], slope[NORM_CHANNELS];
  norm_gate gate;
} norm_dx_map;

CLONES static void map_dx_rows(const norm_dx_map *m, int64_t rows, int64_t channels, norm_rows x,
                               norm_rows v, const norm_rows *residual, float *dx, int64_t dx_row) {
  const float *mean = m->mean, *scale = m->scale, *offset = m->offset, *slope = m->slope;
  const float *gate = m->gate.scale, *shift = m->gate.shift, leak = m->gate.slope;
  for (int64_t i = 0; i < rows; i++, dx += dx_row) {
    const float *from = x.x + i * x.row, *let = v.x + i * v.row;
    if (residual) {
      const float *added = residual->x + i * residual->row;
#pragma omp simd
      for (int64_t k = 0; k < channels; k++) {
        float d = from[k] - mean[k], u = let[k], low = leak * u;
        u = d * gate[k] + shift[k] > 0 ? u : low;
        dx[k] = scale[k] * (u - offset[k] - d * slope[k]) + added[k];
      }
    } else {
#pragma omp simd
      for (int64_t k = 0; k < channels; k++) {
        float d = from[k] - mean[k], u = let[k], low = leak * u;
        u = d * gate[k] + shift[k] > 0 ? u : low;
        dx[k] = scale[k] * (u - offset[k] - d * slope[k]);
      }
    }
  }
}

static void dx_pixels(const norm_block *n, const op_site *s, const op_buffers *b) {
  int beta = s->fusion.residual ? 6 : 5;
  const float *pair = norm_pair(n, b, 1), *gamma = norm_vector(n, b, 2), *sums = norm_pair(n, b, 4);
  float pixels = (float)(s->in[0].d[1] * s->in[0].d[2]);
  norm_dx_map m;
  find_gate(n, s, pair, gamma, s->fusion.gate ? norm_vector(n, b, beta) : NULL, &m.gate);
  for (int64_t k = 0; k < n->channels; k++) {
    float r = pair[n->c + k];
    m.mean[k] = pair[k];
    m.scale[k] = gamma[k] * r;
    m.offset[k] = sums[k] / pixels;
    m.slope[k] = sums[n->c + k] / pixels * r;
  }
  norm_room room[4];
  norm_rows residual;
  for (int64_t i = 0, step = norm_rows_at_once(n); i < n->pixels; i += step) {
    int64_t rows = norm_least(step, n->pixels - i), row;
    norm_rows x = norm_read_rows(n, s, b, 0, i, rows, room[0]);
    norm_rows v = norm_read_rows(n, s, b, 3, i, rows, room[1]);
    if (s->fusion.residual) residual = norm_read_rows(n, s, b, 5, i, rows, room[2]);
    float *dx = norm_open_rows(n, s, b, i, room[3], &row);
    map_dx_rows(&m, rows, n->channels, x, v, s->fusion.residual ? &residual : NULL, dx, row);
    norm_close_rows(n, s, b, i, rows, dx);
  }
}

static int run_dx(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  norm_over_blocks(s, b, dx_pixels);
  return 0;
}

const op_kernel *const norm_dx_kernels[] = {
    &(op_kernel){
        .name = "plain", .applies = applies_dx, .run = run_dx, .takes_bf16 = norm_takes_bf16},
    NULL};
