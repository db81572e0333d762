#include "site_opening.h"

#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "error.h"
#include "image_cache.h"
#include "memory.h"
#include "prepare.h"
#include "random.h"
#include "sort.h"
#include "text.h"

typedef struct place { /* of an image in the fixed order of its site */
  uint64_t order;
  int64_t row;
} place;

static int compare_places(const void *a, const void *b) {
  const place *p = a, *q = b;
  if (p->order != q->order) return p->order < q->order ? -1 : 1;
  return p->row < q->row ? -1 : p->row > q->row;
}

int64_t site_limit_rows(const uint64_t *group, int64_t n, int64_t limit, int64_t *rows) {
  if (limit <= 0 || limit > n) limit = n;
  place *all = memory_new(sizeof *all * (size_t)n);
  uint64_t stream = random_stream("limit");
  for (int64_t i = 0; i < n; i++) {
    uint32_t w[4];
    random_words(0, stream, group[i], 0, w);
    all[i] = (place){(uint64_t)w[0] << 32 | w[1], i};
  }
  qsort(all, (size_t)n, sizeof *all, compare_places);
  for (int64_t i = 0; i < limit; i++) rows[i] = all[i].row;
  sort_integers(rows, limit);
  free(all);
  return limit;
}

int site_check_classes(const domain *d, const int32_t *label, int64_t n, const char *advice) {
  int64_t *count = memory_new(sizeof *count * (size_t)(d->classes.n + 1));
  int status = 0;
  int64_t known = 0;
  for (int64_t i = 0; i < n; i++) {
    if (label[i] < 0) continue;
    count[label[i]]++;
    known++;
  }
  for (int k = 0; known && k < d->classes.n && !status; k++) {
    if (count[k]) continue;
    status = fail(XS_FAILED, "%s: class \"%s\" has no image among the %lld labelled ones; %s",
                  d->path, d->classes.text[k], (long long)known, advice);
  }
  free(count);
  return status;
}

int site_check_range(const domain *d, int bytes, int largest) {
  if (bytes > 1 || (d->max_value <= 255 && (d->max_value <= 0 || largest <= d->max_value))) {
    return 0;
  }
  return fail(XS_FAILED,
              "%s: max_value is %g, but the images have 8 bits and values up to %d; correct it",
              d->path, d->max_value, largest);
}

int site_refuse_dark(const domain *d, double white, int largest) {
  return fail(XS_FAILED,
              "%s: the largest of all values is %d of %g, the images would be near black; say in "
              "the domain file what white is, e.g. max_value: %d, or range: percentiles",
              d->path, largest, white, largest);
}

int site_refuse_pale(const domain *d) {
  return fail(
      XS_FAILED,
      "%s: before MONOCHROME1 is inverted no value is above an eighth of the range that the "
      "files state, the images would be near white; say range: percentiles in the domain "
      "file",
      d->path);
}

void site_prepare(xs_images *x) {
  const int64_t size = x->how.size;
  const int bytes = prepare_bytes(x->bytes, x->max_value);
  const size_t in = (size_t)x->height * (size_t)x->width * (size_t)(x->channels * x->bytes);
  const size_t out = (size_t)(size * size * x->channels * bytes);
  char *pixels = memory_new(out * (size_t)x->n);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < x->n; i++) {
    const picture p = {(const char *)x->pixels + (size_t)i * in,
                       x->height,
                       x->width,
                       x->channels,
                       x->bytes,
                       x->width};
    prepare_pixels(&p, &x->how, x->max_value, pixels + (size_t)i * out);
  }
  free(x->pixels);
  x->pixels = pixels;
  x->height = x->width = (int)size;
  x->bytes = bytes;
  x->max_value = prepare_white(bytes);
}

/* Sites of every format get these from the domain file. */
static void describe(const domain *d, xs_site *s) {
  s->images.name = text_copy(d->name);
  s->images.split = d->plan;
  s->classes = d->classes.n;
  s->class_name = memory_new(sizeof *s->class_name * (size_t)(s->classes + 1));
  for (int k = 0; k < s->classes; k++) s->class_name[k] = text_copy(d->classes.text[k]);
}

xs_status xs_site_open(const char *domain_file, const xs_site_options *o, xs_site **out) {
  static const xs_site_options plain = {0};
  if (!o) o = &plain;
  *out = NULL;
  domain d;
  xs_site *s = memory_new(sizeof *s);
  int status = domain_open(domain_file, o->data_dir, &d);
  if (status) goto out;
  describe(&d, s);
  status = strcmp(d.format, "idx") ? site_load_folder(&d, o, s) : site_load_idx(&d, o, s);
  if (status) goto out;
  *out = s;
  s = NULL;
out:
  domain_close(&d);
  xs_site_close(s);
  return (xs_status)status;
}

static void release_images(xs_images *x) {
  free(x->name);
  images_release_pixels(x);
  free(x->group);
  free(x->split.side);
  for (int64_t i = 0; x->file && i < x->n; i++) free(x->file[i]);
  free(x->file);
  free(x->doubt);
}

void xs_images_close(xs_images *x) {
  if (!x) return;
  release_images(x);
  free(x);
}

void xs_site_close(xs_site *s) {
  if (!s) return;
  for (int64_t i = 0; s->patient && i < s->images.n; i++) free(s->patient[i]);
  free(s->patient);
  attribute_release(s);
  release_images(&s->images);
  for (int k = 0; k < s->classes; k++) free(s->class_name[k]);
  free(s->class_name);
  free(s->label);
  for (int i = 0; s->skipped_image && i < XS_SKIPPED_NAMED; i++) free(s->skipped_image[i]);
  free(s->skipped_image);
  free(s->unlike);
  free(s);
}
