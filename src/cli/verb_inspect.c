#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "safetensors.h"

/* Values that are JSON themselves are laid out; others are printed as they are. */
static void print_metadata(const json_t *metadata) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
    json_error_t e;
    json_t *inner = json_loads(json_string_value(value), 0, &e);
    char *text = inner ? json_dumps(inner, JSON_INDENT(2)) : NULL;
    printf("%s: %s\n", key, text ? text : json_string_value(value));
    free(text);
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
