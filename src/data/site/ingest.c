#include "ingest.h"

#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "prepare.h"
#include "text.h"
#include "watch.h"

enum { BATCH_BYTES = 32 << 20, LEAST_BATCH = 64, MOST_BATCH = 1024 };

/* Of a record: an image as its file had it, before all become alike. */
typedef struct format {
  double white; /* the file's value that means 1 */
  int largest;  /* of the file's values */
  prepare_tone tone;
  uint8_t channels, bytes; /* kept */
} format;

typedef struct slot { /* one decoded image */
  void *pixels;       /* [size][size][channels], kept values */
  format format;
  char *error;  /* or why there is none */
  bool untried; /* which is not the file's fault */
} slot;

static size_t record_size(const ingest *g, int channels, int bytes) {
  return (size_t)g->how.size * (size_t)g->how.size * (size_t)(channels * bytes);
}

ingest ingest_new(const domain *d, int size, int64_t n, const xs_watch *watch) {
  ingest g = {.d = d, .how = domain_preprocessing(d, size), .n = n, .watch = watch};
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

bool ingest_is_stopped(const ingest *g) { return watch_stops(g->watch); }

/* ---- one image ------------------------------------------------------------------------------- */

static void load(const ingest *g, int64_t i, slot *s) {
  image x;
  double white;
  const int status = prepare_read(g->path[i], &g->how, g->d->path, &x, &white);
  if (status) {
    s->error = text_copy(fail_message());
    s->untried = status == IMAGE_UNTRIED;
  } else {
    const picture p = prepare_whole(&x);
    s->format = (format){.white = white, .largest = image_largest(&x)};
    s->format.tone = prepare_tone_of(&g->how, &x, white);
    s->format.channels = (uint8_t)x.channels;
    s->format.bytes = (uint8_t)prepare_bytes(x.bytes, white);
    s->pixels = memory_new(record_size(g, x.channels, s->format.bytes));
    prepare_pixels(&p, &g->how, white, s->pixels);
  }
  image_release(&x);
}

bool ingest_still_unreadable(ingest *g, int64_t i) {
  slot s = {0};
  load(g, i, &s);
  g->error[i] = s.error;
  free(s.pixels);
  return s.error && !s.untried;
}

/* ---- all images, as their files have them ---------------------------------------------------- */

static int keep(ingest *g, int64_t i, const slot *from, record_file *s, format *f) {
  g->error[i] = from->error;
  if (from->untried) return fail(XS_FAILED, "%s", from->error);
  if (from->error) return 0;
  const size_t size = record_size(g, from->format.channels, from->format.bytes);
  f[s->n] = from->format;
  int status = record_file_widen(s, size);
  return status ? status : record_file_write(s, s->n, from->pixels, size);
}

static int read_batch(ingest *g, int64_t first, int64_t n, record_file *s, format *f) {
  slot *slots = memory_new(sizeof *slots * (size_t)n);
  int status = 0;
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < n; i++) load(g, first + i, &slots[i]);
  for (int64_t i = 0; i < n; i++) {
    if (status) {
      free(slots[i].error);
    } else {
      status = keep(g, first + i, &slots[i], s, f);
    }
    free(slots[i].pixels);
  }
  free(slots);
  return status;
}

static void tell(const ingest *g, int64_t done) {
  if (!g->watch || !g->watch->progress) return;
  char *task = text_format("reading images of %s", g->d->name);
  const xs_progress p = {.task = task, .done = done, .total = g->n};
  watch_progress(g->watch, &p);
  free(task);
}

static int read_files(ingest *g, record_file *s, format *f) {
  const int64_t fit = BATCH_BYTES / (int64_t)record_size(g, 1, 2);
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

/* The deepest and the most colourful image decide how all are stored; the brightest, whose largest
 * value is nearest to its white, whether all are nearly black. */
static void choose_depth(ingest *g, const format *f, int64_t n, int *channels, int *bytes) {
  *channels = *bytes = 1;
  g->white = g->largest = 0;
  g->tone = n > 0 ? (int)f[0].tone : PREPARE_SEEN;
  for (int64_t i = 0; i < n; i++) {
    if (f[i].channels > *channels) *channels = f[i].channels;
    if (f[i].bytes > *bytes) *bytes = f[i].bytes;
    if (f[i].tone == PREPARE_SEEN) g->tone = PREPARE_SEEN;
    if (g->white > 0 && f[i].largest / f[i].white <= g->largest / g->white) continue;
    g->white = f[i].white;
    g->largest = f[i].largest;
  }
}

void ingest_describe(const ingest *g, int64_t n, int channels, int bytes, xs_images *x) {
  x->n = n;
  x->height = x->width = g->how.size;
  x->channels = channels;
  x->bytes = bytes;
  x->max_value = prepare_white(bytes);
  x->how = g->how;
}

static int make_alike(const ingest *g, const format *f, const xs_images *x, record_file *s) {
  const size_t size = record_size(g, x->channels, x->bytes);
  const int64_t pixels = (int64_t)x->height * x->width;
  void *from = memory_new(size), *to = memory_new(size);
  int status = record_file_widen(s, size);
  for (int64_t i = 0; i < x->n && !status; i++) {
    if (f[i].channels == x->channels && f[i].bytes == x->bytes) continue;
    status = record_file_read(s, i, from, record_size(g, f[i].channels, f[i].bytes));
    prepare_widen(from, pixels, f[i].channels, f[i].bytes, x->channels, x->bytes, to);
    if (!status) status = record_file_write(s, i, to, size);
  }
  free(from);
  free(to);
  return status;
}

int ingest_read(ingest *g, record_file *s, xs_images *x) {
  format *f = memory_new(sizeof *f * (size_t)g->n);
  int channels, bytes, status = read_files(g, s, f);
  if (!status) {
    choose_depth(g, f, s->n, &channels, &bytes);
    ingest_describe(g, s->n, channels, bytes, x);
    status = make_alike(g, f, x, s);
  }
  free(f);
  return status;
}
