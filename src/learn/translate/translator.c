/* translator.c: a translator of any kind: its model file, and images through it. */
#include "translator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
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
  json_t *sites; /* names of the domains, or NULL */
  int target;    /* the generator's own number of domain 1, which changes places with it */
};

translator *translator_new(const translator_kind *kind, const train_geometry *g, void *state) {
  translator *t = memory_new(sizeof *t);
  *t = (translator){.kind = kind, .geometry = *g, .state = state, .target = 1};
  return t;
}

void translator_free(translator *t) {
  if (!t) return;
  t->kind->release(t->state);
  json_decref(t->sites);
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

/* Those that share it, and whose copy it is. */
static int describe_sites(const json_t *metadata, const char *path, translator *t) {
  const json_t *sites = json_object_get(metadata, "sites"),
               *target = json_object_get(metadata, "target_domain"), *name;
  const int domains = t->kind->domains(t->state);
  size_t i;
  if (target) t->target = (int)json_integer_value(target);
  if (t->target < 1 || t->target >= domains) {
    return fail(1, "%s: metadata: target_domain: a number from 1 to %d is needed", path,
                domains - 1);
  }
  if (!sites) return 0;
  bool named = json_array_size(sites) == (size_t)domains;
  json_array_foreach(sites, i, name) named = named && json_is_string(name);
  if (!named) return fail(1, "%s: metadata: sites: %d names are needed", path, domains);
  t->sites = json_incref((json_t *)(uintptr_t)sites);
  return 0;
}

int translator_describe(const model_file *file, translator **out) {
  const translator_kind *kind = find_kind(file->metadata, file->path);
  train_geometry g;
  *out = NULL;
  if (!kind || geometry_parse(file->metadata, file->path, &g)) return 1;
  void *state = kind->describe(file->metadata, file->path, &g);
  if (!state) return 1;
  *out = translator_new(kind, &g, state);
  if (!describe_sites(file->metadata, file->path, *out)) return 0;
  translator_free(*out);
  *out = NULL;
  return 1;
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

/* Of domains for others the generator's own, and the other way round. */
static int own_domain(const translator *t, int domain) {
  return domain == 1 ? t->target : domain == t->target ? 1 : domain;
}

xs_status translator_site(const translator *t, const char *site, int *domain) {
  buffer names = {0};
  const json_t *name;
  size_t i;
  json_array_foreach(t->sites, i, name) {
    if (strcmp(json_string_value(name), site) == 0) {
      *domain = own_domain(t, (int)i);
      buffer_free(&names);
      return XS_OK;
    }
    buffer_between(&names, ", ");
    buffer_text(&names, json_string_value(name));
  }
  const int status =
      t->sites ? fail(XS_USAGE, "the translator has no site '%s'; its sites: %s", site, names.text)
               : fail(XS_USAGE, "the translator does not name its sites: give a "
                                "domain, 0 its source, 1 its target");
  buffer_free(&names);
  return (xs_status)status;
}

char *translator_sites(const translator *t) {
  buffer text = {0};
  const json_t *name;
  size_t i;
  json_array_foreach(t->sites, i, name) {
    buffer_between(&text, ", ");
    buffer_add(&text, "%zu %s", i, json_string_value(name));
  }
  return text.text ? text.text : text_copy("0 the source, 1 the target");
}

int translator_for_pair(const char *shared, int domain, const char *to) {
  model_file file;
  int status = model_open(shared, "generator", &file);
  if (!status) {
    json_object_set_new(file.metadata, "target_domain", json_integer(domain));
    status = model_rewrite(&file, to);
  }
  model_close(&file);
  return status;
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
  if (t->kind->translate(t->state, batch, count, own_domain(t, domain), x)) return 1;
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
