#include "model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "safetensors.h"
#include "text.h"
#include "unusual.h"

const char *model_bare_name(const nn_net *net, const nn_param *p) {
  return p->name + strlen(net->prefix);
}

/* file: newly allocated. */
static int read_file_order(const nn_param *p, const tg_store *s, float **file) {
  size_t bytes = (size_t)tg_count(p->shape) * sizeof(float);
  float *stored = memory_new(bytes);
  *file = memory_new(bytes);
  const int status = tg_store_get(s, p->name, p->shape, stored);
  if (!status) nn_param_to_file(p, stored, *file);
  free(stored);
  return status;
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
    if (!status && read_file_order(p, s, &data[i])) status = fail_context(1, "%s: ", path);
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

json_t *model_inherited(const model_file *m) {
  json_t *metadata = json_copy(m->metadata);
  json_object_del(metadata, "temperature");
  json_object_del(metadata, "site");
  json_object_del(metadata, "operating");
  return metadata;
}

static int parse_metadata(model_file *m, const char *kind) {
  const char *text = json_string_value(json_object_get(safetensors_metadata(m->tensors), "xsite"));
  json_error_t error;
  if (!text) {
    return fail(1,
                "%s: has no metadata of xsite: it does not say which architecture, size and "
                "normalisation it needs; xsite import makes a model file of another program's "
                "weights",
                m->path);
  }
  m->metadata = json_loads(text, 0, &error);
  if (!m->metadata) return fail(1, "%s: metadata is not JSON: %s", m->path, error.text);
  const char *found = json_string_value(json_object_get(m->metadata, "kind"));
  if (!kind || (found && strcmp(found, kind) == 0)) return 0;
  return fail(1, "%s: is a %s, a %s is needed", m->path, found ? found : "file of unknown kind",
              kind);
}

int model_open(const char *path, const char *kind, model_file *m) {
  *m = (model_file){.path = path};
  return safetensors_open(path, &m->tensors) || parse_metadata(m, kind);
}

void model_close(model_file *m) {
  json_decref(m->metadata);
  safetensors_close(m->tensors);
}

int model_rewrite(const model_file *m, const char *path) {
  const int n = safetensors_count(m->tensors);
  safetensor *t = memory_new((size_t)(n + 1) * sizeof *t);
  for (int i = 0; i < n; i++) t[i] = *safetensors_at(m->tensors, i);
  int status = model_write(path, t, n, m->metadata);
  free(t);
  return status;
}

int model_metadata(const char *path, const char *kind, json_t **metadata) {
  model_file m;
  const int status = model_open(path, kind, &m);
  *metadata = status ? NULL : json_incref(m.metadata);
  model_close(&m);
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

int model_read_finite(const char *path, const safetensor *t, float *x) {
  if (safetensors_read_f32(t, x)) return fail_context(1, "%s: ", path);
  return check_finite(path, t->name, x, t->count);
}

int model_store_param(const nn_param *p, const float *x, tg_store *s) {
  float *stored = memory_new((size_t)tg_count(p->shape) * sizeof *stored);
  nn_param_from_file(p, x, stored);
  const int status = tg_store_put(s, p->name, p->shape, stored);
  free(stored);
  return status;
}

int model_load_param(const char *path, const safetensor *t, const nn_param *p, tg_store *s) {
  if (check_shape(path, p, t)) return 1;
  float *x = memory_new((size_t)t->count * sizeof *x);
  int status = model_read_finite(path, t, x);
  if (!status) status = model_store_param(p, x, s);
  free(x);
  return status;
}

/* ---- between gray and colour ------------------------------------------------------------------
 */

bool model_fits_gray(const nn_param *p, const safetensor *t) {
  if (p->rank != 4 || t->rank != 4) return false;
  const bool sums = t->dim[1] == 3 && p->dim[1] == 1, shares = t->dim[1] == 1 && p->dim[1] == 3;
  return (sums || shares) && t->dim[0] == p->dim[0] && t->dim[2] == p->dim[2] &&
         t->dim[3] == p->dim[3];
}

/* x [out][from][pixels] -> y [out][to][pixels]: the sum over `from`, shared among `to`. */
static void share_channels(const float *x, int64_t out, int64_t from, int64_t to, int64_t pixels,
                           float *y) {
  for (int64_t o = 0; o < out; o++) {
    for (int64_t i = 0; i < pixels; i++) {
      double sum = 0;
      for (int64_t k = 0; k < from; k++) sum += (double)x[(o * from + k) * pixels + i];
      for (int64_t k = 0; k < to; k++) y[(o * to + k) * pixels + i] = (float)(sum / (double)to);
    }
  }
}

int model_load_gray(const char *path, const safetensor *t, const nn_param *p, tg_store *s) {
  float *x = memory_new((size_t)t->count * sizeof *x);
  float *y = memory_new((size_t)tg_count(p->shape) * sizeof *y);
  int status = model_read_finite(path, t, x);
  if (!status) {
    share_channels(x, t->dim[0], t->dim[1], p->dim[1], t->dim[2] * t->dim[3], y);
    status = model_store_param(p, y, s);
  }
  free(y);
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

static bool is_known(const nn_net *net, const char *name) {
  bool known = unusual_is_tensor(name);
  for (int i = 0; i < net->n && !known; i++)
    known = strcmp(name, model_bare_name(net, &net->param[i])) == 0;
  return known;
}

static int check_names(const char *path, const safetensors *file, const nn_net *net) {
  for (int i = 0; i < safetensors_count(file); i++) {
    const char *name = safetensors_at(file, i)->name;
    if (is_known(net, name)) continue;
    return fail(1,
                "%s: tensor %s has no place in this architecture: the file is of another "
                "architecture",
                path, name);
  }
  return 0;
}

int model_parameters(const model_file *m, const nn_net *net, tg_store *s) {
  int status = 0;
  for (int i = 0; i < net->n && !status; i++)
    status = load_named(m->path, m->tensors, net, &net->param[i], s);
  return status ? status : check_names(m->path, m->tensors, net);
}
