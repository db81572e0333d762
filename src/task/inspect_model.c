/* inspect_model.c: what a model file holds. */
#include <inttypes.h>
#include <stdlib.h>

#include "option.h"
#include "safetensors.h"
#include "text.h"
#include "xsite.h"

static void put_value(FILE *f, const char *key, const json_t *value) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(8));
  fprintf(f, "%s: %s\n", key, text);
  free(text);
}

/* A value that is itself a JSON object is laid out, a member a line. */
static void put_metadata(FILE *f, const json_t *metadata) {
  const char *key, *name;
  json_t *value, *member;
  json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
    json_error_t e;
    json_t *inner = json_loads(json_string_value(value), 0, &e);
    if (!json_is_object(inner)) put_value(f, key, value);
    json_object_foreach(inner, name, member) put_value(f, name, member);
    json_decref(inner);
  }
}

static void put_tensor(FILE *f, const safetensor *t) {
  fprintf(f, "%-32s  %-4s  [", t->name, safetensors_type_name(t->dtype));
  for (int i = 0; i < t->rank; i++) fprintf(f, "%s%" PRId64, i ? ", " : "", t->dim[i]);
  fprintf(f, "]\n");
}

xs_status xs_inspect_model(const char *path, char **text) {
  safetensors *s = NULL;
  int64_t total = 0;
  size_t size;
  *text = NULL;
  if (safetensors_open(path, &s) != 0) return XS_FAILED;
  FILE *f = text_open(text, &size);
  put_metadata(f, safetensors_metadata(s));
  if (!safetensors_has_hash(s)) {
    fprintf(f, "no hash of itself: damage would not be noticed\n");
  }
  for (int i = 0; i < safetensors_count(s); i++) {
    put_tensor(f, safetensors_at(s, i));
    total += safetensors_at(s, i)->count;
  }
  fprintf(f, "%d tensors, %" PRId64 " values\n", safetensors_count(s), total);
  text_close(f);
  safetensors_close(s);
  return XS_OK;
}
