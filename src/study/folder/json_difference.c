#include "json_difference.h"

#include <stdint.h>
#include <stdlib.h>

#include "text.h"

char *json_difference(const json_t *a, const json_t *b) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)a, key, value) {
    const json_t *other = json_object_get(b, key);
    if (json_equal(value, other)) continue;
    char *inner =
        json_is_object(value) && json_is_object(other) ? json_difference(value, other) : NULL;
    char *path = inner ? text_format("%s.%s", key, inner) : text_copy(key);
    free(inner);
    return path;
  }
  json_object_foreach((json_t *)(uintptr_t)b, key, value) {
    if (!json_object_get(a, key)) return text_copy(key);
  }
  return NULL;
}
