/* translator_match.c: what every matching translator does around its method. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "match.h"
#include "memory.h"
#include "model_file.h"
#include "random.h"

const char *const match_site[MATCH_SITES] = {"source", "target"};

static const match_method *const methods[] = {
#define MATCH(id, ...) &match_##id,
#include "xsite/methods.def"
};
enum { METHODS = sizeof methods / sizeof *methods };

const match_method *match_find(const char *name) {
  for (int i = 0; i < METHODS; i++) {
    if (strcmp(name, methods[i]->kind->architecture) == 0) return methods[i];
  }
  return NULL;
}

void match_free(match *m) {
  if (!m) return;
  for (int i = 0; i < MATCH_SITES; i++) free(m->reference[i]);
  free(m);
}

/* ---- the model file --------------------------------------------------------------------------
 */

static int check_metadata(const json_t *metadata, const char *path, const train_geometry *g) {
  if (!json_is_integer(json_object_get(metadata, "seed")) ||
      !json_is_boolean(json_object_get(metadata, "mix"))) {
    return fail(1, "%s: metadata: seed must be a whole number, and mix true or false", path);
  }
  for (int c = 0; c < g->channels; c++) {
    if (g->norm.mean[c] == 0 && g->norm.deviation[c] == 1) continue;
    return fail(1, "%s: metadata: normalisation must be mean 0 and deviation 1", path);
  }
  return 0;
}

static void *describe(const json_t *metadata, const char *path, const train_geometry *g) {
  if (check_metadata(metadata, path, g)) return NULL;
  match *m = memory_new(sizeof *m);
  *m = (match){.method = match_find(json_string_value(json_object_get(metadata, "architecture"))),
               .geometry = *g,
               .seed = (uint64_t)json_integer_value(json_object_get(metadata, "seed")),
               .mix = json_is_true(json_object_get(metadata, "mix"))};
  return m;
}

static int check_shape(const match *m, const char *path, const safetensor *t) {
  int channels = m->geometry.channels, size = m->geometry.size;
  if (t->rank == 3 && t->dim[0] >= 1 && t->dim[1] == channels &&
      m->method->possible(size, t->dim[2]) && (!m->values || m->values == t->dim[2]))
    return 0;
  return fail(1, "%s: tensor %s is no set of %s references for images of %d channel(s) and size %d",
              path, t->name, m->method->kind->architecture, channels, size);
}

static int check_range(const match *m, const char *path, const safetensor *t, const float *x) {
  double most = m->method->most(m->geometry.size);
  for (int64_t i = 0; i < t->count; i++) {
    if (x[i] >= 0 && (double)x[i] <= most) continue;
    return fail(1, "%s: tensor %s holds %g, which is not from 0 to %g", path, t->name, (double)x[i],
                most);
  }
  return 0;
}

static int load_references(match *m, const char *path, const safetensors *file, int site) {
  const safetensor *t = safetensors_find(file, match_site[site]);
  if (!t) return fail(1, "%s: tensor %s is missing", path, match_site[site]);
  if (check_shape(m, path, t)) return 1;
  m->values = t->dim[2];
  m->references[site] = t->dim[0];
  m->reference[site] = memory_new((size_t)t->count * sizeof(float));
  if (safetensors_read_f32(t, m->reference[site])) return fail_context(1, "%s: ", path);
  return check_range(m, path, t, m->reference[site]);
}

static int load(void *state, const model_file *file) {
  int status = 0;
  for (int i = 0; i < MATCH_SITES && !status; i++)
    status = load_references(state, file->path, file->tensors, i);
  return status;
}

/* ---- images ----------------------------------------------------------------------------------
 */

static int domains(const void *state) {
  (void)state;
  return MATCH_SITES;
}

/* Channel c of x [size][size][channels] goes the given share of the way to what it becomes with the
 * reference. */
static void translate_channel(const match *m, int c, const float *reference, float share,
                              float *x) {
  int channels = m->geometry.channels, size = m->geometry.size;
  float *plane = memory_new((size_t)(size * size) * sizeof *plane);
  for (int i = 0; i < size * size; i++) plane[i] = x[i * channels + c];
  m->method->give(size, reference, m->values, plane);
  for (int i = 0; i < size * size; i++) {
    float old = x[i * channels + c], v = old + share * (plane[i] - old);
    x[i * channels + c] = v < 0 ? 0 : v > 1 ? 1 : v;
  }
  free(plane);
}

/* An image's reference and share are functions of seed, wanted site and row. */
static void translate_image(const match *m, int64_t row, int site, float *x) {
  int channels = m->geometry.channels;
  uint64_t step = (uint64_t)row, index = (uint64_t)site;
  int64_t k = (int64_t)random_below(m->seed, random_stream("match reference"), step, index,
                                    (uint64_t)m->references[site]);
  float share = m->mix ? random_uniform(m->seed, random_stream("match share"), step, index) : 1;
  const float *reference = m->reference[site] + k * channels * m->values;
  for (int c = 0; c < channels; c++) {
    translate_channel(m, c, reference + c * m->values, share, x);
  }
}

static int translate(void *state, const int64_t *rows, int64_t n, int domain, float *x) {
  const match *m = state;
  int64_t each = (int64_t)m->geometry.size * m->geometry.size * m->geometry.channels;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) translate_image(m, rows[i], domain, x + i * each);
  return 0;
}

static void release(void *state) { match_free(state); }

/* The description looks the method up by the file's architecture, which has its name. */
#define MATCH(id, ...)                                                                             \
  const translator_kind translator_##id = {.architecture = #id,                                    \
                                           .describe = describe,                                   \
                                           .load = load,                                           \
                                           .domains = domains,                                     \
                                           .translate = translate,                                 \
                                           .release = release};
#include "xsite/methods.def"
