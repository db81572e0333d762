#include "model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "safetensors.h"

const char *model_bare_name(const nn_net *net, const nn_param *p) {
  return p->name + strlen(net->prefix);
}

static float *read_file_order(const nn_param *p, const tg_store *s) {
  size_t bytes = (size_t)tg_count(p->shape) * sizeof(float);
  float *stored = memory_new(bytes), *file = memory_new(bytes);
  tg_store_read(s, tg_store_find(s, p->name), stored);
  nn_param_to_file(p, stored, file);
  free(stored);
  return file;
}

static int check_finite(const char *path, const char *name, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(x[i]))
      return fail(1, "%s: tensor %s holds a value that is not finite (%g)", path, name,
                  (double)x[i]);
  }
  return 0;
}

int model_write(const char *path, const safetensor *t, int n, const json_t *metadata) {
  char *text = json_dumps(metadata, JSON_COMPACT | JSON_SORT_KEYS);
  json_t *map = json_pack("{s:s}", "xsite", text);
  int status = safetensors_write(path, t, n, map);
  json_decref(map);
  free(text);
  return status;
}

int model_save(const char *path, const nn_net *net, const tg_store *s, const json_t *metadata) {
  int status = 0;
  safetensor *t = memory_new((size_t)net->n * sizeof *t);
  float **data = memory_new((size_t)net->n * sizeof *data);
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    data[i] = read_file_order(p, s);
    t[i] = (safetensor){.name = text_copy(model_bare_name(net, p)),
                        .dtype = SAFETENSORS_F32,
                        .rank = p->rank,
                        .data = data[i],
                        .count = tg_count(p->shape)};
    memcpy(t[i].dim, p->dim, sizeof p->dim);
    if (!status) status = check_finite(path, t[i].name, data[i], t[i].count);
  }
  if (!status) status = model_write(path, t, net->n, metadata);
  for (int i = 0; i < net->n; i++) {
    free(t[i].name);
    free(data[i]);
  }
  free(data);
  free(t);
  return status;
}

int model_metadata(const char *path, const char *kind, json_t **metadata) {
  safetensors *file = NULL;
  *metadata = NULL;
  if (safetensors_open(path, &file)) return 1;
  const char *text = json_string_value(json_object_get(safetensors_metadata(file), "xsite"));
  json_error_t error;
  if (text) *metadata = json_loads(text, 0, &error);
  int status = 0;
  if (!text) {
    status = fail(1,
                  "%s: has no metadata of xsite: it does not say which architecture, size and "
                  "normalisation it needs",
                  path);
  } else if (!*metadata) {
    status = fail(1, "%s: metadata is not JSON: %s", path, error.text);
  } else {
    const char *found = json_string_value(json_object_get(*metadata, "kind"));
    if (kind && (!found || strcmp(found, kind) != 0)) {
      status = fail(1, "%s: is a %s, a %s is needed", path, found ? found : "file of unknown kind",
                    kind);
    }
  }
  if (status) {
    json_decref(*metadata);
    *metadata = NULL;
  }
  safetensors_close(file);
  return status;
}

bool model_same_shape(const nn_param *p, const safetensor *t) {
  bool same = t->rank == p->rank;
  for (int i = 0; same && i < p->rank; i++) same = t->dim[i] == p->dim[i];
  return same;
}

static int check_shape(const char *path, const nn_param *p, const safetensor *t) {
  if (model_same_shape(p, t)) return 0;
  char found[128] = "", wanted[128] = "";
  for (int i = 0; i < t->rank; i++) {
    snprintf(found + strlen(found), sizeof found - strlen(found), " %lld", (long long)t->dim[i]);
  }
  for (int i = 0; i < p->rank; i++) {
    snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), " %lld",
             (long long)p->dim[i]);
  }
  return fail(1, "%s: tensor %s has shape [%s ], this architecture needs [%s ]", path, t->name,
              found, wanted);
}

int model_load_param(const char *path, const safetensor *t, const nn_param *p, tg_store *s) {
  if (check_shape(path, p, t)) return 1;
  size_t bytes = (size_t)t->count * sizeof(float);
  float *x = memory_new(bytes), *stored = memory_new(bytes);
  int status = safetensors_read_f32(t, x);
  if (status) fail_context(1, "%s: ", path);
  if (!status) status = check_finite(path, t->name, x, t->count);
  if (!status) status = tg_store_add(s, p->name, p->shape);
  if (!status) {
    nn_param_from_file(p, x, stored);
    tg_store_write(s, tg_store_find(s, p->name), stored);
  }
  free(stored);
  free(x);
  return status;
}

static int load_named(const char *path, const safetensors *file, const nn_net *net,
                      const nn_param *p, tg_store *s) {
  const char *name = model_bare_name(net, p);
  const safetensor *t = safetensors_find(file, name);
  if (t) return model_load_param(path, t, p, s);
  return fail(1, "%s: tensor %s is missing: the file is of another architecture", path, name);
}

int model_load(const char *path, const nn_net *net, tg_store *s) {
  safetensors *file = NULL;
  if (safetensors_open(path, &file)) return 1;
  int status = 0;
  for (int i = 0; i < net->n && !status; i++)
    status = load_named(path, file, net, &net->param[i], s);
  if (!status && safetensors_count(file) != net->n) {
    status = fail(
        1,
        "%s: holds %d tensors where this architecture has %d: the file is of another architecture",
        path, safetensors_count(file), net->n);
  }
  safetensors_close(file);
  return status;
}

json_t *geometry_json(const train_geometry *g) {
  json_t *mean = json_array(), *deviation = json_array();
  for (int i = 0; i < g->channels && i < 3; i++) {
    json_array_append_new(mean, json_real(g->norm.mean[i]));
    json_array_append_new(deviation, json_real(g->norm.deviation[i]));
  }
  return json_pack("{s:i, s:i, s:{s:o, s:o}}", "size", g->size, "channels", g->channels,
                   "normalisation", "mean", mean, "deviation", deviation);
}

static int parse_numbers(const json_t *list, int n, double *x) {
  if ((int)json_array_size(list) != n) return 1;
  for (int i = 0; i < n; i++) {
    const json_t *v = json_array_get(list, (size_t)i);
    if (!json_is_number(v)) return 1;
    x[i] = json_number_value(v);
  }
  return 0;
}

int geometry_parse(const json_t *j, const char *path, train_geometry *g) {
  *g = (train_geometry){0};
  json_int_t size = json_integer_value(json_object_get(j, "size"));
  json_int_t channels = json_integer_value(json_object_get(j, "channels"));
  if (size < 1 || size > 4096)
    return fail(1, "%s: metadata: size %lld is not 1 to 4096", path, (long long)size);
  if (channels != 1 && channels != 3)
    return fail(1, "%s: metadata: channels %lld is not 1 or 3", path, (long long)channels);
  g->size = (int)size;
  g->channels = (int)channels;
  const json_t *norm = json_object_get(j, "normalisation");
  if (parse_numbers(json_object_get(norm, "mean"), g->channels, g->norm.mean) ||
      parse_numbers(json_object_get(norm, "deviation"), g->channels, g->norm.deviation)) {
    return fail(1, "%s: metadata: normalisation needs one mean and deviation per channel", path);
  }
  for (int i = 0; i < g->channels; i++) {
    if (!(g->norm.deviation[i] > 0))
      return fail(1, "%s: metadata: deviation must be above 0", path);
  }
  return 0;
}
