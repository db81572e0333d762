/* sum_to_cpu.c: sums in a fixed order, whatever the number of threads, accumulated in double. */
#include "bf16.h"
#include "shape.h"

enum { BLOCK = 1 << 14, TILE = 512, WIDE = 64 };

/* x as [kept][summed][columns]: kept dimensions, then summed ones, then kept ones.  The summed rows
 * are cut into blocks and the columns into tiles, by the shape alone. */
typedef struct layout {
  int64_t kept, summed, columns;
  int64_t tile, tiles;   /* columns per tile */
  int64_t block, blocks; /* rows per block */
} layout;

/* False where kept and summed dimensions alternate more often. */
static bool find_layout(const tg_shape *in, const tg_shape *out, layout *l) {
  int k = 0;
  *l = (layout){.kept = 1, .summed = 1, .columns = 1};
  for (; k < 4 && out->d[k] == in->d[k]; k++) l->kept *= in->d[k];
  for (; k < 4 && out->d[k] == 1; k++) l->summed *= in->d[k];
  for (; k < 4 && out->d[k] == in->d[k]; k++) l->columns *= in->d[k];
  l->tile = l->columns < TILE ? l->columns : TILE;
  l->tiles = (l->columns + l->tile - 1) / l->tile;
  l->block = BLOCK / l->tile;
  l->blocks = (l->summed + l->block - 1) / l->block;
  return k == 4;
}

static bool applies_blocks(const op_site *s) {
  layout l;
  return !op_fused(s) && find_layout(&s->in[0], &s->out, &l);
}

/* Block sums [kept][blocks][columns] in double. */
static int prepare_blocks(const op_site *s, void **state, size_t *scratch) {
  layout l;
  find_layout(&s->in[0], &s->out, &l);
  *state = NULL;
  *scratch = (size_t)(l.kept * l.blocks * l.columns) * sizeof(double);
  return 0;
}

CLONES static void add_row(int64_t n, const float *restrict x, double *restrict sum) {
  for (int64_t i = 0; i < n; i++) sum[i] += (double)x[i];
}

/* n numbers as they are, or from bfloat16 in the room. */
static const float *as_floats(const void *x, bool bf16, int64_t n, float *room) {
  if (!bf16) return x;
  bf16_widen_piece(n, x, room);
  return room;
}

/* Sums `rows` rows of `width` numbers, `stride` apart.  Short rows that touch are added several at
 * a time as one wide row, which is folded at the end. */
static void sum_rows(const void *x, bool bf16, int64_t rows, int64_t width, int64_t stride,
                     double *sum) {
  double wide[TILE];
  float room[TILE];
  int64_t together = width == stride && width < WIDE ? WIDE / width : 1;
  if (together > rows) together = rows;
  for (int64_t i = 0; i < together * width; i++) wide[i] = 0;
  for (int64_t r = 0; r < rows; r += together) {
    int64_t left = rows - r < together ? rows - r : together;
    const void *row = (const char *)x + (size_t)(r * stride) * (bf16 ? 2 : 4);
    add_row(left * width, as_floats(row, bf16, left * width, room), wide);
  }
  for (int64_t c = 0; c < width; c++) {
    sum[c] = wide[c];
    for (int64_t k = 1; k < together; k++) sum[c] += wide[k * width + c];
  }
}

static void sum_block(const layout *l, const op_site *s, const op_buffers *b, int64_t task) {
  int64_t tile = task % l->tiles, block = task / l->tiles % l->blocks;
  int64_t kept = task / l->tiles / l->blocks;
  int64_t row = block * l->block, column = tile * l->tile;
  int64_t rows = l->summed - row < l->block ? l->summed - row : l->block;
  int64_t width = l->columns - column < l->tile ? l->columns - column : l->tile;
  int64_t from = (kept * l->summed + row) * l->columns + column;
  double *sums = (double *)b->scratch + (kept * l->blocks + block) * l->columns + column;
  sum_rows(op_in_at(s, b, 0, from), s->in_bf16[0], rows, width, l->columns, sums);
}

static int run_blocks(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  layout l;
  find_layout(&s->in[0], &s->out, &l);
  float *y = b->out[0];
  const double *sums = b->scratch;
  int64_t tasks = l.kept * l.blocks * l.tiles, results = l.kept * l.columns;
#pragma omp parallel if (tg_count(s->in[0]) > BLOCK)
  {
#pragma omp for schedule(static)
    for (int64_t i = 0; i < tasks; i++) sum_block(&l, s, b, i);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < results; i++) {
      const double *part = sums + i / l.columns * l.blocks * l.columns + i % l.columns;
      double sum = 0;
      for (int64_t k = 0; k < l.blocks; k++) sum += part[k * l.columns];
      y[i] = (float)sum;
    }
  }
  return 0;
}

/* Any other sum: one result after the other. */
static double sum_strided(const float *x, const tg_shape *in, const int64_t first[4],
                          const int64_t count[4]) {
  double sum = 0;
  for (int64_t n = 0; n < count[0]; n++) {
    for (int64_t h = 0; h < count[1]; h++) {
      for (int64_t w = 0; w < count[2]; w++) {
        const float *at = x + op_at(in, first[0] + n, first[1] + h, first[2] + w, first[3]);
        for (int64_t c = 0; c < count[3]; c++) sum += (double)at[c];
      }
    }
  }
  return sum;
}

static int run_strided(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  float *y = b->out[0];
  const tg_shape *in = &s->in[0], *out = &s->out;
  int64_t results = tg_count(*out);
#pragma omp parallel for schedule(static) if (tg_count(*in) > BLOCK)
  for (int64_t i = 0; i < results; i++) {
    int64_t first[4], count[4], rest = i;
    for (int k = 3; k >= 0; k--) {
      first[k] = rest % out->d[k];
      count[k] = out->d[k] == 1 ? in->d[k] : 1;
      rest /= out->d[k];
    }
    y[i] = (float)sum_strided(b->in[0], in, first, count);
  }
  return 0;
}

static bool takes_bf16(const op_site *s, int i) {
  (void)s;
  return i == 0;
}

static const op_kernel blocks = {.name = "blocks",
                                 .applies = applies_blocks,
                                 .prepare = prepare_blocks,
                                 .run = run_blocks,
                                 .takes_bf16 = takes_bf16};
static const op_kernel strided = {.name = "strided", .run = run_strided};

const op_kernel *const sum_to_cpu[] = {&blocks, &strided, NULL};
