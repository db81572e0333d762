/* fuzz_tensors.h: mutation of safetensors files of ours, for targets that read what stands in them.
 *
 * A mutator would never get the hash right that such a file carries of itself, nor the length of
 * its header: both are put right.  Its metadata are JSON within a text of JSON, which bytes cannot
 * change for long: they are changed as a tree. */
#ifndef FUZZ_TENSORS_H
#define FUZZ_TENSORS_H

#include "fuzz_json.h"
#include "own_hash.h"

enum { FUZZ_PREFIX = 8 };

static inline uint64_t fuzz_header_length(const uint8_t *data) {
  uint64_t length;
  memcpy(&length, data, sizeof length);
  return length;
}

/* Puts the hash in its place, if the file has one. */
static inline void fuzz_rehash(uint8_t *data, size_t size) {
  static const char start[] = "{\"__metadata__\":{\"xsite.sha256\":\"sha256:";
  enum { AT = FUZZ_PREFIX + sizeof start - 1, HASH = 64 };
  if (size < AT + HASH || memcmp(data + FUZZ_PREFIX, start, sizeof start - 1)) return;
  memset(data + AT, '0', HASH);
  own_hash_put((char *)data, size);
}

/* ---- the file -----------------------------------------------------------------------------------
 */

/* The header, or in it the tree that one of its metadata is the text of. */
static inline void fuzz_change_header(json_t *header, unsigned random) {
  static const char *const keys[] = {"xsite", "state"};
  json_t *metadata = json_object_get(header, "__metadata__");
  for (size_t i = 0; i < sizeof keys / sizeof *keys && random % 4; i++) {
    const char *text = json_string_value(json_object_get(metadata, keys[i]));
    json_t *tree = text ? json_loads(text, 0, NULL) : NULL;
    if (!tree) continue;
    fuzz_change_somewhere(tree, random / 4);
    char *changed = json_dumps(tree, JSON_COMPACT);
    json_object_set_new(metadata, keys[i], json_string(changed));
    free(changed);
    json_decref(tree);
    return;
  }
  fuzz_change_somewhere(header, random / 4);
}

static inline size_t fuzz_mutate_header(uint8_t *data, size_t size, size_t most, unsigned random) {
  const uint64_t length = fuzz_header_length(data);
  json_t *header = json_loadb((char *)data + FUZZ_PREFIX, length, 0, NULL);
  if (!header) return size;
  fuzz_change_header(header, random);
  char *text = json_dumps(header, JSON_COMPACT);
  json_decref(header);
  const size_t wanted = text ? strlen(text) : 0, rest = size - FUZZ_PREFIX - length;
  if (text && FUZZ_PREFIX + wanted + rest <= most) {
    memmove(data + FUZZ_PREFIX + wanted, data + FUZZ_PREFIX + length, rest);
    memcpy(data + FUZZ_PREFIX, text, wanted);
    memcpy(data, &(uint64_t){wanted}, FUZZ_PREFIX);
    size = FUZZ_PREFIX + wanted + rest;
  }
  free(text);
  return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  const bool whole = size > FUZZ_PREFIX && fuzz_header_length(data) <= size - FUZZ_PREFIX;
  const unsigned random = seed / 8;
  if (!whole || seed % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  if (seed % 8 > 2) return fuzz_mutate_header(data, size, most, random);
  const size_t tensors = FUZZ_PREFIX + fuzz_header_length(data);
  return tensors + LLVMFuzzerMutate(data + tensors, size - tensors,
                                    seed % 8 == 1 ? size - tensors : most - tensors);
}

#endif
