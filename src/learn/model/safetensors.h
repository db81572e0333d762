/* safetensors.h: tensors and text metadata in one file, in the safetensors format: 8 bytes of
 * little-endian header length, a JSON header, the data.  Nothing in such a file is ever executed.
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

enum { SAFETENSORS_MAX_RANK = 8 };

typedef enum safetensors_type {
  SAFETENSORS_F32,
  SAFETENSORS_F64,
  SAFETENSORS_F16,
  SAFETENSORS_BF16,
  SAFETENSORS_I64,
  SAFETENSORS_I32,
  SAFETENSORS_I16,
  SAFETENSORS_I8,
  SAFETENSORS_U64,
  SAFETENSORS_U32,
  SAFETENSORS_U16,
  SAFETENSORS_U8,
  SAFETENSORS_BOOL
} safetensors_type;

typedef struct safetensor {
  char *name;
  int rank; /* 0: one value */
  int64_t dim[SAFETENSORS_MAX_RANK];
  safetensors_type dtype;
  const void *data; /* little-endian, row-major, of any alignment */
  int64_t count;    /* product of dim */
} safetensor;

typedef struct safetensors safetensors;

/* Reads a file whole and checks everything in it, one that xsite wrote against the hash that it
 * carries of itself.  0, or 1 and a message. */
int safetensors_open(const char *path, safetensors **out);
/* The same of a file's content, which is taken over; path: for messages. */
int safetensors_parse(const char *path, char *file, size_t size, safetensors **out);
void safetensors_close(safetensors *s);
int safetensors_count(const safetensors *s);
const safetensor *safetensors_at(const safetensors *s, int i); /* in the header's order; lent */
const safetensor *safetensors_find(const safetensors *s, const char *name); /* or NULL; lent */
/* An object of strings, empty if the file has none; lent. */
const json_t *safetensors_metadata(const safetensors *s);
/* Whether the file carries a hash of itself, which then is right: files of other programs and of an
 * older xsite have none. */
bool safetensors_has_hash(const safetensors *s);

/* SHA-256 of a file's tensors with their names, types and shapes, whatever its metadata. */
int safetensors_hash(const char *path, char hex[HASH_SHA256_TEXT]);

const char *safetensors_type_name(safetensors_type type); /* "F32" */
/* The count values of a floating-point tensor; other types are an error. */
int safetensors_read_f32(const safetensor *t, float *x);

/* Writes n tensors in the given order, so that equal input gives equal bytes, and a hash of all of
 * the file; metadata: an object of strings, or NULL.  After a crash at any instant the old or the
 * new file is there, whole. */
int safetensors_write(const char *path, const safetensor *tensor, int n, const json_t *metadata);

#endif
