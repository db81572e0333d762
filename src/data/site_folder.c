/* Sites of format folder: every image is decoded and resized to size x size when the site is
 * opened. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "folder.h"
#include "image.h"
#include "resample.h"
#include "site.h"
#include "values.h"

typedef struct slot { /* one decoded image */
  image x;            /* [size][size][channels] */
  double white;       /* the value that means 1 */
  int largest;        /* value before resizing */
  char *error;        /* or why there is none */
} slot;

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

int site_read_image(const domain *d, const char *path, image *x, double *white) {
  if (image_read(path, d->window, x)) return XS_FAILED;
  *white = values_white(&d->values, x);
  if (d->values.range == XS_RANGE_PERCENTILES) values_stretch(&d->values, x);
  if (d->max_value > 0 && x->bytes == 2) *white = d->max_value;
  int largest = image_largest(x);
  if (x->bytes == 1 || largest <= *white) return 0;
  return fail(XS_FAILED, "%s: has the value %d, above max_value %g of %s; correct max_value", path,
              largest, *white, d->path);
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

/* The deepest and the most colourful image decide how all are stored; *white is the value that
 * means 1 in all of them, or the largest of the depth where they differ. */
static void choose_depth(const slot *slots, int64_t n, xs_images *x, double *white) {
  bool differ = false;
  x->channels = x->bytes = 1;
  *white = 0;
  for (int64_t i = 0; i < n; i++) {
    const slot *s = &slots[i];
    if (s->error) continue;
    if (s->x.channels > x->channels) x->channels = s->x.channels;
    if (s->x.bytes > x->bytes) x->bytes = s->x.bytes;
    differ = differ || (*white > 0 && lrint(s->white) != lrint(*white));
    *white = s->white;
  }
  if (differ) *white = x->bytes == 1 ? 255 : 65535;
}

static double stretch_of(const domain *d, const slot *s, const xs_images *x) {
  if (d->max_value > 0 && s->x.bytes == x->bytes) return 1;
  return x->max_value / s->white;
}

static int choose_format(const domain *d, const slot *slots, int64_t n, xs_images *x) {
  double white;
  int largest = 0;
  x->height = x->width = (int)d->size;
  choose_depth(slots, n, x, &white);
  x->max_value = d->max_value > 0 ? d->max_value : white;
  for (int64_t i = 0; i < n; i++) {
    if (slots[i].error) continue;
    int top = (int)lrint(slots[i].largest * stretch_of(d, &slots[i], x));
    if (top > largest) largest = top;
  }
  return site_set_range(d, x, white, largest);
}

/* Gray is repeated where the site is coloured; values are stretched where white differs. */
static void store_image(const image *from, double stretch, xs_images *x, int64_t row) {
  int64_t values = (int64_t)x->height * x->width * x->channels;
  double most = x->bytes == 1 ? 255 : 65535;
  for (int64_t i = 0; i < values; i++) {
    int64_t at = from->channels == x->channels ? i : i / 3, to = row * values + i;
    double v = from->bytes == 1 ? ((uint8_t *)from->pixels)[at] : ((uint16_t *)from->pixels)[at];
    long y = lrint(fmin(v * stretch, most));
    if (x->bytes == 1) {
      ((uint8_t *)x->pixels)[to] = (uint8_t)y;
    } else {
      ((uint16_t *)x->pixels)[to] = (uint16_t)y;
    }
  }
}

/* text [n][ATTRIBUTES]: where the image's attributes are lent to. */
static void store_entry(const domain *d, entry *e, const slot *from, char **text, xs_site *s) {
  xs_images *x = &s->images;
  if (from->error) {
    if (!s->skipped++) s->first_skipped = text_copy(from->error);
    return;
  }
  store_image(&from->x, stretch_of(d, from, x), x, x->n);
  x->group[x->n] = e->group;
  x->file[x->n] = e->file;
  memcpy(text + x->n * ATTRIBUTES, e->attribute, sizeof e->attribute);
  if (s->patient) s->patient[x->n] = e->patient;
  s->label[x->n++] = e->label;
  e->file = e->patient = NULL;
}

static int check_decoded(const domain *d, const slot *slots, int64_t n, bool skip) {
  int64_t bad = 0, first = -1;
  for (int64_t i = n - 1; i >= 0; i--) {
    if (!slots[i].error) continue;
    bad++;
    first = i;
  }
  if (!bad || (skip && bad < n)) return 0;
  if (bad == n) {
    return fail(XS_FAILED, "%s: none of the %lld images can be read; the first: %s", d->path,
                (long long)n, slots[first].error);
  }
  return fail(XS_FAILED,
              "%s (%lld of %lld images cannot be read; repair them, or leave them out with "
              "--skip-unreadable)",
              slots[first].error, (long long)bad, (long long)n);
}

static int store(const domain *d, listing *l, const int64_t *rows, const slot *slots, int64_t n,
                 xs_site *s) {
  xs_images *x = &s->images;
  int status = choose_format(d, slots, n, x);
  if (status) return status;
  int64_t values = (int64_t)x->height * x->width * x->channels;
  x->pixels = memory_new((size_t)(n * values * x->bytes));
  x->group = memory_new(sizeof *x->group * (size_t)n);
  x->file = memory_new(sizeof *x->file * (size_t)n);
  s->label = memory_new(sizeof *s->label * (size_t)n);
  if (l->patients) s->patient = memory_new(sizeof *s->patient * (size_t)n);
  char **text = memory_new(sizeof *text * (size_t)(n * ATTRIBUTES));
  for (int64_t i = 0; i < n; i++) store_entry(d, &l->entry[rows[i]], &slots[i], text, s);
  attribute_store(text, l->present, s);
  free(text);
  return 0;
}

static int load_all(const domain *d, listing *l, const int64_t *rows, int64_t n, bool skip,
                    xs_site *s) {
  slot *slots = memory_new(sizeof *slots * (size_t)n);
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < n; i++) load(d, l->entry[rows[i]].path, &slots[i]);
  int status = check_decoded(d, slots, n, skip);
  if (!status) status = store(d, l, rows, slots, n, s);
  for (int64_t i = 0; i < n; i++) {
    image_release(&slots[i].x);
    free(slots[i].error);
  }
  free(slots);
  return status;
}

static int check_listing(const domain *d, const listing *l) {
  int32_t *label = memory_new(sizeof *label * (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) label[i] = l->entry[i].label;
  int status = site_check_classes(d, label, l->n, "correct `classes` or the labels");
  free(label);
  return status;
}

/* The rows to load, newly allocated; returns their number. */
static int64_t choose_rows(const listing *l, int64_t limit, int64_t **rows) {
  uint64_t *group = memory_new(sizeof *group * (size_t)l->n);
  *rows = memory_new(sizeof **rows * (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) group[i] = l->entry[i].group;
  int64_t n = site_limit_rows(group, l->n, limit, *rows);
  free(group);
  return n;
}

int site_load_folder(const domain *d, const xs_site_options *o, xs_site *s) {
  listing l;
  int status = listing_read(d, o->skip_unreadable, &l);
  if (!status) status = check_listing(d, &l);
  if (!status) {
    s->skipped = l.missing;
    if (l.missing) s->first_skipped = text_copy(l.first_missing);
    int64_t *rows, n = choose_rows(&l, o->limit, &rows);
    status = load_all(d, &l, rows, n, o->skip_unreadable, s);
    free(rows);
  }
  if (!status) {
    status = site_check_classes(d, s->label, s->images.n,
                                "raise the limit or repair the unreadable images");
  }
  if (!status) s->unlike = site_find_unlike(&s->images);
  listing_release(&l);
  return status;
}
