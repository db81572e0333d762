/* Images of a site that look unlike the others: a wrong range, a wrong tag, an empty film. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "exposure.h"
#include "image.h"
#include "image_cache.h"
#include "memory.h"
#include "resample.h"
#include "site_opening.h"
#include "watch.h"

enum { NAMED = 3, LEVELS = 1024, BLOCK = 256 }; /* block: images between two forgettings */

/* ---- one image ---- */

/* The mean of the channels, in [0,1]. */
static double tone_at(const xs_images *x, int64_t pixel) {
  double sum = 0;
  for (int64_t i = pixel * x->channels; i < (pixel + 1) * x->channels; i++) {
    sum += image_value(x->pixels, x->bytes, i);
  }
  const double tone = sum / x->channels / x->max_value;
  return tone < 1 ? tone : 1;
}

static double percentile(const int64_t count[LEVELS], int64_t n, double share) {
  return exposure_level(count, LEVELS, n, share) / (LEVELS - 1.0);
}

/* From low to high, in shares of white. */
static void shrink(const xs_images *x, int64_t row, double low, double high, uint8_t *grey) {
  float small[EXPOSURE_TWICE * EXPOSURE_TWICE];
  const int64_t size = (int64_t)x->height * x->width * x->channels * x->bytes;
  const picture p = {
      (const char *)x->pixels + row * size, x->height, x->width, x->channels, x->bytes, x->width};
  resample_gray(&p, EXPOSURE_TWICE, EXPOSURE_TWICE, small);
  exposure_shrink(small, low * x->max_value, high * x->max_value, grey);
}

static void measure(const xs_images *x, int64_t row, exposure *out) {
  const int64_t n = (int64_t)x->height * x->width, first = row * n;
  int64_t count[LEVELS] = {0};
  double sum = 0, white = 0;
  for (int64_t i = first; i < first + n; i++) {
    const double tone = tone_at(x, i);
    count[lrint(tone * (LEVELS - 1))]++;
    sum += tone;
    white += tone >= 0.995;
  }
  const double low = percentile(count, n, 0.01), high = percentile(count, n, 0.99);
  out->contrast = high - low;
  out->white = white / (double)n;
  out->mean = sum / (double)n;
  shrink(x, row, low, high, out->grey);
}

/* ---- the site ---- */

/* "2 inverted (a.png, b.png)" behind what is there already. */
static void add_fault(buffer *text, const xs_images *x, const uint8_t *f, exposure_fault which) {
  buffer names = {0};
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (f[i] != which || n++ >= NAMED) continue;
    buffer_between(&names, ", ");
    buffer_text(&names, x->file[i]);
  }
  if (!n) return;
  buffer_between(text, ", ");
  buffer_add(text, "%lld %s (%s%s)", (long long)n, exposure_name[which], names.text,
             n > NAMED ? ", ..." : "");
  buffer_free(&names);
}

static void measure_all(const xs_images *x, exposure *out) {
  for (int64_t first = 0; first < x->n; first += BLOCK) {
    const int64_t end = first + BLOCK < x->n ? first + BLOCK : x->n;
#pragma omp parallel for schedule(static)
    for (int64_t i = first; i < end; i++) measure(x, i, &out[i]);
    images_forget(x);
  }
}

void site_find_faults(const xs_images *x, uint8_t *fault) {
  memset(fault, EXPOSURE_RIGHT, (size_t)x->n);
  if (x->n < EXPOSURE_LEAST) return;
  exposure *all = memory_new(sizeof *all * (size_t)x->n);
  exposure_norm m;
  measure_all(x, all);
  exposure_measure(all, x->n, &m);
  for (int64_t i = 0; i < x->n; i++) fault[i] = (uint8_t)exposure_judge(&all[i], &m);
  free(all);
}

char *site_name_faults(const xs_images *x, const uint8_t *fault) {
  buffer text = {0};
  for (int k = 0; k < EXPOSURE_RIGHT; k++) add_fault(&text, x, fault, (exposure_fault)k);
  return text.text;
}

void site_note_unlike(const xs_watch *w, const xs_site *s) {
  if (!s->unlike) return;
  watch_note(w,
             "site %s: images unlike the others: %s; look at them, and at range, window and "
             "max_value of the domain file",
             s->images.name, s->unlike);
}
