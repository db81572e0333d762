/* checkpoint.h: everything a run needs to go on, in one file that is replaced atomically. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include <jansson.h>

#include "tg.h"

typedef struct checkpoint_part {
  const char *prefix; /* of the part's tensors in the file: "now/", "best/" */
  tg_store *store;
} checkpoint_part;

/* Refuses to save numbers that are not finite.  state: counters and text. */
int checkpoint_save(const char *path, int n, const checkpoint_part *part, const json_t *state);
enum { CHECKPOINT_DAMAGED = 2 };
/* The state alone; 0 and *state NULL where there is no file.  CHECKPOINT_DAMAGED: one that is not
 * as it was written, or carries no hash of itself; another failure: it cannot be read, or is whole
 * and no checkpoint. */
int checkpoint_state(const char *path, json_t **state);
/* The tensors: exactly those of the stores, each in its shape.  Another run's file is an error that
 * names the tensor. */
int checkpoint_load(const char *path, int n, const checkpoint_part *part);

#endif
