/* fingerprint.c: 64-bit fingerprints. */
#include "fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "image_cache.h"
#include "text.h"

/* FNV-1a of words of 8 bytes, the last filled up with zeros; the shift lets high bits reach low
 * ones. */
static uint64_t add_words(uint64_t h, const void *data, size_t size) {
  const unsigned char *byte = data;
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word = 0;
    memcpy(&word, byte + i, size - i < 8 ? size - i : 8);
    h = (h ^ word) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
  }
  return h;
}

static uint64_t add_size(uint64_t h, size_t size) { return (h ^ size) * UINT64_C(0x100000001b3); }

static uint64_t add_bytes(uint64_t h, const void *data, size_t size) {
  return add_size(add_words(h, data, size), size);
}

/* In pieces, so that a file of the cache does not fill the memory. */
static uint64_t add_pixels(uint64_t h, const xs_images *x) {
  const size_t piece = 1 << 26;
  const size_t size =
      (size_t)x->n * (size_t)x->height * (size_t)x->width * (size_t)(x->channels * x->bytes);
  for (size_t at = 0; at < size; at += piece) {
    h = add_words(h, (const char *)x->pixels + at, size - at < piece ? size - at : piece);
    images_forget(x);
  }
  return add_size(h, size);
}

static const uint64_t basis = UINT64_C(0xcbf29ce484222325);

static uint64_t add_attribute(uint64_t h, const xs_attribute *a, int64_t n) {
  h = add_bytes(h, a->name, strlen(a->name));
  h = add_bytes(h, a->value, (size_t)n * sizeof *a->value);
  for (int i = 0; i < a->levels; i++) h = add_bytes(h, a->level[i], strlen(a->level[i]));
  return h;
}

/* Pixels, and how they were read. */
static uint64_t add_images(uint64_t h, const xs_images *x) {
  const xs_preprocessing *p = &x->how;
  const int64_t shape[] = {x->n,      x->height,      x->width,        x->channels,      x->bytes,
                           p->resize, p->center_crop, p->values.range, p->values.window, p->size};
  const double scale[] = {x->max_value, p->max_value, p->values.low, p->values.high};
  h = add_bytes(h, shape, sizeof shape);
  h = add_bytes(h, scale, sizeof scale);
  return add_pixels(h, x);
}

/* Labels of these images, others unknown; and the classes. */
static uint64_t add_labels(uint64_t h, const xs_site *s, const int32_t *label) {
  h = add_bytes(h, label, (size_t)s->images.n * sizeof *label);
  for (int i = 0; i < s->classes; i++) {
    h = add_bytes(h, s->class_name[i], strlen(s->class_name[i]));
  }
  return h;
}

/* All that results say of images beside their pixels. */
static uint64_t add_rest(uint64_t h, const xs_site *s) {
  const xs_images *x = &s->images;
  h = add_labels(h, s, s->label);
  h = add_bytes(h, x->group, (size_t)x->n * sizeof *x->group);
  for (int64_t i = 0; i < x->n && s->patient; i++) {
    h = add_bytes(h, s->patient[i], strlen(s->patient[i]));
  }
  for (int i = 0; i < s->attributes; i++) h = add_attribute(h, &s->attribute[i], x->n);
  return h;
}

/* Where each image is for those who do not know its label. */
static xs_status add_split(uint64_t *h, const xs_site *s, const split_rule *rule) {
  for (int k = XS_TRAIN; k <= XS_TEST; k++) {
    int64_t *rows, count;
    if (xs_split_rows(&s->images, rule->seed, rule->by_image, (xs_split)k, &rows, &count)) {
      return XS_FAILED;
    }
    *h = add_bytes(*h, rows, (size_t)count * sizeof *rows);
    free(rows);
  }
  return XS_OK;
}

/* The labels of training images, then of validation images: those of tests are for results. */
static xs_status add_learnt(uint64_t *h, const xs_site *s, const split_rule *rule) {
  for (int k = XS_TRAIN; k <= XS_VALIDATION; k++) {
    train_set set;
    xs_status status = train_set_open(s, *rule, (xs_split)k, &set);
    if (!status) *h = add_labels(*h, s, set.label);
    train_set_release(&set);
    if (status) return status;
  }
  return XS_OK;
}

xs_status fingerprint_site(const xs_site *s, const split_rule *rule, json_t **identity) {
  uint64_t split = basis, learnt = basis;
  xs_status status = add_split(&split, s, rule);
  if (!status) status = add_learnt(&learnt, s, rule);
  *identity =
      json_pack("{s:o, s:o, s:o, s:o}", "images", fingerprint_json(add_images(basis, &s->images)),
                "split", fingerprint_json(split), "labels", fingerprint_json(learnt), "all_labels",
                fingerprint_json(add_rest(basis, s)));
  return status;
}

xs_status fingerprint_file(const char *path, uint64_t *h) {
  char *data;
  size_t size;
  if (file_read(path, &data, &size)) return XS_FAILED;
  *h = add_bytes(basis, data, size);
  free(data);
  return XS_OK;
}

json_t *fingerprint_json(uint64_t h) {
  char *text = text_format("%016llx", (unsigned long long)h);
  json_t *j = json_string(text);
  free(text);
  return j;
}
