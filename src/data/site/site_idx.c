/* Sites of format idx: files of images [n][h][w] or [n][h][w][3], each with a file of labels [n].
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "idx.h"
#include "image.h"
#include "memory.h"
#include "prepare.h"
#include "site_opening.h"
#include "text.h"

static int check_shape(const char *path, const idx *x, const xs_images *images) {
  if (x->rank < 3 || (x->rank == 4 && x->dim[3] != 1 && x->dim[3] != 3)) {
    return fail(
        XS_FAILED,
        "%s: not a file of images: expected 3 dimensions (images, rows, columns), or 4 with 1 or "
        "3 channels last; found %d dimensions, the last %lld",
        path, x->rank, (long long)x->dim[x->rank - 1]);
  }
  if (x->dim[1] > 1 << 15 || x->dim[2] > 1 << 15) {
    return fail(XS_FAILED, "%s: images of %lld x %lld pixels, at most 32768 x 32768 are read", path,
                (long long)x->dim[1], (long long)x->dim[2]);
  }
  int channels = x->rank == 4 ? (int)x->dim[3] : 1;
  if (images->n && (x->dim[1] != images->height || x->dim[2] != images->width ||
                    channels != images->channels || x->bytes != images->bytes)) {
    return fail(
        XS_FAILED,
        "%s: images of %lld x %lld x %d (%d bytes a value), the site's files before have %d x %d "
        "x %d (%d); one site has one shape",
        path, (long long)x->dim[1], (long long)x->dim[2], channels, x->bytes, images->height,
        images->width, images->channels, images->bytes);
  }
  return 0;
}

static int check_values(const domain *d, const char *path, const idx *x, int *largest) {
  double most = d->max_value > 0 ? d->max_value : 65535;
  for (int64_t i = 0; i < x->count; i++) {
    int v = image_value(x->data, x->bytes, i);
    if (v > most) {
      return fail(XS_FAILED,
                  "%s: image %lld has the value %d, above max_value %g of %s; correct max_value",
                  path, (long long)(i / (x->count / x->dim[0])), v, most, d->path);
    }
    if (v > *largest) *largest = v;
  }
  return 0;
}

/* Takes over the first file's data; later ones are copied behind. */
static void append_pixels(idx *x, xs_images *images) {
  size_t old = (size_t)(images->n * (x->count / x->dim[0]) * x->bytes);
  size_t more = (size_t)(x->count * x->bytes);
  images->height = (int)x->dim[1];
  images->width = (int)x->dim[2];
  images->channels = x->rank == 4 ? (int)x->dim[3] : 1;
  images->bytes = x->bytes;
  if (!images->n) {
    images->pixels = x->data;
    x->data = NULL;
  } else {
    images->pixels = memory_grow(images->pixels, old + more);
    memcpy((char *)images->pixels + old, x->data, more);
  }
}

static int first_index(const domain *d, int file, int64_t n, int64_t *first) {
  *first = n;
  if (!d->first_index.n) return 0;
  const char *text = d->first_index.text[file];
  char *end;
  errno = 0;
  *first = strtoll(text, &end, 10);
  if (errno || *end || end == text || *first < 0) {
    return fail(XS_USAGE, "%s: first_index: \"%s\" is not a number of an image (0, 1, ...)",
                d->path, text);
  }
  return 0;
}

/* One digit, one group; the key is made of the digit's number, so that sites with the same prefix
 * share digits. */
static int append_groups(const domain *d, int file, int64_t more, xs_images *images) {
  int64_t first;
  if (first_index(d, file, images->n, &first)) return XS_USAGE;
  images->group = memory_grow(images->group, sizeof *images->group * (size_t)(images->n + more));
  for (int64_t i = 0; i < more; i++) {
    char *name = text_format("%lld", (long long)first + i);
    images->group[images->n + i] = domain_group(d, name);
    free(name);
  }
  return 0;
}

static int check_labels(const domain *d, const char *path, const idx *x, int64_t n) {
  if (x->rank != 1 || x->dim[0] != n) {
    return fail(
        XS_FAILED,
        "%s: %lld labels in %d dimensions for the %lld images of its file of images, expected "
        "as many in 1 dimension",
        path, (long long)x->dim[0], x->rank, (long long)n);
  }
  for (int64_t i = 0; i < n; i++) {
    if (image_value(x->data, x->bytes, i) >= d->classes.n) {
      return fail(XS_FAILED, "%s: label %lld is %d, but %s has %d classes (0 to %d)", path,
                  (long long)i, image_value(x->data, x->bytes, i), d->path, d->classes.n,
                  d->classes.n - 1);
    }
  }
  return 0;
}

static int append_labels(const domain *d, int file, int64_t more, xs_site *s) {
  int64_t n = s->images.n;
  s->label = memory_grow(s->label, sizeof *s->label * (size_t)(n + more));
  for (int64_t i = n; i < n + more; i++) s->label[i] = -1;
  if (!d->labels.n) return 0;
  idx x;
  const char *path = d->labels.text[file];
  int status = idx_read(path, &x);
  if (!status) status = check_labels(d, path, &x, more);
  for (int64_t i = 0; !status && i < more; i++) s->label[n + i] = image_value(x.data, x.bytes, i);
  idx_release(&x);
  return status;
}

static int append_file(const domain *d, int file, int *largest, xs_site *s) {
  idx x;
  const char *path = d->images.text[file];
  int status = idx_read(path, &x);
  if (!status) status = check_shape(path, &x, &s->images);
  if (!status) status = check_values(d, path, &x, largest);
  if (!status) status = append_labels(d, file, x.dim[0], s);
  if (!status) status = append_groups(d, file, x.dim[0], &s->images);
  if (!status) {
    append_pixels(&x, &s->images);
    s->images.n += x.dim[0];
  }
  idx_release(&x);
  return status;
}

static void keep_limit(int64_t limit, xs_site *s) {
  xs_images *x = &s->images;
  int64_t *rows = memory_new(sizeof *rows * (size_t)x->n);
  size_t size = (size_t)x->height * (size_t)x->width * (size_t)(x->channels * x->bytes);
  char *pixels = x->pixels;
  x->n = site_limit_rows(x->group, x->n, limit, rows);
  for (int64_t i = 0; i < x->n; i++) {
    memmove(pixels + (size_t)i * size, pixels + (size_t)rows[i] * size, size);
    x->group[i] = x->group[rows[i]];
    s->label[i] = s->label[rows[i]];
  }
  free(rows);
}

static int set_range(const domain *d, const xs_preprocessing *how, xs_images *x, int largest) {
  const double depth = prepare_white(x->bytes);
  x->how = *how;
  x->max_value = how->max_value > 0 ? how->max_value : depth;
  if (site_check_range(d, x->bytes, largest)) return XS_FAILED;
  return prepare_is_dark(how, x->bytes, depth, largest) ? site_refuse_dark(d, depth, largest) : 0;
}

int site_load_idx(const domain *d, const xs_site_options *o, xs_site *s) {
  const xs_preprocessing how = domain_preprocessing(d, o->size);
  int status = 0, largest = 0;
  for (int file = 0; file < d->images.n && !status; file++) {
    status = append_file(d, file, &largest, s);
  }
  if (!status) status = set_range(d, &how, &s->images, largest);
  if (!status)
    status = site_check_classes(d, s->label, s->images.n, "correct `classes` or the labels");
  if (!status && o->limit > 0 && o->limit < s->images.n) {
    keep_limit(o->limit, s);
    status = site_check_classes(d, s->label, s->images.n, "raise the limit");
  }
  if (!status && how.size > 0) site_prepare(&s->images);
  return status;
}
