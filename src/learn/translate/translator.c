/* translator.c: a translator of any kind: its model file, and images through it. */
#include "translator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "made_images.h"
#include "memory.h"
#include "text.h"

static const translator_kind *const kinds[] = {
    &translator_stargan,
#define MATCH(id, ...) &translator_##id,
#include "xsite/methods.def"
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct translator {
  const translator_kind *kind;
  train_geometry geometry;
  void *state;
};

translator *translator_new(const translator_kind *kind, const train_geometry *g, void *state) {
  translator *t = memory_new(sizeof *t);
  *t = (translator){.kind = kind, .geometry = *g, .state = state};
  return t;
}

void translator_free(translator *t) {
  if (!t) return;
  t->kind->release(t->state);
  free(t);
}

static const char known[] = "stargan"
#define MATCH(id, ...) ", " #id
#include "xsite/methods.def"
    ;

static const translator_kind *find_kind(const json_t *metadata, const char *path) {
  const char *name = json_string_value(json_object_get(metadata, "architecture"));
  for (int i = 0; name && i < KINDS; i++) {
    if (strcmp(name, kinds[i]->architecture) == 0) return kinds[i];
  }
  fail(1, "%s: metadata: architecture '%s' is none of %s", path, name ? name : "", known);
  return NULL;
}

int translator_describe(const model_file *file, translator **out) {
  const translator_kind *kind = find_kind(file->metadata, file->path);
  train_geometry g;
  *out = NULL;
  if (!kind || geometry_parse(file->metadata, file->path, &g)) return 1;
  void *state = kind->describe(file->metadata, file->path, &g);
  if (!state) return 1;
  *out = translator_new(kind, &g, state);
  return 0;
}

int translator_load(const char *path, translator **out) {
  model_file file;
  *out = NULL;
  int status = model_open(path, "generator", &file);
  if (!status) status = translator_describe(&file, out);
  if (!status) status = (*out)->kind->load((*out)->state, &file);
  model_close(&file);
  if (!status) return 0;
  translator_free(*out);
  *out = NULL;
  return status;
}

const train_geometry *translator_geometry(const translator *t) { return &t->geometry; }

const char *translator_architecture(const translator *t) { return t->kind->architecture; }

const nn_stargan *translator_net(const translator *t) {
  return t->kind->net ? t->kind->net(t->state) : NULL;
}

/* Normalised values back to 0 .. 65535; in double, unlike made_images_store, of which 1 in 768
 * values would differ by 1. */
static void store_16_bit(const train_geometry *g, const float *y, int64_t count, uint16_t *pixel) {
  for (int64_t i = 0; i < count; i++) {
    int c = (int)(i % g->channels);
    double v = (double)y[i] * g->norm.deviation[c] + g->norm.mean[c];
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    pixel[i] = (uint16_t)lrint(v * 65535);
  }
}

/* Images `first` to first + count of made; x: room for TRANSLATOR_BATCH of them. */
static int translate_batch(translator *t, const xs_images *images, const int64_t *rows,
                           int64_t first, int64_t count, int domain, float *x, xs_images *made) {
  const train_geometry *g = &t->geometry;
  int64_t each = (int64_t)g->size * g->size * g->channels, batch[TRANSLATOR_BATCH];
  batch_rows(rows, made->n, first, count, batch);
  xs_images_fetch(images, batch, count, g->size, g->channels, &g->norm, x);
  if (t->kind->translate(t->state, batch, count, domain, x)) return 1;
  store_16_bit(g, x, count * each, (uint16_t *)made->pixels + first * each);
  for (int64_t i = 0; i < count; i++) made->group[first + i] = images->group[batch[i]];
  return 0;
}

xs_status translator_apply(translator *t, const xs_images *images, const int64_t *rows, int64_t n,
                           int domain, xs_images **out) {
  const train_geometry *g = &t->geometry;
  int domains = t->kind->domains(t->state), status = 0;
  if (domain < 0 || domain >= domains) {
    return (xs_status)fail(XS_USAGE, "domain %d is beyond the generator's, 0 to %d", domain,
                           domains - 1);
  }
  xs_images *made =
      made_images_new(text_copy(images->name), &images->how, g->size, g->size, g->channels, n);
  const size_t each = (size_t)g->size * (size_t)g->size * (size_t)g->channels;
  float *x = memory_new(TRANSLATOR_BATCH * each * sizeof *x);
  for (int64_t first = 0; first < n && !status; first += TRANSLATOR_BATCH) {
    int64_t count = n - first < TRANSLATOR_BATCH ? n - first : TRANSLATOR_BATCH;
    status = translate_batch(t, images, rows, first, count, domain, x, made);
  }
  free(x);
  if (status) xs_images_close(made);
  if (!status) *out = made;
  return status ? XS_FAILED : XS_OK;
}
