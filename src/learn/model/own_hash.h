/* own_hash.h: the SHA-256 that a safetensors file of ours carries of itself, so that a changed byte
 * anywhere in it is noticed: in its tensors, its metadata, its names or its shapes.
 *
 * It is the first of the metadata, "xsite.sha256": "sha256:HEX", of the whole file with 64 zeros in
 * place of HEX.  It is known by its place, and twice, by its key and by its value's beginning: no
 * single damage makes a file look as if it had none. */
#ifndef OWN_HASH_H
#define OWN_HASH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Metadata, the place for the hash first, then those that are given (or NULL). */
json_t *own_hash_metadata(const json_t *others);
/* Into the place that a whole file has for it. */
void own_hash_put(char *file, size_t size);
/* Compares it, and puts zeros in its place; a file without one is fine.  *carried: it has one. */
int own_hash_check(const char *path, char *file, size_t size, bool *carried);
/* Takes the place out of metadata that were read; one where the file did not carry it is an error:
 * another program has written the file again. */
int own_hash_take_out(json_t *metadata, bool carried);

#endif
