/* conv_narrow_cpu.c: convolutions to at most 8 channels from 16 or more, for AVX-512: `conv` of
 * stride 1 and `conv_dx` of any stride that divides the kernel.
 *
 * A window's row, taps x depth, is contiguous in a padded channels-last image, so a result is one
 * long dot product for each of the taps' rows.  Sixteen results (some neighbouring positions of all
 * channels) are summed side by side in as many registers, and their lanes added at the end.  With
 * a stride every phase of the output is a convolution of its own, of k / stride taps.
 * Measured on two cores of a Zen 5 against conv_columns_cpu.c, 64 images of 32x32: 7x7 from 16
 * channels to 3 1.3 times as fast and 2.4 with factors in bfloat16, conv_dx 7x7 to 5 channels 1.3
 * and 2.7, conv_dx 4x4 of stride 2 to 3 channels 1.8 and 2.2; with 64 channels in bfloat16 2.1 to
 * 2.4; in float no faster there, nor where a pixel is no whole number of registers. */
#include "conv.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bf16.h"
#include "epilogue.h"
#include "memory.h"
#include "onednn.h"
#include "team.h"

enum { FEW = 8, DEPTH = 16, LANES = 16, SUMS = 16, MOST_WEIGHTS = 1 << 13 };
#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define WIDE_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define INLINE static inline __attribute__((always_inline))

/* Result (r, q), with r + offset = stride i + a, is the window at i - start of phase a. */
typedef struct narrow {
  int64_t n, h, w, depth;  /* the image that is read */
  int64_t rows, cols, few; /* the result */
  int64_t taps, stride, offset, start;
  bool bf16, image_bf16; /* the factors; the image as it is stored */
  bool turned;
  int parts;
  int64_t places;        /* positions that are summed side by side */
  int64_t vectors;       /* registers of a window's row, the last may be part of one */
  int64_t wide;          /* pixels of a padded row */
  int64_t band, bands;   /* rows of the result at a time; bands of an image */
  size_t element, strip; /* bytes */
} narrow;

static bool suits(const op_site *s, bool bf16) {
  conv_geometry g = conv_site_geometry(s);
  bool dx = s->op == &op_conv_dx;
  int64_t few = dx ? g.ci : g.co, depth = dx ? g.co : g.ci;
  int64_t across = dx ? g.w / g.stride : g.wo;
  if (!op_cpu_has_avx512() || (bf16 && !(s->bf16 && tg_has_bf16()))) return false;
  if (few > FEW || depth < DEPTH || across < SUMS / few) return false;
  return epilogue_suffices(s) && g.kh == g.kw && g.kh > 1 &&
         (dx ? g.kh % g.stride == 0 : g.stride == 1);
}

/* Whose weights stay in the first cache beside the image's rows, and whose pixels are whole
 * registers. */
static bool suits_float(const op_site *s) {
  return suits(s, false) && tg_count(s->in[1]) <= MOST_WEIGHTS && s->in[0].d[3] % LANES == 0;
}

static bool suits_bf16(const op_site *s) { return suits(s, true); }

static int64_t lanes(const narrow *d) { return d->bf16 ? 2 * LANES : LANES; }

/* The first position of a band's, or of the image's, windows along an axis. */
static int64_t first_place(const narrow *d, int64_t result) {
  return (result + d->offset) / d->stride;
}

static narrow describe(const op_site *s, bool bf16) {
  conv_geometry g = conv_site_geometry(s);
  narrow d = {.n = g.n, .bf16 = bf16, .image_bf16 = s->in_bf16[0], .turned = s->op == &op_conv_dx};
  if (d.turned) {
    d.h = g.ho, d.w = g.wo, d.depth = g.co, d.rows = g.h, d.cols = g.w, d.few = g.ci;
    d.stride = g.stride, d.taps = g.kh / g.stride, d.offset = g.pad, d.start = d.taps - 1;
  } else {
    d.h = g.h, d.w = g.w, d.depth = g.ci, d.rows = g.ho, d.cols = g.wo, d.few = g.co;
    d.stride = 1, d.taps = g.kh, d.start = g.pad;
  }
  d.places = SUMS / d.few;
  d.element = bf16 ? sizeof(uint16_t) : sizeof(float);
  d.vectors = op_divide_up(d.taps * d.depth, lanes(&d));
  int64_t across = first_place(&d, d.cols - 1) - first_place(&d, 0) + 1;
  d.wide = (op_divide_up(across, d.places) + 1) * d.places - 1 + d.taps;
  d.parts = team_parts();
  d.bands = d.n >= d.parts ? 1 : d.parts;
  d.band = op_divide_up(d.rows, d.bands);
  d.bands = op_divide_up(d.rows, d.band);
  int64_t high = first_place(&d, d.band - 1 + d.stride - 1) + 1 + d.taps;
  d.strip = memory_lines((size_t)(high * d.wide * d.depth) * d.element);
  return d;
}

static int prepare_precision(const op_site *s, bool bf16, void **state, size_t *scratch) {
  narrow *d = memory_new(sizeof *d);
  *d = describe(s, bf16);
  *scratch = (size_t)d->parts * d->strip;
  *state = d;
  return 0;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, false, state, scratch);
}

static int prepare_bf16(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, true, state, scratch);
}

/* ---- weights: [phase][phase][taps][vectors][few] registers ---------------------------------- */

static int64_t phase_size(const narrow *d) { return d->taps * d->vectors * d->few * lanes(d); }

static size_t packed_bytes(const op_site *s, const void *state) {
  const narrow *d = state;
  (void)s;
  return (size_t)(d->stride * d->stride * phase_size(d)) * d->element;
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  const narrow *d = state;
  (void)s;
  snprintf(key, 64, "narrow%s%s %d", d->turned ? " turned" : "", d->bf16 ? " bf16" : "",
           (int)d->stride);
}

/* The weight of tap (t, element e of the window's row) to channel o in phase (a, b). */
static float weight_at(const narrow *d, const float *w, int64_t a, int64_t b, int64_t t, int64_t e,
                       int64_t o) {
  int64_t last = d->taps - 1, k = d->taps * d->stride, c = e % d->depth, v = e / d->depth;
  if (!d->turned) return w[((t * k + v) * d->depth + c) * d->few + o];
  int64_t u = d->stride * (last - t) + a;
  v = d->stride * (last - v) + b;
  return w[((u * k + v) * d->few + o) * d->depth + c];
}

static void set_weight(const narrow *d, void *packed, int64_t at, float x) {
  if (d->bf16)
    bf16_round_piece(1, &x, (uint16_t *)packed + at);
  else
    ((float *)packed)[at] = x;
}

static void pack_phase(const narrow *d, const float *w, int64_t phase, void *packed) {
  int64_t at = phase * phase_size(d), row = d->taps * d->depth;
  for (int64_t t = 0; t < d->taps; t++) {
    for (int64_t q = 0; q < d->vectors; q++) {
      for (int64_t i = 0; i < d->few * lanes(d); i++) {
        int64_t e = q * lanes(d) + i % lanes(d), o = i / lanes(d);
        int64_t a = phase / d->stride, b = phase % d->stride;
        set_weight(d, packed, at++, e < row ? weight_at(d, w, a, b, t, e, o) : 0);
      }
    }
  }
}

static int pack(const op_site *s, const void *state, const void *w, void *packed) {
  const narrow *d = state;
  (void)s;
  for (int64_t p = 0; p < d->stride * d->stride; p++) pack_phase(d, w, p, packed);
  return 0;
}

/* ---- the padded image ----------------------------------------------------------------------- */

static void copy_pixels(const narrow *d, const void *from, int64_t pixels, char *to) {
  if (d->bf16 && !d->image_bf16)
    bf16_round_piece(pixels * d->depth, from, (uint16_t *)(void *)to);
  else
    memcpy(to, from, (size_t)(pixels * d->depth) * d->element);
}

/* The rows under `count` rows of the result from `first` on; zeros outside the image. */
static void fill_strip(const narrow *d, const char *image, int64_t first, int64_t count,
                       char *strip) {
  int64_t row = first_place(d, first) - d->start, left = first_place(d, 0) - d->start;
  int64_t end = first_place(d, first + count - 1) - d->start + d->taps;
  int64_t low = left < 0 ? -left : 0, high = d->w - left < d->wide ? d->w - left : d->wide;
  size_t pixel = (size_t)d->depth * d->element, bytes = (size_t)d->wide * pixel;
  size_t stored = (size_t)d->depth * (d->image_bf16 ? 2 : 4);
  for (; row < end; row++, strip += bytes) {
    if (row < 0 || row >= d->h || high <= low) {
      memset(strip, 0, bytes);
      continue;
    }
    memset(strip, 0, (size_t)low * pixel);
    copy_pixels(d, image + (size_t)(row * d->w + left + low) * stored, high - low,
                strip + (size_t)low * pixel);
    memset(strip + (size_t)high * pixel, 0, (size_t)(d->wide - high) * pixel);
  }
}

/* ---- sixteen sums --------------------------------------------------------------------------- */

/* Both halves of a, then of b, added. */
WIDE INLINE __m512 fold_halves(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
}

WIDE INLINE __m512 fold_quarters(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

/* Lane i: the sum of the lanes of sum[i]. */
WIDE INLINE __m512 add_lanes(const __m512 *sum) {
  __m512 v[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    v[i] = fold_quarters(fold_halves(sum[i], sum[4 + i]), fold_halves(sum[8 + i], sum[12 + i]));
  }
  __m512 low = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
  __m512 high = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
  return _mm512_add_ps(_mm512_shuffle_ps(low, high, 0x44), _mm512_shuffle_ps(low, high, 0xEE));
}

/* Adds the products of register q of a window's row, for `places` windows one pixel apart. */
WIDE INLINE void add_float(int64_t few, __mmask16 mask, const float *x, int64_t depth,
                           const float *w, __m512 *sum) {
#pragma GCC unroll 16
  for (int64_t p = 0; p < SUMS / few; p++) {
    __m512 window = _mm512_maskz_loadu_ps(mask, x + p * depth);
#pragma GCC unroll 8
    for (int64_t o = 0; o < few; o++) {
      sum[p * few + o] = _mm512_fmadd_ps(window, _mm512_loadu_ps(w + o * LANES), sum[p * few + o]);
    }
  }
}

WIDE_BF16 INLINE void add_bf16(int64_t few, __mmask32 mask, const uint16_t *x, int64_t depth,
                               const uint16_t *w, __m512 *sum) {
#pragma GCC unroll 16
  for (int64_t p = 0; p < SUMS / few; p++) {
    __m512bh window = (__m512bh)_mm512_maskz_loadu_epi16(mask, x + p * depth);
#pragma GCC unroll 8
    for (int64_t o = 0; o < few; o++) {
      __m512bh weights = (__m512bh)_mm512_loadu_si512(w + o * 2 * LANES);
      sum[p * few + o] = _mm512_dpbf16_ps(sum[p * few + o], window, weights);
    }
  }
}

/* The first `count` positions' results, `step` floats apart. */
WIDE INLINE void store_results(int64_t few, __m512 sums, int64_t count, int64_t step, float *y) {
  float result[SUMS];
  if (step == few) {
    _mm512_mask_storeu_ps(y, (__mmask16)((1U << count * few) - 1), sums);
    return;
  }
  _mm512_storeu_ps(result, sums);
  for (int64_t p = 0; p < count; p++) {
    for (int64_t o = 0; o < few; o++) y[p * step + o] = result[p * few + o];
  }
}

/* The results of some positions; x: the upper left pixel of the first's window. */
#define DEFINE_SUMS(name, target, type, mask_type, add)                                            \
  target INLINE void name##_of(int64_t few, const narrow *d, const type *x, const type *w,         \
                               int64_t count, float *y) {                                          \
    const int64_t width = (int64_t)(64 / sizeof(type)), row = d->taps * d->depth;                  \
    const mask_type all = (mask_type)-1, tail = (mask_type)(all >> (width * d->vectors - row));    \
    __m512 sum[SUMS];                                                                              \
    for (int i = 0; i < SUMS; i++) sum[i] = _mm512_setzero_ps();                                   \
    for (int64_t t = 0; t < d->taps; t++, x += d->wide * d->depth) {                               \
      for (int64_t q = 0; q < d->vectors - 1; q++, w += few * width)                               \
        add(few, all, x + q * width, d->depth, w, sum);                                            \
      add(few, tail, x + (d->vectors - 1) * width, d->depth, w, sum);                              \
      w += few * width;                                                                            \
    }                                                                                              \
    store_results(few, add_lanes(sum), count, d->stride *few, y);                                  \
  }                                                                                                \
  target static void name(const narrow *d, const void *x, const void *w, int64_t count,            \
                          float *y) {                                                              \
    if (d->few == 1) name##_of(1, d, x, w, count, y);                                              \
    if (d->few == 2) name##_of(2, d, x, w, count, y);                                              \
    if (d->few == 3) name##_of(3, d, x, w, count, y);                                              \
    if (d->few == 4) name##_of(4, d, x, w, count, y);                                              \
    if (d->few == 5) name##_of(5, d, x, w, count, y);                                              \
    if (d->few == 6) name##_of(6, d, x, w, count, y);                                              \
    if (d->few == 7) name##_of(7, d, x, w, count, y);                                              \
    if (d->few == 8) name##_of(8, d, x, w, count, y);                                              \
  }

DEFINE_SUMS(sum_float, WIDE, float, __mmask16, add_float)
DEFINE_SUMS(sum_bf16, WIDE_BF16, uint16_t, __mmask32, add_bf16)

/* ---- rows of the result -----------------------------------------------------------------------
 */

/* The results of one row in phase b across; x: the strip's row under the first window. */
static void run_phase(const narrow *d, const char *x, const char *weights, int64_t b, float *y) {
  int64_t q = (b - d->offset % d->stride + d->stride) % d->stride;
  int64_t left = first_place(d, q) - first_place(d, 0);
  while (q < d->cols) {
    int64_t rest = op_divide_up(d->cols - q, d->stride);
    const char *window = x + (size_t)(left * d->depth) * d->element;
    (d->bf16 ? sum_bf16 : sum_float)(d, window, weights, rest < d->places ? rest : d->places,
                                     y + q * d->few);
    q += d->places * d->stride;
    left += d->places;
  }
}

static void run_row(const narrow *d, const char *strip, const char *packed, int64_t first,
                    int64_t row, float *y) {
  int64_t down = first_place(d, row) - first_place(d, first), a = (row + d->offset) % d->stride;
  const char *x = strip + (size_t)(down * d->wide * d->depth) * d->element;
  for (int64_t b = 0; b < d->stride; b++) {
    int64_t phase = a * d->stride + b;
    run_phase(d, x, packed + (size_t)(phase * phase_size(d)) * d->element, b, y);
  }
}

/* Band `item` of the batch. */
static void run_band(const op_site *s, const narrow *d, const op_buffers *b, int64_t item,
                     char *strip) {
  int64_t n = item / d->bands, first = item % d->bands * d->band;
  int64_t count = d->rows - first < d->band ? d->rows - first : d->band;
  float *y = (float *)b->out[0] + (n * d->rows + first) * d->cols * d->few;
  fill_strip(d, op_in_at(s, b, 0, n * d->h * d->w * d->depth), first, count, strip);
  for (int64_t i = 0; i < count; i++) {
    run_row(d, strip, b->in[1], first, first + i, y + i * d->cols * d->few);
  }
  epilogue_apply(s, b, y, count * d->cols);
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  const narrow *d = state;
#pragma omp parallel for schedule(static) num_threads(d->parts)
  for (int part = 0; part < d->parts; part++) {
    const team_share bands = team_share_of(d->n * d->bands, d->parts, part);
    char *strip = (char *)b->scratch + (size_t)part * d->strip;
    for (int64_t i = bands.first; i < bands.end; i++) run_band(s, d, b, i, strip);
  }
  return 0;
}

static bool takes_bf16(const op_site *s, int i) {
  (void)s;
  return i == 0;
}

static void cost_bf16(const op_site *s, op_cost *c) {
  (void)s;
  c->bf16 = true;
}

#define KERNEL(kind, text, fits, make, price, takes)                                               \
  const op_kernel kind = {.name = text,                                                            \
                          .applies = fits,                                                         \
                          .prepare = make,                                                         \
                          .release = free,                                                         \
                          .packed_bytes = packed_bytes,                                            \
                          .packed_key = packed_key,                                                \
                          .pack = pack,                                                            \
                          .run = run,                                                              \
                          .cost = price,                                                           \
                          .takes_bf16 = takes}

KERNEL(conv_narrow, "narrow", suits_float, prepare, NULL, NULL);
KERNEL(conv_narrow_bf16, "narrow-bf16", suits_bf16, prepare_bf16, cost_bf16, takes_bf16);
#else
static bool never(const op_site *s) {
  (void)s;
  return false;
}

const op_kernel conv_narrow = {.name = "narrow", .applies = never};
const op_kernel conv_narrow_bf16 = {.name = "narrow-bf16", .applies = never};
#endif
