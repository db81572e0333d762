/* Every image is decoded once, measured and forgotten. */
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "encoding.h"
#include "error.h"
#include "image.h"
#include "memory.h"
#include "perceptual.h"
#include "prepare.h"
#include "site_opening.h"
#include "text.h"
#include "watch.h"

/* ---- one image ------------------------------------------------------------------------------- */

static int read_image(const domain *d, const char *path, image *x, double *white) {
  const xs_preprocessing how = domain_preprocessing(d, 0);
  return prepare_read(path, &how, d->path, x, white);
}

static void measure_file(const check_site *t, image_stats *s) {
  image x = {0};
  double white;
  const int status = read_image(&t->d, s->path, &x, &white);
  s->untried = status == IMAGE_UNTRIED;
  if (status || encoding_name(s->path, s->encoding)) {
    s->error = text_copy(fail_message());
  } else {
    const picture p = prepare_whole(&x);
    image_stats_measure(&p, white, s);
  }
  image_release(&x);
}

static picture stored(const xs_images *x, int64_t row) {
  const int64_t size = (int64_t)x->height * x->width * x->channels * x->bytes;
  return (picture){
      (const char *)x->pixels + row * size, x->height, x->width, x->channels, x->bytes, x->width};
}

static void measure(const check_site *t, image_stats *s) {
  if (t->read) {
    const picture p = stored(&t->read->images, s->row);
    image_stats_measure(&p, t->read->images.max_value, s);
  } else {
    measure_file(t, s);
  }
}

/* ---- all images ------------------------------------------------------------------------------ */

static void tell(const check *c, int64_t done) {
  if (!c->w || !c->w->progress) return;
  const xs_progress p = {.task = "reading images", .done = done, .total = c->n};
  watch_progress(c->w, &p);
}

static void measure_some(check *c, int64_t first, int64_t end) {
#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t i = first; i < end; i++) measure(&c->site[c->sample[i].site], &c->sample[i]);
}

/* In parts, between which the watch is asked and told. */
static int measure_all(check *c) {
  enum { PART = 256 };
  for (int64_t i = 0; i < c->n; i += PART) {
    const int64_t end = c->n - i < PART ? c->n : i + PART;
    measure_some(c, i, end);
    if (end < c->n) tell(c, end);
    if (watch_stops(c->w)) return fail(XS_FAILED, "stopped; nothing was written");
  }
  return 0;
}

static void add_entry(check *c, int site, int64_t row) {
  const check_site *t = &c->site[site];
  image_stats *s = &c->sample[c->n++];
  *s = (image_stats){.site = site, .row = row, .label = -1, .side = -1};
  if (t->read) {
    s->label = t->read->label[row];
    s->group = t->read->images.group[row];
  } else {
    const entry *e = &t->l.entry[row];
    s->file = e->file;
    s->path = e->path;
    s->patient = e->patient;
    s->label = e->label;
    s->group = e->group;
  }
  if (c->o->ignore_labels) s->label = -1;
}

static void add_site(check *c, int site) {
  check_site *t = &c->site[site];
  const int64_t n = t->read ? t->read->images.n : t->l.n;
  uint64_t *group = memory_new(sizeof *group * (size_t)n);
  int64_t *rows = memory_new(sizeof *rows * (size_t)n);
  for (int64_t i = 0; i < n; i++) {
    group[i] = t->read ? t->read->images.group[i] : t->l.entry[i].group;
  }
  t->first = c->n;
  t->n = site_limit_rows(group, n, c->o->limit, rows);
  c->sample = memory_grow(c->sample, sizeof *c->sample * (size_t)(c->n + t->n));
  for (int64_t i = 0; i < t->n; i++) add_entry(c, site, rows[i]);
  free(group);
  free(rows);
}

static int open_site(check *c, int site) {
  check_site *t = &c->site[site];
  int status = domain_open(t->path, c->o->data_dir, &t->d);
  if (status) return status;
  for (int k = 0; k < site; k++) {
    if (strcmp(c->site[k].d.name, t->d.name)) continue;
    return fail(XS_USAGE, "%s and %s are both called %s; sites need different names",
                c->site[k].path, t->path, t->d.name);
  }
  if (strcmp(t->d.format, "idx")) return listing_read(&t->d, true, &t->l);
  const xs_site_options o = {.data_dir = c->o->data_dir};
  return xs_site_open(t->path, &o, &t->read);
}

static int check_tried(const check *c) {
  for (int64_t i = 0; i < c->n; i++) {
    if (c->sample[i].untried) return fail(XS_FAILED, "%s", c->sample[i].error);
  }
  return 0;
}

static int check_readable(const check *c) {
  for (int64_t i = 0; i < c->n; i++) {
    if (!c->sample[i].error) return 0;
  }
  return fail(XS_FAILED, "none of the %lld images can be read; the first: %s", (long long)c->n,
              c->sample[0].error);
}

int measure_images(check *c) {
  for (int i = 0; i < c->sites; i++) {
    int status = open_site(c, i);
    if (status) return status;
    add_site(c, i);
  }
  int status = measure_all(c);
  if (!status) status = check_tried(c);
  return status ? status : check_readable(c);
}

void measure_images_release(check *c) {
  for (int64_t i = 0; i < c->n; i++) free(c->sample[i].error);
  free(c->sample);
  for (int i = 0; i < c->sites; i++) {
    check_site *t = &c->site[i];
    for (int k = 0; k < t->sides; k++) free(t->side[k]);
    free(t->side);
    listing_release(&t->l);
    xs_site_close(t->read);
    domain_close(&t->d);
  }
  free(c->site);
}

/* ---- to be looked at ------------------------------------------------------------------------- */

static void draw(const picture *p, double white, int side, uint8_t *grey) {
  const int most = p->height > p->width ? p->height : p->width;
  const int height = p->height * side / most ? p->height * side / most : 1;
  const int width = p->width * side / most ? p->width * side / most : 1;
  float *y = memory_new(sizeof *y * (size_t)(height * width));
  resample_gray(p, height, width, y);
  for (int i = 0; i < height * width; i++) {
    const float v = 255 * y[i] / (float)white;
    const int at = ((side - height) / 2 + i / width) * side + (side - width) / 2 + i % width;
    grey[at] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
  }
  free(y);
}

/* The pixels of a sample, or NULL where it can no longer be read; x is to be released. */
static const picture *read_again(const check *c, int64_t i, image *x, picture *p, double *white) {
  const image_stats *s = &c->sample[i];
  const check_site *t = &c->site[s->site];
  *x = (image){0};
  if (t->read) {
    *p = stored(&t->read->images, s->row);
    *white = t->read->images.max_value;
    return p;
  }
  if (s->error || read_image(&t->d, s->path, x, white)) return NULL;
  *p = prepare_whole(x);
  return p;
}

bool measure_images_draw(const check *c, int64_t i, int side, uint8_t *grey) {
  image x;
  picture p;
  double white;
  memset(grey, 0, (size_t)side * (size_t)side);
  const bool read = read_again(c, i, &x, &p, &white);
  if (read) draw(&p, white, side, grey);
  image_release(&x);
  return read;
}

bool measure_images_detail(const check *c, int64_t i, int8_t *detail) {
  const int window = 11;
  float fine[FINE * FINE];
  image x;
  picture p;
  double white;
  const bool read = read_again(c, i, &x, &p, &white);
  if (read) {
    resample_gray(&p, FINE, FINE, fine);
    perceptual_detail(fine, FINE, window, detail);
    image_stats_hide_border(&c->sample[i], FINE, window / 2 + 1, detail);
  }
  image_release(&x);
  return read;
}
