#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "safetensors.h"

static void print_value(const char *key, const json_t *value) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(8));
  printf("%s: %s\n", key, text);
  free(text);
}

/* A value that is itself a JSON object is laid out, a member a line. */
static void print_metadata(const json_t *metadata) {
  const char *key, *name;
  json_t *value, *member;
  json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
    json_error_t e;
    json_t *inner = json_loads(json_string_value(value), 0, &e);
    if (!json_is_object(inner)) print_value(key, value);
    json_object_foreach(inner, name, member) print_value(name, member);
    json_decref(inner);
  }
}

static void print_tensor(const safetensor *t) {
  printf("%-32s  %-4s  [", t->name, safetensors_type_name(t->dtype));
  for (int i = 0; i < t->rank; i++) printf("%s%" PRId64, i ? ", " : "", t->dim[i]);
  printf("]\n");
}

static int run(void *record, int n, const char **word) {
  (void)record, (void)n;
  safetensors *s = NULL;
  int64_t total = 0;
  if (safetensors_open(word[0], &s) != 0) return XS_FAILED;
  print_metadata(safetensors_metadata(s));
  if (!safetensors_has_hash(s)) printf("no hash of itself: damage would not be noticed\n");
  for (int i = 0; i < safetensors_count(s); i++) {
    print_tensor(safetensors_at(s, i));
    total += safetensors_at(s, i)->count;
  }
  printf("%d tensors, %" PRId64 " values\n", safetensors_count(s), total);
  safetensors_close(s);
  return XS_OK;
}

const cli_verb verb_inspect_model = {.name = "inspect model",
                                     .words = "FILE",
                                     .least = 1,
                                     .most = 1,
                                     .summary =
                                         "Say what a model file holds: metadata, tensors, shapes.",
                                     .run = run};
