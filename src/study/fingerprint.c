/* fingerprint.c: 64-bit fingerprints of what a run has read, so that changed files are noticed. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "image_cache.h"
#include "study.h"

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

uint64_t fingerprint_site(const xs_site *s) {
  const xs_images *x = &s->images;
  const int64_t shape[] = {x->n,     x->height,  x->width,     x->channels,
                           x->bytes, s->classes, x->how.resize};
  const size_t n = (size_t)x->n;
  uint64_t h = add_bytes(basis, shape, sizeof shape);
  h = add_bytes(h, &x->max_value, sizeof x->max_value);
  h = add_pixels(h, x);
  h = add_bytes(h, x->group, n * sizeof *x->group);
  h = add_bytes(h, s->label, n * sizeof *s->label);
  for (int i = 0; i < s->classes; i++) {
    h = add_bytes(h, s->class_name[i], strlen(s->class_name[i]));
  }
  for (int i = 0; i < s->attributes; i++) h = add_attribute(h, &s->attribute[i], x->n);
  return h;
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
