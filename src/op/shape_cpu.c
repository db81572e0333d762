/* shape_cpu.c: a tensor cut at an axis is rows, one per index before the axis; a row is contiguous.
 */
#include <string.h>

#include "expand.h"
#include "shape.h"

/* Bytes of a row, from the axis on. */
static int64_t count_row(const tg_shape *s, int64_t axis, size_t element) {
  int64_t bytes = (int64_t)element;
  for (int64_t k = axis; k < 4; k++) bytes *= s->d[k];
  return bytes;
}

static int64_t count_rows(const tg_shape *s, int64_t axis) {
  int64_t rows = 1;
  for (int64_t k = 0; k < axis; k++) rows *= s->d[k];
  return rows;
}

/* Bytes before an index along the axis. */
static int64_t skip(const tg_shape *s, int64_t axis, int64_t index, size_t element) {
  return index * count_row(s, axis, element) / s->d[axis];
}

/* Rows of one, two or three floats: a call of memcpy for each would take longer than the copy. */
static void copy_short_rows(int64_t rows, size_t width, const char *x, int64_t from, char *y,
                            int64_t to) {
#pragma omp parallel for schedule(static) if (rows > 1 << 12)
  for (int64_t r = 0; r < rows; r++) {
    memcpy(y + r * to, x + r * from, 4);
    if (width > 4) memcpy(y + r * to + 4, x + r * from + 4, 4);
    if (width > 8) memcpy(y + r * to + 8, x + r * from + 8, 4);
  }
}

/* Copies `width` bytes from each row of `from` bytes to each row of `to` bytes, in tiles so that a
 * few long rows keep all threads busy; zeros where x is NULL. */
static void copy_rows(int64_t rows, int64_t width, const char *x, int64_t from, char *y,
                      int64_t to) {
  const int64_t tile = 1 << 16;
  if (x && width % 4 == 0 && width > 0 && width <= 12) {
    copy_short_rows(rows, (size_t)width, x, from, y, to);
    return;
  }
#pragma omp parallel for schedule(static) collapse(2) if (rows * width > tile)
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t at = 0; at < width; at += tile) {
      size_t bytes = (size_t)(width - at < tile ? width - at : tile);
      if (x)
        memcpy(y + r * to + at, x + r * from + at, bytes);
      else
        memset(y + r * to + at, 0, bytes);
    }
  }
}

/* Bytes from one row of input i, or of the output, to the next. */
static int64_t in_stride(const op_site *s, int i, size_t element) {
  if (s->in_row[i]) return s->in_row[i] * (int64_t)element;
  return count_row(&s->in[i], s->attr.i[0], element);
}

static int64_t out_stride(const op_site *s, size_t element) {
  return s->out_row ? s->out_row * (int64_t)element : count_row(&s->out, s->attr.i[0], element);
}

void slice_elements(const op_site *s, const op_buffers *b, size_t element) {
  int64_t axis = s->attr.i[0], rows = count_rows(&s->out, axis);
  int64_t from = in_stride(s, 0, element), to = count_row(&s->out, axis, element);
  const char *x = b->in[0];
  copy_rows(rows, to, x + skip(&s->in[0], axis, s->attr.i[1], element), from, b->out[0], to);
}

void pad_elements(const op_site *s, const op_buffers *b, size_t element) {
  int64_t axis = s->attr.i[0], rows = count_rows(&s->out, axis);
  int64_t from = count_row(&s->in[0], axis, element), to = count_row(&s->out, axis, element);
  int64_t before = skip(&s->out, axis, s->attr.i[1], element), after = before + from;
  char *y = b->out[0];
  if (before > 0) copy_rows(rows, before, NULL, 0, y, to);
  copy_rows(rows, from, b->in[0], from, y + before, to);
  if (after < to) copy_rows(rows, to - after, NULL, 0, y + after, to);
}

void concat_elements(const op_site *s, const op_buffers *b, size_t element) {
  int64_t axis = s->attr.i[0], rows = count_rows(&s->out, axis), to = out_stride(s, element);
  char *y = b->out[0];
  for (int i = 0; i < 2; i++) {
    int64_t width = count_row(&s->in[i], axis, element);
    bool there = b->in[i] == y; /* the plan has placed it where it belongs */
    if (!there) copy_rows(rows, width, b->in[i], in_stride(s, i, element), y, to);
    y += width;
  }
}

static int run_slice(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  slice_elements(s, b, sizeof(float));
  return 0;
}

static int run_pad(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  pad_elements(s, b, sizeof(float));
  return 0;
}

static int run_concat(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  concat_elements(s, b, sizeof(float));
  return 0;
}

static int run_broadcast(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  enum { PIECE = 4096 };
  expansion e = expand_shape(&s->in[0], &s->out);
  int64_t count = tg_count(s->out);
  float *y = b->out[0];
#pragma omp parallel for schedule(static) if (count > 4 * PIECE)
  for (int64_t first = 0; first < count; first += PIECE) {
    expand_copy(&e, b->in[0], first, count - first < PIECE ? count - first : PIECE, y + first);
  }
  return 0;
}

static const op_kernel slice_rows = {.name = "rows", .run = run_slice};
static const op_kernel pad_rows = {.name = "rows", .run = run_pad};
static const op_kernel concat_rows = {.name = "rows", .run = run_concat};
static const op_kernel broadcast_rows = {.name = "rows", .run = run_broadcast};

const op_kernel *const slice_cpu[] = {&slice_rows, NULL};
const op_kernel *const pad_cpu[] = {&pad_rows, NULL};
const op_kernel *const concat_cpu[] = {&concat_rows, NULL};
const op_kernel *const broadcast_cpu[] = {&broadcast_rows, NULL};
