#include "own_hash.h"

#include <stdint.h>
#include <string.h>

#include "error.h"
#include "hash.h"

#define KEY "xsite.sha256"
#define FORM "sha256:"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char beginning[] = "{\"__metadata__\":{\"" KEY "\":\"";
enum {
  BEGINNING_AT = 8, /* behind the header's length */
  FORM_AT = BEGINNING_AT + sizeof beginning - 1,
  HASH_AT = FORM_AT + sizeof FORM - 1,
  HASH = HASH_SHA256_TEXT - 1
};

json_t *own_hash_metadata(const json_t *others) {
  json_t *all = json_pack("{s:s}", KEY, FORM ZEROS);
  json_object_update_missing(all, (json_t *)(uintptr_t)others);
  return all;
}

void own_hash_put(char *file, size_t size) {
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(file, size, hex);
  memcpy(file + HASH_AT, hex, HASH);
}

static bool carries(const char *file, size_t size) {
  return size >= HASH_AT + HASH && (!memcmp(file + BEGINNING_AT, beginning, sizeof beginning - 1) ||
                                    !memcmp(file + FORM_AT, FORM, sizeof FORM - 1));
}

int own_hash_check(const char *path, char *file, size_t size, bool *carried) {
  char theirs[HASH], hex[HASH_SHA256_TEXT];
  *carried = carries(file, size);
  if (!*carried) return 0;
  memcpy(theirs, file + HASH_AT, HASH);
  memcpy(file + HASH_AT, ZEROS, HASH);
  hash_sha256_text(file, size, hex);
  if (!memcmp(theirs, hex, HASH)) return 0;
  return fail(1,
              "%s: is damaged: its bytes are not those that xsite wrote (SHA-256); copy it again "
              "from where it came, or make it again",
              path);
}

int own_hash_take_out(json_t *metadata, bool carried) {
  const bool there = json_object_del(metadata, KEY) == 0;
  if (there == carried) return 0;
  return fail(1, "another program has written it again, so that its SHA-256 no longer holds; where "
                 "that was meant, take " KEY " out of its metadata");
}
