/* translator.c: a trained generator, ready to translate images. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "file.h"
#include "inference.h"
#include "model_file.h"
#include "translator.h"

enum { BATCH = 50 };

struct translator {
  nn_stargan net;
  train_geometry geometry;
  tg_store *store;
  bool owns_store;
  inference_plan answer; /* of BATCH images */
};

void translator_free(translator *t) {
  if (!t) return;
  tg_plan_free(t->answer.plan);
  if (t->owns_store) tg_store_free(t->store);
  free(t);
}

json_t *translator_metadata(const nn_stargan *s, const train_geometry *g, const char *kind) {
  json_t *j = json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:i}", "format", 1, "kind", kind,
                        "architecture", "stargan", "base_channels", (json_int_t)s->channels,
                        "blocks", (json_int_t)s->blocks, "critic_layers",
                        (json_int_t)nn_stargan_critic_layers(s), "domains", s->domains);
  json_t *geometry = geometry_json(g);
  json_object_update(j, geometry);
  json_decref(geometry);
  return j;
}

static int parse_metadata(const json_t *j, const char *path, translator *t) {
  if (geometry_parse(j, path, &t->geometry)) return 1;
  t->net = (nn_stargan){
      .size = t->geometry.size,
      .image_channels = t->geometry.channels,
      .domains = (int)json_integer_value(json_object_get(j, "domains")),
      .channels = json_integer_value(json_object_get(j, "base_channels")),
      .blocks = json_integer_value(json_object_get(j, "blocks")),
  };
  if (t->net.channels > 4096 || t->net.blocks > 1000 || t->net.domains > 1000) {
    return fail(1, "%s: metadata: base_channels, blocks or domains is beyond any use", path);
  }
  return nn_stargan_check(&t->net) ? fail_context(1, "%s: ", path) : 0;
}

/* Plans G on t's store; path: the model file to read, or NULL. */
static int build(translator *t, const char *prefix, const char *path,
                 const tg_plan_options *options) {
  nn_net *net = nn_net_new(prefix);
  int status = inference_plan_generator(net, &t->net, BATCH, t->store, options, &t->answer);
  if (!status && path) status = model_load(path, net, t->store);
  nn_net_free(net);
  return status;
}

int translator_share(const nn_stargan *s, const train_geometry *g, tg_store *store,
                     const char *prefix, const tg_plan_options *options, translator **out) {
  translator *t = memory_new(sizeof *t);
  *t = (translator){.net = *s, .geometry = *g, .store = store};
  int status = build(t, prefix, NULL, options);
  if (status) {
    translator_free(t);
    t = NULL;
  }
  *out = t;
  return status;
}

int translator_describe(const char *path, translator **out) {
  json_t *metadata = NULL;
  *out = memory_new(sizeof **out);
  int status = model_metadata(path, "generator", &metadata);
  if (!status) status = parse_metadata(metadata, path, *out);
  json_decref(metadata);
  if (status) {
    translator_free(*out);
    *out = NULL;
  }
  return status;
}

int translator_load(const char *path, translator **out) {
  int status = translator_describe(path, out);
  if (status) return status;
  translator *t = *out;
  t->owns_store = true;
  t->store = tg_store_new(tg_device_cpu());
  status = build(t, "", path, NULL);
  if (status) {
    translator_free(t);
    *out = NULL;
  }
  return status;
}

const nn_stargan *translator_net(const translator *t) { return &t->net; }

const train_geometry *translator_geometry(const translator *t) { return &t->geometry; }

/* Normalised values back to 0 .. 65535. */
static void store_16_bit(const train_geometry *g, const float *y, int64_t count, uint16_t *pixel) {
  for (int64_t i = 0; i < count; i++) {
    int c = (int)(i % g->channels);
    double v = (double)y[i] * g->norm.deviation[c] + g->norm.mean[c];
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    pixel[i] = (uint16_t)lrint(v * 65535);
  }
}

static void set_domain(translator *t, int domain) {
  float *one_hot = tg_plan_data(t->answer.plan, t->answer.domain);
  for (int i = 0; i < BATCH * t->net.domains; i++) one_hot[i] = i % t->net.domains == domain;
}

xs_status translator_apply(translator *t, const xs_images *images, const int64_t *rows, int64_t n,
                           int domain, xs_images **out) {
  const train_geometry *g = &t->geometry;
  int64_t each = (int64_t)g->size * g->size * g->channels, batch[BATCH];
  if (domain < 0 || domain >= t->net.domains) {
    return (xs_status)fail(XS_USAGE, "domain %d is beyond the generator's, 0 to %d", domain,
                           t->net.domains - 1);
  }
  xs_images *made = memory_new(sizeof *made);
  *made = (xs_images){.name = text_copy(images->name),
                      .n = n,
                      .height = g->size,
                      .width = g->size,
                      .channels = g->channels,
                      .bytes = 2,
                      .max_value = 65535,
                      .resize = images->resize,
                      .center_crop = images->center_crop,
                      .pixels = memory_new((size_t)(n * each + 1) * sizeof(uint16_t)),
                      .group = memory_new((size_t)(n + 1) * sizeof(uint64_t))};
  set_domain(t, domain);
  for (int64_t first = 0; first < n; first += BATCH) {
    int64_t count = n - first < BATCH ? n - first : BATCH;
    batch_rows(rows, n, first, BATCH, batch);
    xs_images_fetch(images, batch, BATCH, g->size, g->channels, &g->norm,
                    tg_plan_data(t->answer.plan, t->answer.x));
    if (tg_plan_run(t->answer.plan, 0)) {
      xs_images_close(made);
      return XS_FAILED;
    }
    store_16_bit(g, tg_plan_data(t->answer.plan, t->answer.y), count * each,
                 (uint16_t *)made->pixels + first * each);
    for (int64_t i = 0; i < count; i++) made->group[first + i] = images->group[batch[i]];
  }
  *out = made;
  return XS_OK;
}
