/* conv_dw_narrow_cpu.c: gradients by the weights of 7x7 convolutions of stride 1 from 16 or more
 * channels to at most 3, for AVX-512.
 *
 * For one of the kernel's rows, and 16 channels of the image, all taps and results are sums in
 * registers: 7 x 3 of them, each fed by a position's pixel and a number of dy.  In bfloat16 two
 * neighbouring positions are multiplied at once, so the image is kept as pairs of pixels.
 * Measured on two cores of a Zen 5 against conv_columns_cpu.c, 64 images of 32x32: 16 channels 1.8
 * times as fast, 2.9 in bfloat16; 64 channels 1.1 and 1.9. */
#include "conv.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "team.h"

enum { TAPS = 7, FEW = 3, LANES = 16 };
#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define WIDE_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define INLINE static inline __attribute__((always_inline))

typedef struct outer {
  conv_geometry g;
  bool bf16, x_bf16; /* the factors; x as it is stored */
  int parts;
  int64_t groups, wide;       /* registers of a pixel; pixels of a padded row */
  int64_t pairs;              /* positions of dy's row that are multiplied at once: 2 or 1 */
  size_t strip, narrow, sums; /* bytes of a part's padded image, dy and result */
} outer;

static bool suits(const op_site *s, bool bf16) {
  conv_geometry g = conv_site_geometry(s);
  if (!op_cpu_has_avx512() || (bf16 && !(s->bf16 && tg_has_bf16()))) return false;
  return g.kh == TAPS && g.kw == TAPS && g.stride == 1 && g.ci >= LANES && g.co <= FEW;
}

static bool suits_float(const op_site *s) { return suits(s, false); }
static bool suits_bf16(const op_site *s) { return suits(s, true); }

static outer describe(const op_site *s, bool bf16) {
  outer d = {
      .g = conv_site_geometry(s), .bf16 = bf16, .x_bf16 = s->in_bf16[0], .parts = team_parts()};
  d.groups = (d.g.ci + LANES - 1) / LANES;
  d.pairs = bf16 ? 2 : 1;
  d.wide = d.g.wo + d.pairs - 1 + TAPS;
  d.strip = memory_lines((size_t)((d.g.ho + TAPS - 1) * d.groups * d.wide * LANES * 4));
  d.narrow = memory_lines((size_t)(d.g.ho * (d.g.wo + 1) * d.g.co * 4));
  d.sums = memory_lines((size_t)(TAPS * TAPS * d.groups * d.g.co * LANES * 4));
  return d;
}

static size_t part_bytes(const outer *d) { return d->strip + d->narrow + d->sums; }

static int prepare_precision(const op_site *s, bool bf16, void **state, size_t *scratch) {
  outer *d = memory_new(sizeof *d);
  *d = describe(s, bf16);
  *scratch = (size_t)d->parts * part_bytes(d);
  *state = d;
  return 0;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, false, state, scratch);
}

static int prepare_bf16(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, true, state, scratch);
}

/* ---- the padded image: [rows][groups][wide] registers -----------------------------------------
 */

/* Which of a group's channels there are at a pixel, and the first one's place in x. */
INLINE __mmask16 find_group(const outer *d, int64_t row, int64_t group, int64_t pixel,
                            int64_t *at) {
  int64_t column = pixel - d->g.pad, rest = d->g.ci - group * LANES;
  bool inside = row >= 0 && row < d->g.h && column >= 0 && column < d->g.w;
  *at = inside ? (row * d->g.w + column) * d->g.ci + group * LANES : 0;
  return (__mmask16)(!inside ? 0 : rest >= LANES ? 0xffffU : (1U << rest) - 1);
}

WIDE INLINE __m512 load_group(const outer *d, const float *x, int64_t row, int64_t group,
                              int64_t pixel) {
  int64_t at;
  __mmask16 mask = find_group(d, row, group, pixel, &at);
  return _mm512_maskz_loadu_ps(mask, x + at);
}

WIDE static void fill_row(const outer *d, const void *x, int64_t row, int64_t group, float *to) {
  for (int64_t j = 0; j < d->wide; j++)
    _mm512_storeu_ps(to + j * LANES, load_group(d, x, row, group, j));
}

/* Bfloat16 in the lower halves. */
WIDE_BF16 INLINE __m512i load_bf16(const outer *d, const void *x, int64_t row, int64_t group,
                                   int64_t pixel) {
  int64_t at;
  __mmask16 mask = find_group(d, row, group, pixel, &at);
  if (d->x_bf16)
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + at));
  __m512 wide = _mm512_maskz_loadu_ps(mask, (const float *)x + at);
  return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(wide));
}

/* Pixel j in the lower halves, j + 1 in the upper. */
WIDE_BF16 static void fill_row_bf16(const outer *d, const void *x, int64_t row, int64_t group,
                                    float *to) {
  __m512i next = load_bf16(d, x, row, group, 0);
  for (int64_t j = 0; j < d->wide; j++) {
    __m512i here = next;
    next = load_bf16(d, x, row, group, j + 1);
    _mm512_storeu_si512(to + j * LANES, _mm512_or_si512(here, _mm512_slli_epi32(next, 16)));
  }
}

static void fill_strip(const outer *d, const void *image, float *strip) {
  for (int64_t i = 0; i < d->g.ho + TAPS - 1; i++) {
    for (int64_t group = 0; group < d->groups; group++, strip += d->wide * LANES)
      (d->bf16 ? fill_row_bf16 : fill_row)(d, image, i - d->g.pad, group, strip);
  }
}

/* dy's rows as pairs of bfloat16 in place of floats: [ho][ceil(wo / 2)][co]. */
WIDE_BF16 static void fill_pairs(const outer *d, const float *dy, float *pairs) {
  int64_t co = d->g.co, row = d->g.wo * co;
  for (int64_t i = 0; i < d->g.ho; i++, dy += row) {
    for (int64_t e = 0; e < row; e += 2 * co) {
      for (int64_t o = 0; o < co; o++, pairs++) {
        float second = e + co < row ? dy[e + co + o] : 0;
        __m512 both = _mm512_castps128_ps512(_mm_setr_ps(dy[e + o], second, 0, 0));
        int32_t bits = _mm_cvtsi128_si32(_mm256_castsi256_si128((__m256i)_mm512_cvtneps_pbh(both)));
        memcpy(pairs, &bits, sizeof bits);
      }
    }
  }
}

/* ---- sums -------------------------------------------------------------------------------------
 */

WIDE INLINE __m512 add_float(__m512 sum, const float *x, const float *y) {
  return _mm512_fmadd_ps(_mm512_loadu_ps(x), _mm512_set1_ps(*y), sum);
}

WIDE_BF16 INLINE __m512 add_bf16(__m512 sum, const float *x, const float *y) {
  return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_loadu_si512(x),
                          (__m512bh)_mm512_castps_si512(_mm512_set1_ps(*y)));
}

/* Adds to sums [TAPS][few] registers those of one row of the kernel and one group; strip: the
 * group's first row under that of the kernel. */
#define DEFINE_SUMS(name, target, step, add)                                                       \
  target INLINE void name##_of(int64_t few, const outer *d, const float *strip, const float *dy,   \
                               float *sums) {                                                      \
    __m512 sum[TAPS * FEW];                                                                        \
    _Pragma("GCC unroll 21") for (int64_t e = 0; e < TAPS * few; e++) sum[e] =                     \
        _mm512_loadu_ps(sums + e * LANES);                                                         \
    for (int64_t i = 0; i < d->g.ho; i++, strip += d->groups * d->wide * LANES) {                  \
      for (int64_t j = 0; j < d->g.wo; j += step, dy += few) {                                     \
        const float *x = strip + j * LANES;                                                        \
        _Pragma("GCC unroll 21") for (int64_t e = 0; e < TAPS * few; e++) sum[e] =                 \
            add(sum[e], x + e / few * LANES, dy + e % few);                                        \
      }                                                                                            \
    }                                                                                              \
    _Pragma("GCC unroll 21") for (int64_t e = 0; e < TAPS * few; e++)                              \
        _mm512_storeu_ps(sums + e * LANES, sum[e]);                                                \
  }                                                                                                \
  target static void name(const outer *d, const float *strip, const float *dy, float *sums) {      \
    if (d->g.co == 1) name##_of(1, d, strip, dy, sums);                                            \
    if (d->g.co == 2) name##_of(2, d, strip, dy, sums);                                            \
    if (d->g.co == 3) name##_of(3, d, strip, dy, sums);                                            \
  }

DEFINE_SUMS(sum_float, WIDE, 1, add_float)
DEFINE_SUMS(sum_bf16, WIDE_BF16, 2, add_bf16)

/* ---- running ------------------------------------------------------------------------------------
 */

/* Registers of the kernel's row and group: [TAPS][groups][TAPS][co]. */
static float *sums_of(const outer *d, float *sums, int64_t row, int64_t group) {
  return sums + (row * d->groups + group) * TAPS * d->g.co * LANES;
}

static void add_image(const outer *d, const void *x, const float *dy, char *room) {
  float *strip = (float *)(void *)room, *pairs = (float *)(void *)(room + d->strip);
  float *sums = (float *)(void *)(room + d->strip + d->narrow);
  fill_strip(d, x, strip);
  if (d->bf16) fill_pairs(d, dy, pairs);
  for (int64_t row = 0; row < TAPS; row++) {
    for (int64_t group = 0; group < d->groups; group++) {
      const float *under = strip + (row * d->groups + group) * d->wide * LANES;
      (d->bf16 ? sum_bf16 : sum_float)(d, under, d->bf16 ? pairs : dy,
                                       sums_of(d, sums, row, group));
    }
  }
}

/* dw [u][v][c][o] from the parts' sums, added in their order. */
static void add_parts(const outer *d, const char *room, float *dw) {
  const conv_geometry *g = &d->g;
  for (int64_t e = 0; e < TAPS * TAPS * g->ci * g->co; e++) {
    int64_t o = e % g->co, c = e / g->co % g->ci, tap = e / g->co / g->ci;
    int64_t group = tap / TAPS * d->groups + c / LANES;
    int64_t at = ((group * TAPS + tap % TAPS) * g->co + o) * LANES + c % LANES;
    dw[e] = 0;
    for (int part = 0; part < d->parts; part++) {
      const void *sums = room + (size_t)part * part_bytes(d) + d->strip + d->narrow;
      dw[e] += ((const float *)sums)[at];
    }
  }
}

static int run(const op_site *s, void *state, const op_buffers *b) {
  const outer *d = state;
  const conv_geometry *g = &d->g;
#pragma omp parallel for schedule(static) num_threads(d->parts)
  for (int part = 0; part < d->parts; part++) {
    const team_share images = team_share_of(g->n, d->parts, part);
    char *room = (char *)b->scratch + (size_t)part * part_bytes(d);
    memset(room + d->strip + d->narrow, 0, d->sums);
    for (int64_t n = images.first; n < images.end; n++) {
      add_image(d, op_in_at(s, b, 0, n * g->h * g->w * g->ci),
                (const float *)b->in[1] + n * g->ho * g->wo * g->co, room);
    }
  }
  add_parts(d, b->scratch, b->out[0]);
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

const op_kernel conv_dw_narrow = {
    .name = "narrow", .applies = suits_float, .prepare = prepare, .release = free, .run = run};

const op_kernel conv_dw_narrow_bf16 = {.name = "narrow-bf16",
                                       .applies = suits_bf16,
                                       .prepare = prepare_bf16,
                                       .release = free,
                                       .run = run,
                                       .cost = cost_bf16,
                                       .takes_bf16 = takes_bf16};
#else
static bool never(const op_site *s) {
  (void)s;
  return false;
}

const op_kernel conv_dw_narrow = {.name = "narrow", .applies = never};
const op_kernel conv_dw_narrow_bf16 = {.name = "narrow-bf16", .applies = never};
#endif
