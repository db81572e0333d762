#include "ingest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "resample.h"
#include "site.h"

enum { BATCH_BYTES = 32 << 20, LEAST_BATCH = 64, MOST_BATCH = 1024 };

typedef struct slot { /* one decoded image */
  image x;            /* [size][size][channels] */
  double white;       /* the value that means 1 */
  int largest;        /* value before resizing */
  char *error;        /* or why there is none */
} slot;

/* Of a record: an image as its file had it, before all become alike. */
typedef struct format {
  double white;
  int largest;
  uint8_t channels, bytes;
} format;

ingest ingest_new(const domain *d, int64_t n, const xs_watch *watch) {
  ingest g = {.d = d, .n = n, .watch = watch};
  g.path = memory_new(sizeof *g.path * (size_t)n);
  g.error = memory_new(sizeof *g.error * (size_t)n);
  return g;
}

void ingest_release(ingest *g) {
  free(g->path);
  ingest_forget_errors(g);
  free(g->error);
  *g = (ingest){0};
}

void ingest_forget_errors(ingest *g) {
  for (int64_t i = 0; i < g->n; i++) {
    free(g->error[i]);
    g->error[i] = NULL;
  }
}

int64_t ingest_unreadable(const ingest *g) {
  int64_t n = 0;
  for (int64_t i = 0; i < g->n; i++) n += g->error[i] != NULL;
  return n;
}

const char *ingest_first_error(const ingest *g) {
  int64_t i = 0;
  while (i < g->n && !g->error[i]) i++;
  return i < g->n ? g->error[i] : NULL;
}

bool ingest_is_stopped(const ingest *g) {
  return g->watch && g->watch->stop && g->watch->stop(g->watch->context);
}

/* ---- one image ------------------------------------------------------------------------------- */

/* All of x, or its central square. */
static picture cut(const image *x, bool center_crop) {
  picture p = {x->pixels, x->height, x->width, x->channels, x->bytes, x->width};
  if (!center_crop) return p;
  p.height = p.width = x->height < x->width ? x->height : x->width;
  int64_t first = (int64_t)((x->height - p.height) / 2) * x->width + (x->width - p.width) / 2;
  p.pixels = (const char *)x->pixels + first * x->channels * x->bytes;
  return p;
}

static void store_values(const float *y, int64_t n, image *x) {
  uint8_t *p8 = x->pixels;
  uint16_t *p16 = x->pixels;
  for (int64_t i = 0; i < n; i++) {
    float v = floorf(y[i] + 0.5f);
    if (x->bytes == 1) {
      p8[i] = (uint8_t)(v > 255 ? 255 : v);
    } else {
      p16[i] = (uint16_t)(v > 65535 ? 65535 : v);
    }
  }
}

static void resize(const domain *d, image *x) {
  int size = (int)d->size, c = x->channels;
  xs_resize how = strcmp(d->resize, "nearest") ? XS_BILINEAR : XS_NEAREST;
  picture p = cut(x, d->center_crop);
  image y = {size, size, c, x->bytes, x->bits, memory_new((size_t)(size * size * c * x->bytes))};
  float *out = memory_new(sizeof *out * (size_t)(size * size * c));
  resample(&p, size, size, how, out);
  store_values(out, (int64_t)size * size * c, &y);
  free(out);
  free(x->pixels);
  *x = y;
}

static void load(const domain *d, const char *path, slot *s) {
  if (site_read_image(d, path, &s->x, &s->white)) {
    s->error = text_copy(fail_message());
    image_release(&s->x);
  } else {
    s->largest = image_largest(&s->x);
    resize(d, &s->x);
  }
}

bool ingest_still_unreadable(ingest *g, int64_t i) {
  slot s = {0};
  load(g->d, g->path[i], &s);
  g->error[i] = s.error;
  image_release(&s.x);
  return s.error != NULL;
}

/* ---- all images, as their files have them ---------------------------------------------------- */

static size_t record_size(const domain *d, int channels, int bytes) {
  return (size_t)(d->size * d->size * channels * bytes);
}

static int keep(ingest *g, int64_t i, const slot *from, spool *s, format *f) {
  const image *x = &from->x;
  g->error[i] = from->error;
  if (from->error) return 0;
  const size_t size = record_size(g->d, x->channels, x->bytes);
  f[s->n] = (format){from->white, from->largest, (uint8_t)x->channels, (uint8_t)x->bytes};
  int status = spool_widen(s, size);
  return status ? status : spool_write(s, s->n, x->pixels, size);
}

static int read_batch(ingest *g, int64_t first, int64_t n, spool *s, format *f) {
  slot *slots = memory_new(sizeof *slots * (size_t)n);
  int status = 0;
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < n; i++) load(g->d, g->path[first + i], &slots[i]);
  for (int64_t i = 0; i < n; i++) {
    if (status) {
      free(slots[i].error);
    } else {
      status = keep(g, first + i, &slots[i], s, f);
    }
    image_release(&slots[i].x);
  }
  free(slots);
  return status;
}

static void tell(const ingest *g, int64_t done) {
  if (!g->watch || !g->watch->progress) return;
  char *task = text_format("reading images of %s", g->d->name);
  const xs_progress p = {.task = task, .done = done, .total = g->n};
  g->watch->progress(g->watch->context, &p);
  free(task);
}

static int read_files(ingest *g, spool *s, format *f) {
  const int64_t fit = BATCH_BYTES / (int64_t)record_size(g->d, 1, 2);
  const int64_t batch = fit < LEAST_BATCH ? LEAST_BATCH : fit > MOST_BATCH ? MOST_BATCH : fit;
  int status = 0;
  for (int64_t i = 0; i < g->n && !status; i += batch) {
    const int64_t n = g->n - i < batch ? g->n - i : batch;
    if (ingest_is_stopped(g)) {
      return fail(XS_FAILED, "stopped while the images of %s were read", g->d->name);
    }
    status = read_batch(g, i, n, s, f);
    if (!status && i + n < g->n) tell(g, i + n);
  }
  return status;
}

/* ---- and all alike --------------------------------------------------------------------------- */

/* The deepest and the most colourful image decide how all are stored; *white is the value that
 * means 1 in all of them, or the largest of the depth where they differ. */
static void choose_depth(const format *f, int64_t n, int *channels, int *bytes, double *white) {
  bool differ = false;
  *channels = *bytes = 1;
  *white = 0;
  for (int64_t i = 0; i < n; i++) {
    if (f[i].channels > *channels) *channels = f[i].channels;
    if (f[i].bytes > *bytes) *bytes = f[i].bytes;
    differ = differ || (*white > 0 && lrint(f[i].white) != lrint(*white));
    *white = f[i].white;
  }
  if (differ) *white = *bytes == 1 ? 255 : 65535;
}

void ingest_describe(const ingest *g, int64_t n, int channels, int bytes, xs_images *x) {
  x->n = n;
  x->height = x->width = (int)g->d->size;
  x->channels = channels;
  x->bytes = bytes;
  x->max_value = g->d->max_value > 0 ? g->d->max_value : g->white;
}

static double stretch_of(const domain *d, const format *f, const xs_images *x) {
  if (d->max_value > 0 && f->bytes == x->bytes) return 1;
  return x->max_value / f->white;
}

static int largest_of(const domain *d, const format *f, const xs_images *x) {
  int largest = 0;
  for (int64_t i = 0; i < x->n; i++) {
    int top = (int)lrint(f[i].largest * stretch_of(d, &f[i], x));
    if (top > largest) largest = top;
  }
  return largest;
}

/* Gray is repeated where the site is coloured; values are stretched where white differs. */
static void convert(const void *from, const format *f, double stretch, const xs_images *x,
                    void *to) {
  const int64_t values = (int64_t)x->height * x->width * x->channels;
  const double most = x->bytes == 1 ? 255 : 65535;
  for (int64_t i = 0; i < values; i++) {
    const int64_t at = f->channels == x->channels ? i : i / 3;
    const double v = f->bytes == 1 ? ((const uint8_t *)from)[at] : ((const uint16_t *)from)[at];
    const long y = lrint(fmin(v * stretch, most));
    if (x->bytes == 1) {
      ((uint8_t *)to)[i] = (uint8_t)y;
    } else {
      ((uint16_t *)to)[i] = (uint16_t)y;
    }
  }
}

static bool is_alike(const format *f, double stretch, const xs_images *x) {
  return f->channels == x->channels && f->bytes == x->bytes && stretch == 1;
}

static int make_alike(const domain *d, const format *f, const xs_images *x, spool *s) {
  const size_t size = record_size(d, x->channels, x->bytes);
  void *from = memory_new(size), *to = memory_new(size);
  int status = spool_widen(s, size);
  for (int64_t i = 0; i < x->n && !status; i++) {
    const double stretch = stretch_of(d, &f[i], x);
    if (is_alike(&f[i], stretch, x)) continue;
    status = spool_read(s, i, from, record_size(d, f[i].channels, f[i].bytes));
    convert(from, &f[i], stretch, x, to);
    if (!status) status = spool_write(s, i, to, size);
  }
  free(from);
  free(to);
  return status;
}

int ingest_read(ingest *g, spool *s, xs_images *x) {
  format *f = memory_new(sizeof *f * (size_t)g->n);
  int channels, bytes, status = read_files(g, s, f);
  if (!status) {
    choose_depth(f, s->n, &channels, &bytes, &g->white);
    ingest_describe(g, s->n, channels, bytes, x);
    g->largest = largest_of(g->d, f, x);
    status = make_alike(g->d, f, x, s);
  }
  free(f);
  return status;
}
