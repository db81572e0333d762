/* store.h: parameters and their packed copies. */
#ifndef STORE_H
#define STORE_H

#include "text_set.h"
#include "tg.h"

/* A copy of a parameter in some kernel's own layout, made again when the parameter has changed. */
typedef struct store_pack {
  char key[64];
  uint64_t version; /* of the parameter that it was made from; 0: never made */
  void *data;
  struct store_pack *next;
} store_pack;

typedef struct store_slot {
  tg_shape shape;
  uint64_t version; /* grows with every change; starts at 1 */
  void *data;
  store_pack *packs;
} store_slot;

/* Memory that is lent from its start on and given back with the store. */
typedef struct store_chunk {
  char *data;
  size_t bytes, used;
  struct store_chunk *next;
} store_chunk;

struct tg_store {
  const tg_device *device;
  store_chunk *chunk; /* the newest: of parameters and packed copies */
  text_set names;
  store_slot *slot; /* [names.n] */
  void *block;      /* of the intermediate values of whichever of its plans runs */
  size_t block_bytes;
};

/* Makes the block large enough; it may move. */
int store_reserve(tg_store *s, size_t bytes);

/* Of slot i; made if absent; NULL: no memory. */
store_pack *store_find_pack(tg_store *s, int i, const char *key, size_t bytes);
int store_check(size_t bytes);      /* TG_TOO_LARGE and a message: they cannot be had */
void *store_allocate(size_t bytes); /* 64-byte aligned, zeroed; free(); NULL and a
                                     * message where there is not so much memory */

#endif
