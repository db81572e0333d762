/* norm_cpu.c: float kernels of normalisation.  The work is cut into pieces of one image's pixels,
 * by the shape alone, and whole rows of up to CHANNELS channels are read as they lie in memory;
 * reductions are float inside a few rows, double across.  A channel's result does not depend on the
 * number of threads. */
#include "norm.h"

#include <math.h>

#include "bf16.h"
#include "team.h"

enum { CHANNELS = 512, ROWS = 64, PIECE = 1 << 16, LANES = 16, STREAMS = 4, ROOM = 4096 };
#define INLINE static inline __attribute__((always_inline))

/* How a site's work is cut: n images of `pixels` pixels into `pieces` of `step` pixels, c channels
 * into `groups` of `width`. */
typedef struct norm_cut {
  int64_t n, pixels, c, step, pieces, width, groups;
} norm_cut;

typedef struct norm_block {
  int64_t image, piece, first, pixels; /* first: of this piece's pixels in the image tensor */
  int64_t channel, channels, c;
} norm_block;

typedef void block_function(const norm_block *k, const op_site *s, const op_buffers *b);

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static norm_cut cut_site(const op_site *s) {
  const tg_shape *x = &s->in[0];
  norm_cut t = {.n = x->d[0], .pixels = x->d[1] * x->d[2], .c = x->d[3]};
  t.step = PIECE / t.c / ROWS * ROWS;
  if (t.step < ROWS) t.step = ROWS;
  t.pieces = (t.pixels + t.step - 1) / t.step;
  t.width = CHANNELS;
  while (t.width > 16 && t.n * t.pieces * ((t.c + t.width - 1) / t.width) < team_parts()) {
    t.width /= 2;
  }
  t.groups = (t.c + t.width - 1) / t.width;
  return t;
}

static void over_blocks(const op_site *s, const op_buffers *b, block_function *run) {
  norm_cut t = cut_site(s);
#pragma omp parallel for schedule(static) if (tg_count(s->in[0]) >= 1 << 14)
  for (int64_t i = 0; i < t.n * t.pieces * t.groups; i++) {
    int64_t channel = i % t.groups * t.width, piece = i / t.groups % t.pieces;
    int64_t image = i / t.groups / t.pieces;
    run(&(norm_block){.image = image,
                      .piece = piece,
                      .first = image * t.pixels + piece * t.step,
                      .pixels = least(t.step, t.pixels - piece * t.step),
                      .channel = channel,
                      .channels = least(t.width, t.c - channel),
                      .c = t.c},
        s, b);
  }
}

/* Operands of a block: an image tensor's first element, a pair's and a channel vector's first. */
static const void *image_of(const norm_block *n, const op_site *s, const op_buffers *b, int i) {
  return op_in_at(s, b, i, n->first * op_in_row(s, i) + n->channel);
}

static const float *pair_of(const norm_block *n, const op_buffers *b, int i) {
  return (const float *)b->in[i] + n->image * 2 * n->c + n->channel;
}

static const float *vector_of(const norm_block *n, const op_buffers *b, int i) {
  return (const float *)b->in[i] + n->channel;
}

static void *image_out(const norm_block *n, const op_site *s, const op_buffers *b) {
  return op_out_at(s, b, n->first * op_out_row(s) + n->channel);
}

/* Some rows of an operand, floats `row` apart: where they lie, or in a room if they are bfloat16.
 */
typedef struct norm_rows {
  const float *x;
  int64_t row;
} norm_rows;

typedef float norm_room[ROOM];

/* Pixels that are worked on at once, whose bfloat16 operands fill a room each. */
static int64_t rows_at_once(const norm_block *n) {
  int64_t rows = ROOM / least(n->c, CHANNELS);
  return rows < ROWS ? rows : ROWS;
}

static norm_rows read_rows(const norm_block *n, const op_site *s, const op_buffers *b, int i,
                           int64_t first, int64_t rows, norm_room room) {
  int64_t row = op_in_row(s, i), at = first * row;
  if (!s->in_bf16[i]) return (norm_rows){(const float *)image_of(n, s, b, i) + at, row};
  const uint16_t *x = (const uint16_t *)image_of(n, s, b, i) + at;
  if (row == n->channels) {
    bf16_widen_piece(rows * row, x, room);
  } else {
    for (int64_t k = 0; k < rows; k++)
      bf16_widen_piece(n->channels, x + k * row, room + k * n->channels);
  }
  return (norm_rows){room, n->channels};
}

/* Where `rows` rows of the output are computed: in place, or in a room. */
static float *open_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                        norm_room room, int64_t *row) {
  *row = s->out_bf16 ? n->channels : op_out_row(s);
  return s->out_bf16 ? room : (float *)image_out(n, s, b) + first * *row;
}

static void close_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                       int64_t rows, const float *y) {
  int64_t row = op_out_row(s);
  if (!s->out_bf16) return;
  uint16_t *to = (uint16_t *)image_out(n, s, b) + first * row;
  if (row == n->channels) {
    bf16_round_piece(rows * row, y, to);
  } else {
    for (int64_t k = 0; k < rows; k++)
      bf16_round_piece(n->channels, y + k * n->channels, to + k * row);
  }
}

/* The operands that are images, and the output. */
static bool takes_bf16(const op_site *s, int i) {
  bool derived = s->op == &op_norm_sums || s->op == &op_norm_dx;
  int residual = s->fusion.residual ? s->op->inputs : 0;
  if (i < 0) return s->op == &op_norm || s->op == &op_norm_dx;
  return i == 0 || (derived && i == (s->op == &op_norm_dx ? 3 : 2)) || (residual && i == residual);
}

/* ---- reductions: two doubles per channel of every piece, in scratch [n][pieces][2][c] -----------
 */

static int prepare_pairs(const op_site *s, void **state, size_t *scratch) {
  norm_cut t = cut_site(s);
  *state = NULL;
  *scratch = (size_t)(t.n * t.pieces * 2 * t.c) * sizeof(double);
  return 0;
}

/* The first of a piece's pair; the second is c further. */
static double *partial(const norm_cut *t, const op_buffers *b, int64_t image, int64_t piece) {
  return (double *)b->scratch + (image * t->pieces + piece) * 2 * t->c;
}

/* ---- norm_stats -------------------------------------------------------------------------------
 */

/* Sums of x - origin and its square over some rows: LANES channels at a time, whose sums of every
 * STREAMS-th row are in registers of their own, since an addition waits for the one before. */
INLINE void lane_moments(const float *x, int64_t row, int64_t rows, int lanes,
                         const float *restrict origin, float *restrict sum,
                         float *restrict squares) {
  float s[STREAMS][LANES] = {{0}}, q[STREAMS][LANES] = {{0}};
  int64_t i = 0;
  for (; i + STREAMS <= rows; i += STREAMS) {
    for (int j = 0; j < STREAMS; j++) {
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
  for (; k + LANES <= channels; k += LANES)
    lane_moments(x + k, row, rows, LANES, origin + k, sum + k, squares + k);
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
  norm_cut t = cut_site(s);
  double *mean = partial(&t, b, n->image, n->piece) + n->channel, *squares = mean + n->c;
  float origin[CHANNELS], sum[CHANNELS], square[CHANNELS];
  norm_room room;
  norm_rows x = read_rows(n, s, b, 0, 0, 1, room);
  for (int64_t k = 0; k < n->channels; k++) {
    origin[k] = x.x[k];
    mean[k] = squares[k] = 0;
  }
  int64_t step = s->in_bf16[0] ? rows_at_once(n) : ROWS;
  for (int64_t i = 0; i < n->pixels; i += step) {
    int64_t rows = least(step, n->pixels - i);
    x = read_rows(n, s, b, 0, i, rows, room);
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
  double *mean = partial(t, b, image, 0), *squares = mean + t->c;
  for (int64_t i = 1; i < t->pieces; i++) {
    const double *part = partial(t, b, image, i);
    double before = (double)(i * t->step), pixels = (double)least(t->step, t->pixels - i * t->step);
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
  norm_cut t = cut_site(s);
  over_blocks(s, b, stats_block);
#pragma omp parallel for schedule(static) if (t.n * t.c >= 1 << 12)
  for (int64_t i = 0; i < t.n; i++) join_stats(&t, s, b, i);
  return 0;
}

const op_kernel *const norm_stats_kernels[] = {
    &(op_kernel){
        .name = "plain", .prepare = prepare_pairs, .run = run_stats, .takes_bf16 = takes_bf16},
    NULL};

/* ---- norm -------------------------------------------------------------------------------------
 */

static bool applies_norm(const op_site *s) {
  return !s->fusion.bias && !s->fusion.gate && s->fusion.activation != OP_TANH;
}

/* What norm makes of a channel: (x - mean) scale + shift. */
typedef struct norm_map {
  float mean[CHANNELS], scale[CHANNELS];
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
  const float *pair = pair_of(n, b, 1), *gamma = vector_of(n, b, 2);
  norm_map m = {.shift = vector_of(n, b, 3)};
  m.slope = s->fusion.activation == OP_LINEAR ? 1 : (float)s->fusion.slope;
  for (int64_t k = 0; k < n->channels; k++) {
    m.mean[k] = pair[k];
    m.scale[k] = gamma[k] * pair[n->c + k];
  }
  norm_room room[3];
  norm_rows residual;
  for (int64_t i = 0, step = rows_at_once(n); i < n->pixels; i += step) {
    int64_t rows = least(step, n->pixels - i), y_row;
    norm_rows x = read_rows(n, s, b, 0, i, rows, room[0]);
    if (s->fusion.residual) residual = read_rows(n, s, b, 4, i, rows, room[1]);
    float *y = open_rows(n, s, b, i, room[2], &y_row);
    map_rows(&m, rows, n->channels, x, s->fusion.residual ? &residual : NULL, y, y_row);
    close_rows(n, s, b, i, rows, y);
  }
}

static int run_norm(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, norm_pixels);
  return 0;
}

const op_kernel *const norm_kernels[] = {
    &(op_kernel){
        .name = "plain", .applies = applies_norm, .run = run_norm, .takes_bf16 = takes_bf16},
    NULL};

/* ---- the gate ---------------------------------------------------------------------------------
 */

/* v where t = (x - mean) scale + shift, computed as map_rows does, is above 0, else slope v.
 * Without a gate slope is 1. */
typedef struct norm_gate {
  float scale[CHANNELS], shift[CHANNELS], slope;
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

/* As lane_moments. */
INLINE void lane_sums(const float *x, int64_t row, const float *v, int64_t v_row, int64_t rows,
                      int lanes, const float *restrict mean, const float *restrict scale,
                      const float *restrict shift, float slope, float *restrict sum,
                      float *restrict product) {
  float s[STREAMS][LANES] = {{0}}, p[STREAMS][LANES] = {{0}};
  int64_t i = 0;
  for (; i + STREAMS <= rows; i += STREAMS) {
#pragma GCC unroll 4
    for (int j = 0; j < STREAMS; j++)
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
  for (; k + LANES <= channels; k += LANES)
    lane_sums(x + k, row, v + k, v_row, rows, LANES, mean + k, g->scale + k, g->shift + k, g->slope,
              sum + k, product + k);
  for (; k < channels; k++)
    lane_sums(x + k, row, v + k, v_row, rows, 1, mean + k, g->scale + k, g->shift + k, g->slope,
              sum + k, product + k);
}

CLONES static void sums_block(const norm_block *n, const op_site *s, const op_buffers *b) {
  norm_cut t = cut_site(s);
  const float *pair = pair_of(n, b, 1);
  double *sum = partial(&t, b, n->image, n->piece) + n->channel, *product = sum + n->c;
  float part_sum[CHANNELS], part_product[CHANNELS];
  norm_gate gate;
  find_gate(n, s, pair, s->fusion.gate ? vector_of(n, b, 3) : NULL,
            s->fusion.gate ? vector_of(n, b, 4) : NULL, &gate);
  for (int64_t k = 0; k < n->channels; k++) sum[k] = product[k] = 0;
  norm_room room[2];
  int64_t step = s->in_bf16[0] || s->in_bf16[2] ? rows_at_once(n) : ROWS;
  for (int64_t i = 0; i < n->pixels; i += step) {
    int64_t rows = least(step, n->pixels - i);
    norm_rows x = read_rows(n, s, b, 0, i, rows, room[0]);
    norm_rows v = read_rows(n, s, b, 2, i, rows, room[1]);
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
  double *sum = partial(t, b, image, 0), *product = sum + t->c;
  for (int64_t i = 1; i < t->pieces; i++) {
    const double *part = partial(t, b, image, i);
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
  norm_cut t = cut_site(s);
  over_blocks(s, b, sums_block);
#pragma omp parallel for schedule(static) if (t.n * t.c >= 1 << 12)
  for (int64_t i = 0; i < t.n; i++) join_sums(&t, b, i);
  return 0;
}

const op_kernel *const norm_sums_kernels[] = {&(op_kernel){.name = "plain",
                                                           .applies = applies_sums,
                                                           .prepare = prepare_pairs,
                                                           .run = run_sums,
                                                           .takes_bf16 = takes_bf16},
                                              NULL};

/* ---- norm_dx ----------------------------------------------------------------------------------
 */

static bool applies_dx(const op_site *s) {
  return !s->fusion.bias && s->fusion.activation == OP_LINEAR;
}

/* What norm_dx makes of a channel: scale (u - offset - (x - mean) slope), u the gated v. */
typedef struct norm_dx_map {
  float mean[CHANNELS], scale[CHANNELS], offset[CHANNELS], slope[CHANNELS];
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
  const float *pair = pair_of(n, b, 1), *gamma = vector_of(n, b, 2), *sums = pair_of(n, b, 4);
  float pixels = (float)(s->in[0].d[1] * s->in[0].d[2]);
  norm_dx_map m;
  find_gate(n, s, pair, gamma, s->fusion.gate ? vector_of(n, b, beta) : NULL, &m.gate);
  for (int64_t k = 0; k < n->channels; k++) {
    float r = pair[n->c + k];
    m.mean[k] = pair[k];
    m.scale[k] = gamma[k] * r;
    m.offset[k] = sums[k] / pixels;
    m.slope[k] = sums[n->c + k] / pixels * r;
  }
  norm_room room[4];
  norm_rows residual;
  for (int64_t i = 0, step = rows_at_once(n); i < n->pixels; i += step) {
    int64_t rows = least(step, n->pixels - i), row;
    norm_rows x = read_rows(n, s, b, 0, i, rows, room[0]);
    norm_rows v = read_rows(n, s, b, 3, i, rows, room[1]);
    if (s->fusion.residual) residual = read_rows(n, s, b, 5, i, rows, room[2]);
    float *dx = open_rows(n, s, b, i, room[3], &row);
    map_dx_rows(&m, rows, n->channels, x, v, s->fusion.residual ? &residual : NULL, dx, row);
    close_rows(n, s, b, i, rows, dx);
  }
}

static int run_dx(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_blocks(s, b, dx_pixels);
  return 0;
}

const op_kernel *const norm_dx_kernels[] = {
    &(op_kernel){.name = "plain", .applies = applies_dx, .run = run_dx, .takes_bf16 = takes_bf16},
    NULL};
