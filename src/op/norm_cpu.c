/* norm_cpu.c: float kernels of norm_stats and norm. */
#include "norm.h"

#include <math.h>

#include "norm_blocks.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- norm_stats -------------------------------------------------------------------------------
 */

/* Sums of x - origin and its square over some rows: NORM_LANES channels at a time, whose sums of
 * every NORM_STREAMS-th row are in registers of their own, since an addition waits for the one
 * before. */
INLINE void lane_moments(const float *x, int64_t row, int64_t rows, int lanes,
                         const float *restrict origin, float *restrict sum,
                         float *restrict squares) {
  float s[NORM_STREAMS][NORM_LANES] = {{0}}, q[NORM_STREAMS][NORM_LANES] = {{0}};
  int64_t i = 0;
  for (; i + NORM_STREAMS <= rows; i += NORM_STREAMS) {
    for (int j = 0; j < NORM_STREAMS; j++) {
#pragma omp simd
      for (int k = 0; k < lanes; k++) {
        float d = x[(i + j) * row + k] - origin[k];
        s[j][k] += d;
        q[j][k] += d * d;
      }
    }
  }
  for (; i < rows; i++) {
    for (int k = 0; k < lanes; k++) {
      float d = x[i * row + k] - origin[k];
      s[0][k] += d;
      q[0][k] += d * d;
    }
  }
  for (int k = 0; k < lanes; k++) {
    sum[k] = (s[0][k] + s[1][k]) + (s[2][k] + s[3][k]);
    squares[k] = (q[0][k] + q[1][k]) + (q[2][k] + q[3][k]);
  }
}

CLONES static void row_moments(const float *x, int64_t row, int64_t rows, int64_t channels,
                               const float *origin, float *sum, float *squares) {
  int64_t k = 0;
  for (; k + NORM_LANES <= channels; k += NORM_LANES)
    lane_moments(x + k, row, rows, NORM_LANES, origin + k, sum + k, squares + k);
  for (; k < channels; k++) lane_moments(x + k, row, rows, 1, origin + k, sum + k, squares + k);
}

/* Joins mean and squared deviations of two parts (Chan, Golub and LeVeque 1979). */
static inline void join_moments(double *mean, double *squares, double n, double other_mean,
                                double other_squares, double other_n) {
  double delta = other_mean - *mean, share = other_n / (n + other_n);
  *mean += delta * share;
  *squares += other_squares + delta * delta * share * n;
}

/* The origin is the mean so far: near enough that the squares lose nothing. */
CLONES static void stats_block(const norm_block *n, const op_site *s, const op_buffers *b) {
  norm_cut t = norm_cut_site(s);
  double *mean = norm_partial(&t, b, n->image, n->piece) + n->channel, *squares = mean + n->c;
  float origin[NORM_CHANNELS], sum[NORM_CHANNELS], square[NORM_CHANNELS];
  norm_room room;
  norm_rows x = norm_read_rows(n, s, b, 0, 0, 1, room);
  for (int64_t k = 0; k < n->channels; k++) {
    origin[k] = x.x[k];
    mean[k] = squares[k] = 0;
  }
  int64_t step = s->in_bf16[0] ? norm_rows_at_once(n) : NORM_ROWS;
  for (int64_t i = 0; i < n->pixels; i += step) {
    int64_t rows = norm_least(step, n->pixels - i);
    x = norm_read_rows(n, s, b, 0, i, rows, room);
    row_moments(x.x, x.row, rows, n->channels, origin, sum, square);
    for (int64_t k = 0; k < n->channels; k++) {
      double shift = (double)sum[k] / (double)rows;
      double rest = (double)square[k] - (double)sum[k] * shift;
      join_moments(&mean[k], &squares[k], (double)i, (double)origin[k] + shift, rest > 0 ? rest : 0,
                   (double)rows);
      origin[k] = (float)mean[k];
    }
  }
}

/* Into the first piece's moments, then to the output. */
CLONES static void join_stats(const norm_cut *t, const op_site *s, const op_buffers *b,
                              int64_t image) {
  float *out = (float *)b->out[0] + image * 2 * t->c;
  double *mean = norm_partial(t, b, image, 0), *squares = mean + t->c;
  for (int64_t i = 1; i < t->pieces; i++) {
    const double *part = norm_partial(t, b, image, i);
    double before = (double)(i * t->step),
           pixels = (double)norm_least(t->step, t->pixels - i * t->step);
    for (int64_t k = 0; k < t->c; k++)
      join_moments(&mean[k], &squares[k], before, part[k], part[t->c + k], pixels);
  }
  double pixels = (double)t->pixels, epsilon = s->attr.f[0];
#pragma omp simd
  for (int64_t k = 0; k < t->c; k++) {
    out[k] = (float)mean[k];
    out[t->c + k] = (float)(1 / sqrt(squares[k] / pixels + epsilon));
  }
}

static int run_stats(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  norm_cut t = norm_cut_site(s);
  norm_over_blocks(s, b, stats_block);
#pragma omp parallel for schedule(static) if (t.n * t.c >= 1 << 12)
  for (int64_t i = 0; i < t.n; i++) join_stats(&t, s, b, i);
  return 0;
}

const op_kernel *const norm_stats_kernels[] = {&(op_kernel){.name = "plain",
                                                            .prepare = norm_prepare_pairs,
                                                            .run = run_stats,
                                                            .takes_bf16 = norm_takes_bf16},
                                               NULL};

/* ---- norm -------------------------------------------------------------------------------------
 */

static bool applies_norm(const op_site *s) {
  return !s->fusion.bias && !s->fusion.gate && s->fusion.activation != OP_TANH;
}

/* What norm makes of a channel: (x - mean) scale + shift. */
typedef struct norm_map {
  float mean[NORM_CHANNELS], scale[NORM_CHANNELS];
  const float *shift;
  float slope; /* linear is leaky with slope 1 */
} norm_map;

CLONES static void map_rows(const norm_map *m, int64_t rows, int64_t channels, norm_rows x,
                            const norm_rows *residual, float *y, int64_t y_row) {
  const float *mean = m->mean, *scale = m->scale, *shift = m->shift, slope = m->slope;
  for (int64_t i = 0; i < rows; i++, y += y_row) {
    const float *from = x.x + i * x.row;
    if (residual) {
      const float *added = residual->x + i * residual->row;
#pragma omp simd
      for (int64_t k = 0; k < channels; k++) {
        float t = (from[k] - mean[k]) * scale[k] + shift[k] + added[k];
        y[k] = t > 0 ? t : slope * t;
      }
    } else {
#pragma omp simd
      for (int64_t k = 0; k < channels; k++) {
        float t = (from[k] - mean[k]) * scale[k] + shift[k];
        y[k] = t > 0 ? t : slope * t;
      }
    }
  }
}

static void norm_pixels(const norm_block *n, const op_site *s, const op_buffers *b) {
  const float *pair = norm_pair(n, b, 1), *gamma = norm_vector(n, b, 2);
  norm_map m = {.shift = norm_vector(n, b, 3)};
  m.slope = s->fusion.activation == OP_LINEAR ? 1 : (float)s->fusion.slope;
  for (int64_t k = 0; k < n->channels; k++) {
    m.mean[k] = pair[k];
    m.scale[k] = gamma[k] * pair[n->c + k];
  }
  norm_room room[3];
  norm_rows residual;
  for (int64_t i = 0, step = norm_rows_at_once(n); i < n->pixels; i += step) {
    int64_t rows = norm_least(step, n->pixels - i), y_row;
    norm_rows x = norm_read_rows(n, s, b, 0, i, rows, room[0]);
    if (s->fusion.residual) residual = norm_read_rows(n, s, b, 4, i, rows, room[1]);
    float *y = norm_open_rows(n, s, b, i, room[2], &y_row);
    map_rows(&m, rows, n->channels, x, s->fusion.residual ? &residual : NULL, y, y_row);
    norm_close_rows(n, s, b, i, rows, y);
  }
}

static int run_norm(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  norm_over_blocks(s, b, norm_pixels);
  return 0;
}

const op_kernel *const norm_kernels[] = {
    &(op_kernel){
        .name = "plain", .applies = applies_norm, .run = run_norm, .takes_bf16 = norm_takes_bf16},
    NULL};
