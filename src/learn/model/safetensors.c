#include "safetensors.h"

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "file_kind.h"
#include "memory.h"
#include "own_hash.h"
#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_HEADER = 100000000, PREFIX = 8 };

struct safetensors {
  char *file;
  json_t *header, *metadata;
  safetensor *tensor; /* [n] */
  int n;
  bool has_hash; /* of itself, which is right */
};

/* ---- types ---- */

static const struct {
  const char *name;
  size_t bytes;
} types[] = {[SAFETENSORS_F32] = {"F32", 4},  [SAFETENSORS_F64] = {"F64", 8},
             [SAFETENSORS_F16] = {"F16", 2},  [SAFETENSORS_BF16] = {"BF16", 2},
             [SAFETENSORS_I64] = {"I64", 8},  [SAFETENSORS_I32] = {"I32", 4},
             [SAFETENSORS_I16] = {"I16", 2},  [SAFETENSORS_I8] = {"I8", 1},
             [SAFETENSORS_U64] = {"U64", 8},  [SAFETENSORS_U32] = {"U32", 4},
             [SAFETENSORS_U16] = {"U16", 2},  [SAFETENSORS_U8] = {"U8", 1},
             [SAFETENSORS_BOOL] = {"BOOL", 1}};
enum { TYPES = sizeof types / sizeof *types };

const char *safetensors_type_name(safetensors_type type) { return types[type].name; }

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* IEEE 754 binary16. */
static float from_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h >> 15) << 31, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent == 31) return from_bits(sign | 0x7F800000u | fraction << 13);
  if (exponent > 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  float x = (float)fraction * 0x1p-24f;
  return sign ? -x : x;
}

static void read_16_bits(const safetensor *t, float *x) {
  const char *p = t->data;
  for (int64_t i = 0; i < t->count; i++) {
    uint16_t v;
    memcpy(&v, p + 2 * i, sizeof v);
    x[i] = t->dtype == SAFETENSORS_F16 ? from_half(v) : from_bits((uint32_t)v << 16);
  }
}

int safetensors_read_f32(const safetensor *t, float *x) {
  const char *p = t->data;
  switch (t->dtype) {
  case SAFETENSORS_F32:
    if (t->count > 0) memcpy(x, p, (size_t)t->count * sizeof *x);
    return 0;
  case SAFETENSORS_F16:
  case SAFETENSORS_BF16:
    read_16_bits(t, x);
    return 0;
  case SAFETENSORS_F64:
    for (int64_t i = 0; i < t->count; i++) {
      double v;
      memcpy(&v, p + 8 * i, sizeof v);
      x[i] = (float)v;
    }
    return 0;
  default:
    break;
  }
  return fail(1, "tensor %s is of type %s; a floating-point one is needed", t->name,
              types[t->dtype].name);
}

/* ---- reading the header ---- */

static uint64_t read_u64(const char *p) {
  uint64_t x = 0;
  for (int i = PREFIX - 1; i >= 0; i--) x = x << 8 | (unsigned char)p[i];
  return x;
}

/* *length: of the header, which then lies inside the file. */
static int check_length(const char *path, const char *file, size_t size, size_t *length) {
  if (size == 0) return fail(1, "%s: is empty", path);
  if (size < PREFIX + 2) return fail(1, "%s: is no safetensors file: %zu bytes only", path, size);
  uint64_t n = read_u64(file);
  if (n > LONGEST_HEADER) {
    return fail(1, "%s: is no safetensors file: its header would have %" PRIu64 " bytes", path, n);
  }
  if (n > size - PREFIX) {
    return fail(1, "%s: is truncated: a header of %" PRIu64 " bytes in a file of %zu", path, n,
                size);
  }
  *length = (size_t)n;
  return 0;
}

static int parse_header(const char *path, const char *text, size_t length, json_t **header) {
  json_error_t e;
  *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &e);
  if (!*header) return fail(1, "%s: header, byte %d: %s", path, e.position, e.text);
  if (json_is_object(*header)) return 0;
  return fail(1, "%s: is no safetensors file: the header is no JSON object", path);
}

static int check_metadata(const json_t *metadata) {
  const char *key;
  json_t *value;
  if (!json_is_object(metadata)) return fail(1, "__metadata__ is no JSON object");
  json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
    if (!json_is_string(value))
      return fail(1, "__metadata__: the value of '%.80s' is no text", key);
  }
  return 0;
}

/* ---- reading one tensor's entry ---- */

static int parse_type(safetensor *t, const json_t *entry) {
  const char *name = json_string_value(json_object_get(entry, "dtype"));
  if (!name) return fail(1, "has no dtype");
  for (int i = 0; i < TYPES; i++) {
    if (strcmp(name, types[i].name) == 0) {
      t->dtype = (safetensors_type)i;
      return 0;
    }
  }
  return fail(1, "dtype '%.20s' is unknown", name);
}

/* The product of the dimensions, with the size of a value, must fit. */
static int parse_shape(safetensor *t, const json_t *entry) {
  const json_t *shape = json_object_get(entry, "shape");
  size_t rank = json_array_size(shape);
  int64_t bytes = (int64_t)types[t->dtype].bytes;
  if (!json_is_array(shape)) return fail(1, "has no shape");
  if (rank > SAFETENSORS_MAX_RANK) return fail(1, "has %zu dimensions, more than 8", rank);
  t->rank = (int)rank;
  for (size_t i = 0; i < rank; i++) {
    const json_t *d = json_array_get(shape, i);
    if (!json_is_integer(d) || json_integer_value(d) < 0) {
      return fail(1, "dimension %zu of its shape is no count", i);
    }
    t->dim[i] = json_integer_value(d);
    if (__builtin_mul_overflow(bytes, t->dim[i], &bytes)) return fail(1, "its shape is too large");
  }
  t->count = bytes / (int64_t)types[t->dtype].bytes;
  return 0;
}

static int parse_offsets(safetensor *t, const json_t *entry, const char *data, size_t size) {
  const json_t *offsets = json_object_get(entry, "data_offsets");
  const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last)) {
    return fail(1, "data_offsets are not two whole numbers");
  }
  json_int_t begin = json_integer_value(first), end = json_integer_value(last);
  if (begin < 0 || end < begin || (uint64_t)end > size) {
    return fail(1, "data_offsets %lld to %lld are not inside the %zu bytes of data: truncated?",
                (long long)begin, (long long)end, size);
  }
  if (end - begin != t->count * (int64_t)types[t->dtype].bytes) {
    return fail(1, "its shape has %" PRId64 " values of %s, its data_offsets %lld bytes", t->count,
                types[t->dtype].name, (long long)(end - begin));
  }
  t->data = data + begin;
  return 0;
}

static int parse_tensor(safetensor *t, const char *name, const json_t *entry, const char *data,
                        size_t size) {
  t->name = text_copy(name);
  if (!json_is_object(entry)) return fail(1, "its entry is no JSON object");
  int status = parse_type(t, entry);
  if (status == 0) status = parse_shape(t, entry);
  if (status == 0) status = parse_offsets(t, entry, data, size);
  return status;
}

/* ---- the whole ---- */

static const char *end_of(const safetensor *t) {
  return (const char *)t->data + (size_t)t->count * types[t->dtype].bytes;
}

static int compare_places(const void *a, const void *b) {
  const safetensor *x = *(const safetensor *const *)a, *y = *(const safetensor *const *)b;
  const char *px = x->data, *py = y->data;
  if (px != py) return px < py ? -1 : 1;
  return (end_of(x) > end_of(y)) - (end_of(x) < end_of(y));
}

/* The tensors fill the data without gaps or overlaps. */
static int check_places(const safetensors *s, const char *data, size_t size) {
  const safetensor **sorted = memory_new(sizeof *sorted * (size_t)s->n);
  int status = 0;
  for (int i = 0; i < s->n; i++) sorted[i] = &s->tensor[i];
  if (s->n > 0) qsort(sorted, (size_t)s->n, sizeof *sorted, compare_places);
  const char *place = data;
  for (int i = 0; i < s->n && status == 0; i++) {
    ptrdiff_t gap = (const char *)sorted[i]->data - place;
    if (gap != 0) {
      status = fail(1, "tensor %.80s: %s", sorted[i]->name,
                    gap < 0 ? "overlaps another one" : "has unused bytes before it");
    }
    place = end_of(sorted[i]);
  }
  size_t used = (size_t)(place - data);
  if (status == 0 && used != size) {
    status = fail(1, "%zu bytes follow the last tensor", size - used);
  }
  free(sorted);
  return status;
}

static int parse_tensors(safetensors *s, const char *data, size_t size) {
  const char *name;
  json_t *entry;
  s->tensor = memory_new(sizeof *s->tensor * json_object_size(s->header));
  json_object_foreach(s->header, name, entry) {
    if (strcmp(name, "__metadata__") == 0) {
      if (check_metadata(entry) != 0) return 1;
      json_object_update(s->metadata, entry);
    } else if (parse_tensor(&s->tensor[s->n++], name, entry, data, size) != 0) {
      return fail_context(1, "tensor %.80s: ", name);
    }
  }
  return check_places(s, data, size);
}

/* A header that is no JSON object: the file is something else, which may be known. */
static void explain(const safetensors *s, const char *path, size_t size) {
  const bool begins_right = size > PREFIX && s->file[PREFIX] == '{' && read_u64(s->file) <= size;
  char *kind = begins_right || !size ? NULL : file_kind_explain(path, s->file, size);
  if (kind) fail(1, "%s: %s", path, kind);
  free(kind);
}

static int parse_content(safetensors *s, const char *path, size_t size) {
  size_t length = 0;
  int status = check_length(path, s->file, size, &length);
  if (status == 0) status = parse_header(path, s->file + PREFIX, length, &s->header);
  if (status != 0) {
    explain(s, path, size);
    return status;
  }
  status = parse_tensors(s, s->file + PREFIX + length, size - PREFIX - length);
  if (status == 0) status = own_hash_take_out(s->metadata, s->has_hash);
  return status != 0 ? fail_context(1, "%s: ", path) : 0;
}

int safetensors_parse(const char *path, char *file, size_t size, safetensors **out) {
  safetensors *s = memory_new(sizeof *s);
  s->file = file;
  s->metadata = json_object();
  int status = own_hash_check(path, file, size, &s->has_hash);
  if (status == 0) status = parse_content(s, path, size);
  if (status != 0) {
    safetensors_close(s);
    s = NULL;
  }
  *out = s;
  return status;
}

int safetensors_open(const char *path, safetensors **out) {
  char *file;
  size_t size;
  *out = NULL;
  return file_read(path, &file, &size) ? 1 : safetensors_parse(path, file, size, out);
}

void safetensors_close(safetensors *s) {
  if (!s) return;
  for (int i = 0; i < s->n; i++) free(s->tensor[i].name);
  free(s->tensor);
  json_decref(s->metadata);
  json_decref(s->header);
  free(s->file);
  free(s);
}

int safetensors_count(const safetensors *s) { return s->n; }

const safetensor *safetensors_at(const safetensors *s, int i) { return &s->tensor[i]; }

const safetensor *safetensors_find(const safetensors *s, const char *name) {
  for (int i = 0; i < s->n; i++) {
    if (strcmp(s->tensor[i].name, name) == 0) return &s->tensor[i];
  }
  return NULL;
}

const json_t *safetensors_metadata(const safetensors *s) { return s->metadata; }

bool safetensors_has_hash(const safetensors *s) { return s->has_hash; }

/* ---- writing ---- */

static size_t bytes_of(const safetensor *t) { return (size_t)t->count * types[t->dtype].bytes; }

static json_t *make_entry(const safetensor *t, size_t begin) {
  json_t *shape = json_array();
  for (int i = 0; i < t->rank; i++) json_array_append_new(shape, json_integer(t->dim[i]));
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[t->dtype].name, "shape", shape,
                   "data_offsets", (json_int_t)begin, (json_int_t)begin + (json_int_t)bytes_of(t));
}

static int add_entry(json_t *header, const safetensor *t, size_t begin) {
  if (strcmp(t->name, "__metadata__") == 0 || json_object_get(header, t->name)) {
    return fail(1, "two tensors would be called '%.80s'", t->name);
  }
  int64_t count = 1;
  for (int i = 0; i < t->rank; i++) count *= t->dim[i];
  if (count != t->count) return fail(1, "tensor %.80s: count and shape disagree", t->name);
  if (json_object_set_new(header, t->name, make_entry(t, begin)) != 0) {
    return fail(1, "a tensor's name is not UTF-8");
  }
  return 0;
}

/* The header's JSON, padded with spaces so that the data starts at a multiple of 8; *bytes: of all
 * data. */
static int make_header(const safetensor *tensor, int n, const json_t *metadata, char **text,
                       size_t *bytes) {
  json_t *header = json_object();
  int status = 0;
  *bytes = 0;
  if (metadata) status = check_metadata(metadata);
  json_object_set_new(header, "__metadata__", own_hash_metadata(metadata));
  for (int i = 0; i < n && status == 0; i++) {
    status = add_entry(header, &tensor[i], *bytes);
    *bytes += bytes_of(&tensor[i]);
  }
  if (status == 0) {
    char *json = json_dumps(header, JSON_COMPACT);
    *text = text_format("%s%*s", json, (int)((8 - strlen(json) % 8) % 8), "");
    free(json);
  }
  json_decref(header);
  return status;
}

int safetensors_write(const char *path, const safetensor *tensor, int n, const json_t *metadata) {
  char *header = NULL;
  size_t bytes = 0;
  if (make_header(tensor, n, metadata, &header, &bytes) != 0) return fail_context(1, "%s: ", path);
  size_t length = strlen(header);
  char *file = memory_new(PREFIX + length + bytes), *p = file + PREFIX + length;
  for (int i = 0; i < PREFIX; i++) file[i] = (char)(length >> (8 * i) & 255);
  memcpy(file + PREFIX, header, length);
  for (int i = 0; i < n; i++) {
    if (tensor[i].count > 0) memcpy(p, tensor[i].data, bytes_of(&tensor[i]));
    p += bytes_of(&tensor[i]);
  }
  own_hash_put(file, PREFIX + length + bytes);
  int status = file_write_atomic(path, file, PREFIX + length + bytes);
  free(file);
  free(header);
  return status;
}

/* ---- what is in it ---- */

static void add_line(buffer *text, const safetensor *t) {
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(t->data, (size_t)t->count * types[t->dtype].bytes, hex);
  buffer_add(text, "%s %s", t->name, types[t->dtype].name);
  for (int i = 0; i < t->rank; i++) buffer_add(text, " %" PRId64, t->dim[i]);
  buffer_add(text, " %s\n", hex);
}

int safetensors_hash(const char *path, char hex[HASH_SHA256_TEXT]) {
  safetensors *file;
  if (safetensors_open(path, &file)) return 1;
  buffer text = {0};
  for (int i = 0; i < safetensors_count(file); i++) add_line(&text, &file->tensor[i]);
  hash_sha256_text(text.text, text.size, hex);
  buffer_free(&text);
  safetensors_close(file);
  return 0;
}
