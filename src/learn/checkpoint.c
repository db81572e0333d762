#include "checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "safetensors.h"
#include "text.h"

static int check_finite(const safetensor *t) {
  const float *x = t->data;
  for (int64_t i = 0; i < t->count; i++) {
    if (!isfinite(x[i]))
      return fail(1,
                  "parameter %s is no longer finite (%g); the last good checkpoint is kept; a "
                  "lower learning rate usually mends this",
                  t->name, (double)x[i]);
  }
  return 0;
}

static void add_slot(const checkpoint_part *part, int i, safetensor *t) {
  tg_shape shape = tg_store_shape(part->store, i);
  float *x = memory_new((size_t)tg_count(shape) * sizeof *x);
  tg_store_read(part->store, i, x);
  *t = (safetensor){.name = text_format("%s%s", part->prefix, tg_store_name(part->store, i)),
                    .dtype = SAFETENSORS_F32,
                    .rank = 4,
                    .data = x,
                    .count = tg_count(shape)};
  memcpy(t->dim, shape.d, sizeof shape.d);
}

int checkpoint_save(const char *path, int n, const checkpoint_part *part, const json_t *state) {
  int total = 0, made = 0, status = 0;
  for (int i = 0; i < n; i++) total += tg_store_size(part[i].store);
  safetensor *t = memory_new((size_t)(total + 1) * sizeof *t);
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < tg_store_size(part[i].store); k++) add_slot(&part[i], k, &t[made++]);
  }
  for (int i = 0; i < made && !status; i++) status = check_finite(&t[i]);
  if (!status) {
    char *text = json_dumps(state, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *map = json_pack("{s:s}", "state", text);
    status = safetensors_write(path, t, made, map);
    json_decref(map);
    free(text);
  }
  for (int i = 0; i < made; i++) {
    free(t[i].name);
    free((void *)(uintptr_t)t[i].data);
  }
  free(t);
  return status;
}

#define START_AGAIN "delete it to start this node again"

static int check_shape(const char *path, const safetensor *t, tg_shape wanted) {
  if (t->rank == 4 && memcmp(t->dim, wanted.d, sizeof wanted.d) == 0) return 0;
  return fail(
      1,
      "%s: tensor %s has %lld numbers of rank %d, this run needs {%lld,%lld,%lld,%lld}: the "
      "file is damaged or of another run; " START_AGAIN,
      path, t->name, (long long)t->count, t->rank, (long long)wanted.d[0], (long long)wanted.d[1],
      (long long)wanted.d[2], (long long)wanted.d[3]);
}

/* Slot k of a part from the tensor of its name. */
static int restore(const char *path, const safetensors *file, const checkpoint_part *part, int k) {
  const tg_shape shape = tg_store_shape(part->store, k);
  char *name = text_format("%s%s", part->prefix, tg_store_name(part->store, k));
  const safetensor *t = safetensors_find(file, name);
  int status =
      t ? check_shape(path, t, shape)
        : fail(1, "%s: tensor %s is missing: the file is damaged or of another run; " START_AGAIN,
               path, name);
  free(name);
  if (status) return status;
  float *x = memory_new((size_t)t->count * sizeof *x);
  status = model_read_finite(path, t, x);
  if (!status) status = tg_store_write(part->store, k, x);
  free(x);
  return status;
}

static bool has_place(const char *name, int n, const checkpoint_part *part) {
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(part[i].prefix);
    if (strncmp(name, part[i].prefix, length) == 0 &&
        tg_store_find(part[i].store, name + length) >= 0)
      return true;
  }
  return false;
}

static int check_names(const char *path, const safetensors *file, int n,
                       const checkpoint_part *part) {
  for (int i = 0; i < safetensors_count(file); i++) {
    const char *name = safetensors_at(file, i)->name;
    if (has_place(name, n, part)) continue;
    return fail(1,
                "%s: tensor %s has no place in this run: the file is damaged or of another "
                "run; " START_AGAIN,
                path, name);
  }
  return 0;
}

/* What cannot be read at all may be whole: only what was read is damaged. */
static int open_whole(const char *path, safetensors **file) {
  char *data;
  size_t size;
  *file = NULL;
  if (file_read(path, &data, &size)) return 1;
  if (!safetensors_parse(path, data, size, file) && safetensors_has_hash(*file)) return 0;
  safetensors_close(*file);
  return fail(CHECKPOINT_DAMAGED, "%s is damaged, or an older xsite wrote it", path);
}

int checkpoint_state(const char *path, json_t **state) {
  *state = NULL;
  if (!file_exists(path)) return 0;
  safetensors *file;
  const int status = open_whole(path, &file);
  if (status) return status;
  const char *text = json_string_value(json_object_get(safetensors_metadata(file), "state"));
  json_error_t error;
  if (text) *state = json_loads(text, 0, &error);
  safetensors_close(file);
  if (*state) return 0;
  return fail(1, "%s: is not a checkpoint; " START_AGAIN, path);
}

int checkpoint_load(const char *path, int n, const checkpoint_part *part) {
  safetensors *file = NULL;
  if (safetensors_open(path, &file)) return 1;
  int status = check_names(path, file, n, part);
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < tg_store_size(part[i].store) && !status; k++)
      status = restore(path, file, &part[i], k);
  }
  safetensors_close(file);
  return status;
}
