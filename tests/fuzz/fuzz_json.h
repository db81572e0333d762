/* fuzz_json.h: mutation of JSON as a tree, of which bytes would rarely leave JSON. */
#ifndef FUZZ_JSON_H
#define FUZZ_JSON_H

#include <jansson.h>
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static inline size_t fuzz_tree_size(const json_t *j) {
  size_t n = 1, i;
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)j, key, value) n += fuzz_tree_size(value);
  json_array_foreach(j, i, value) n += fuzz_tree_size(value);
  return n;
}

static inline json_t *fuzz_new_value(const json_t *old, unsigned random) {
  static const double reals[] = {0, -1, 0.5, 1, 1e-300, 1e300, 4096.5, -0.0};
  static const json_int_t integers[] = {
      0, 1, 2, 3, -1, 16, 32, 4096, 100000, INT32_MAX, INT64_MAX, INT64_MIN, (json_int_t)1 << 32};
  uint8_t text[256] = {0};
  switch (random % 8) {
  case 0:
    return json_real(reals[random / 8 % 8]);
  case 1:
  case 2:
    return json_integer(integers[random / 8 % 13]);
  case 3:
    return json_is_integer(old) ? json_integer(json_integer_value(old) ^ 1 << random / 8 % 12)
                                : json_boolean(random / 8 % 2);
  case 4:
    return random / 8 % 2 ? json_array() : json_null();
  default:
    if (!json_is_string(old)) return json_deep_copy(old);
    snprintf((char *)text, sizeof text, "%s", json_string_value(old));
    text[LLVMFuzzerMutate(text, strlen((char *)text), sizeof text - 1)] = 0;
    return json_string((char *)text); /* NULL, which changes nothing, where it is no UTF-8 */
  }
}

/* Changes, takes away or doubles the value at this place, counted in the tree's order. */
static inline void fuzz_change_tree(json_t *j, size_t *place, unsigned random) {
  size_t i;
  const char *key;
  json_t *value;
  void *next;
  json_object_foreach_safe(j, next, key, value) {
    if ((*place)-- == 1) {
      if (random % 5 == 0) {
        json_object_del(j, key);
      } else {
        json_object_set_new(j, key, fuzz_new_value(value, random / 5));
      }
      return;
    }
    fuzz_change_tree(value, place, random);
    if (!*place) return;
  }
  json_array_foreach(j, i, value) {
    if ((*place)-- == 1) {
      if (random % 5 == 0) {
        json_array_remove(j, i);
      } else if (random % 5 == 1) {
        json_array_append(j, value);
      } else {
        json_array_set_new(j, i, fuzz_new_value(value, random / 5));
      }
      return;
    }
    fuzz_change_tree(value, place, random);
    if (!*place) return;
  }
}

static inline void fuzz_change_somewhere(json_t *j, unsigned random) {
  size_t place = 1 + random % fuzz_tree_size(j);
  fuzz_change_tree(j, &place, random / 7);
}

/* The same of a text of JSON; its size then, the old one where it is none or the new one is too
 * long. */
static inline size_t fuzz_change_json(uint8_t *data, size_t size, size_t most, unsigned random) {
  json_t *tree = json_loadb((char *)data, size, 0, NULL);
  if (!tree) return size;
  fuzz_change_somewhere(tree, random);
  char *text = json_dumps(tree, JSON_COMPACT);
  const size_t wanted = text ? strlen(text) : 0;
  if (wanted && wanted <= most) {
    memcpy(data, text, wanted);
    size = wanted;
  }
  free(text);
  json_decref(tree);
  return size;
}

#endif
