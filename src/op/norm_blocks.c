/* norm_blocks.c: see norm_blocks.h. */
#include "norm_blocks.h"

#include "bf16.h"
#include "team.h"

enum { PIECE = 1 << 16 };

norm_cut norm_cut_site(const op_site *s) {
  const tg_shape *x = &s->in[0];
  norm_cut t = {.n = x->d[0], .pixels = x->d[1] * x->d[2], .c = x->d[3]};
  t.step = PIECE / t.c / NORM_ROWS * NORM_ROWS;
  if (t.step < NORM_ROWS) t.step = NORM_ROWS;
  t.pieces = (t.pixels + t.step - 1) / t.step;
  t.width = NORM_CHANNELS;
  while (t.width > 16 && t.n * t.pieces * ((t.c + t.width - 1) / t.width) < team_parts()) {
    t.width /= 2;
  }
  t.groups = (t.c + t.width - 1) / t.width;
  return t;
}

void norm_over_blocks(const op_site *s, const op_buffers *b, norm_block_function *run) {
  norm_cut t = norm_cut_site(s);
#pragma omp parallel for schedule(static) if (tg_count(s->in[0]) >= 1 << 14)
  for (int64_t i = 0; i < t.n * t.pieces * t.groups; i++) {
    int64_t channel = i % t.groups * t.width, piece = i / t.groups % t.pieces;
    int64_t image = i / t.groups / t.pieces;
    run(&(norm_block){.image = image,
                      .piece = piece,
                      .first = image * t.pixels + piece * t.step,
                      .pixels = norm_least(t.step, t.pixels - piece * t.step),
                      .channel = channel,
                      .channels = norm_least(t.width, t.c - channel),
                      .c = t.c},
        s, b);
  }
}

static const void *norm_image_of(const norm_block *n, const op_site *s, const op_buffers *b,
                                 int i) {
  return op_in_at(s, b, i, n->first * op_in_row(s, i) + n->channel);
}

const float *norm_pair(const norm_block *n, const op_buffers *b, int i) {
  return (const float *)b->in[i] + n->image * 2 * n->c + n->channel;
}

const float *norm_vector(const norm_block *n, const op_buffers *b, int i) {
  return (const float *)b->in[i] + n->channel;
}

static void *norm_image_out(const norm_block *n, const op_site *s, const op_buffers *b) {
  return op_out_at(s, b, n->first * op_out_row(s) + n->channel);
}

int64_t norm_rows_at_once(const norm_block *n) {
  int64_t rows = NORM_ROOM / norm_least(n->c, NORM_CHANNELS);
  return rows < NORM_ROWS ? rows : NORM_ROWS;
}

norm_rows norm_read_rows(const norm_block *n, const op_site *s, const op_buffers *b, int i,
                         int64_t first, int64_t rows, norm_room room) {
  int64_t row = op_in_row(s, i), at = first * row;
  if (!s->in_bf16[i]) return (norm_rows){(const float *)norm_image_of(n, s, b, i) + at, row};
  const uint16_t *x = (const uint16_t *)norm_image_of(n, s, b, i) + at;
  if (row == n->channels) {
    bf16_widen_piece(rows * row, x, room);
  } else {
    for (int64_t k = 0; k < rows; k++)
      bf16_widen_piece(n->channels, x + k * row, room + k * n->channels);
  }
  return (norm_rows){room, n->channels};
}

float *norm_open_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                      norm_room room, int64_t *row) {
  *row = s->out_bf16 ? n->channels : op_out_row(s);
  return s->out_bf16 ? room : (float *)norm_image_out(n, s, b) + first * *row;
}

void norm_close_rows(const norm_block *n, const op_site *s, const op_buffers *b, int64_t first,
                     int64_t rows, const float *y) {
  int64_t row = op_out_row(s);
  if (!s->out_bf16) return;
  uint16_t *to = (uint16_t *)norm_image_out(n, s, b) + first * row;
  if (row == n->channels) {
    bf16_round_piece(rows * row, y, to);
  } else {
    for (int64_t k = 0; k < rows; k++)
      bf16_round_piece(n->channels, y + k * n->channels, to + k * row);
  }
}

bool norm_takes_bf16(const op_site *s, int i) {
  bool derived = s->op == &op_norm_sums || s->op == &op_norm_dx;
  int residual = s->fusion.residual ? s->op->inputs : 0;
  if (i < 0) return s->op == &op_norm || s->op == &op_norm_dx;
  return i == 0 || (derived && i == (s->op == &op_norm_dx ? 3 : 2)) || (residual && i == residual);
}

int norm_prepare_pairs(const op_site *s, void **state, size_t *scratch) {
  norm_cut t = norm_cut_site(s);
  *state = NULL;
  *scratch = (size_t)(t.n * t.pieces * 2 * t.c) * sizeof(double);
  return 0;
}

double *norm_partial(const norm_cut *t, const op_buffers *b, int64_t image, int64_t piece) {
  return (double *)b->scratch + (image * t->pieces + piece) * 2 * t->c;
}
