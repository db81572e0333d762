/* Sites of arrays in memory. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image.h"
#include "memory.h"
#include "prepare.h"
#include "site_opening.h"
#include "text.h"

static xs_status refuse(const xs_arrays *a, const char *what) {
  return (xs_status)fail(XS_USAGE, "site %s: %s", a->name ? a->name : "without a name", what);
}

static xs_status check_shape(const xs_arrays *a) {
  if (!a->name || !*a->name) return refuse(a, "`name` is missing");
  if (a->n < 1 || !a->pixels) return refuse(a, "there is no image: `n` and `pixels`");
  if (a->height < 1 || a->width < 1) return refuse(a, "`height` and `width` must be at least 1");
  if (a->channels != 1 && a->channels != 3) return refuse(a, "`channels` must be 1 or 3");
  if (a->bytes != 1 && a->bytes != 2) return refuse(a, "`bytes` must be 1 or 2");
  if (a->size < 0 || a->size > PREPARE_SIZE_MOST) return refuse(a, "`size` must be from 0 to 4096");
  if (a->max_value < 0 || a->max_value > prepare_white(a->bytes)) {
    return refuse(a, "`max_value` must be from 0 to the largest value of so many bytes");
  }
  if (a->split == XS_SPLIT_COLUMN) return refuse(a, "`split`: arrays have no column");
  if (a->validation < 0 || a->test < 0 || a->validation + a->test > 1) {
    return refuse(a, "`validation` and `test` are shares, together at most 1");
  }
  return XS_OK;
}

static xs_status check_classes(const xs_arrays *a) {
  if (a->classes < 0) return refuse(a, "`classes` is below 0");
  for (int k = 0; k < a->classes; k++) {
    if (!a->class_name || !a->class_name[k]) return refuse(a, "`class_name`: a class has no name");
  }
  return XS_OK;
}

static xs_status check_labels(const xs_arrays *a) {
  xs_status status = XS_OK;
  int64_t *count = memory_new(sizeof *count * (size_t)(a->classes + 1)), known = 0;
  for (int64_t i = 0; a->label && i < a->n && !status; i++) {
    const int32_t label = a->label[i];
    if (label < -1 || label >= a->classes) {
      status = (xs_status)fail(XS_USAGE,
                               "site %s: the label of image %lld is %d; %d classes are 0 "
                               "to %d, and -1 is unknown",
                               a->name, (long long)i, label, a->classes, a->classes - 1);
    } else if (label >= 0) {
      count[label]++;
      known++;
    }
  }
  for (int k = 0; k < a->classes && known && !status; k++) {
    if (count[k]) continue;
    status =
        (xs_status)fail(XS_USAGE, "site %s: class \"%s\" has no image among the %lld labelled ones",
                        a->name, a->class_name[k], (long long)known);
  }
  free(count);
  return status;
}

static xs_status check_values(const xs_arrays *a, double white) {
  const int64_t each = (int64_t)a->height * a->width * a->channels;
  for (int64_t i = 0; i < a->n * each; i++) {
    const int value = image_value(a->pixels, a->bytes, i);
    if (value <= white) continue;
    return (xs_status)fail(XS_USAGE, "site %s: image %lld has the value %d, above max_value %g",
                           a->name, (long long)(i / each), value, white);
  }
  return XS_OK;
}

static void copy_images(const xs_arrays *a, double white, xs_images *x) {
  const size_t bytes =
      (size_t)a->n * (size_t)a->height * (size_t)a->width * (size_t)(a->channels * a->bytes);
  *x = (xs_images){.name = text_copy(a->name),
                   .n = a->n,
                   .height = a->height,
                   .width = a->width,
                   .channels = a->channels,
                   .bytes = a->bytes,
                   .max_value = white,
                   .how = {.resize = a->resize,
                           .max_value = a->max_value,
                           .center_crop = a->center_crop,
                           .size = a->size},
                   .pixels = memory_new(bytes),
                   .group = memory_new((size_t)a->n * sizeof *x->group),
                   .split = {.kind = a->split, .validation = a->validation, .test = a->test}};
  memcpy(x->pixels, a->pixels, bytes);
  for (int64_t i = 0; i < a->n; i++) x->group[i] = a->group ? a->group[i] : (uint64_t)i;
  if (a->file) {
    x->file = memory_new((size_t)a->n * sizeof *x->file);
    for (int64_t i = 0; i < a->n; i++) x->file[i] = text_copy(a->file[i]);
  }
  if (a->size) site_prepare(x);
}

xs_status xs_site_new(const xs_arrays *a, xs_site **out) {
  *out = NULL;
  xs_status status = check_shape(a);
  if (!status) status = check_classes(a);
  if (!status) status = check_labels(a);
  const double white = status || a->max_value > 0 ? a->max_value : prepare_white(a->bytes);
  if (!status) status = check_values(a, white);
  if (status) return status;
  xs_site *s = *out = memory_new(sizeof *s);
  copy_images(a, white, &s->images);
  s->classes = a->classes;
  s->class_name = memory_new((size_t)(a->classes + 1) * sizeof *s->class_name);
  for (int k = 0; k < a->classes; k++) s->class_name[k] = text_copy(a->class_name[k]);
  s->label = memory_new((size_t)a->n * sizeof *s->label);
  for (int64_t i = 0; i < a->n; i++) s->label[i] = a->label ? a->label[i] : -1;
  return XS_OK;
}
