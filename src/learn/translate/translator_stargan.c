/* translator_stargan.c: a trained generator as a translator. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "inference.h"
#include "memory.h"
#include "model_file.h"
#include "translator.h"

typedef struct stargan {
  nn_stargan net;
  tg_store *store;
  bool owns_store;
  inference_plan answer; /* of TRANSLATOR_BATCH images */
} stargan;

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

static void release(void *state) {
  stargan *s = state;
  tg_plan_free(s->answer.plan);
  if (s->owns_store) tg_store_free(s->store);
  free(s);
}

static int check(const nn_stargan *net, const char *path) {
  if (net->channels > 4096 || net->blocks > 1000 || net->domains > 1000) {
    return fail(1, "%s: metadata: base_channels, blocks or domains is beyond any use", path);
  }
  return nn_stargan_check(net) ? fail_context(1, "%s: ", path) : 0;
}

static void *describe(const json_t *metadata, const char *path, const train_geometry *g) {
  stargan *s = memory_new(sizeof *s);
  s->net = (nn_stargan){
      .size = g->size,
      .image_channels = g->channels,
      .domains = (int)json_integer_value(json_object_get(metadata, "domains")),
      .channels = json_integer_value(json_object_get(metadata, "base_channels")),
      .blocks = json_integer_value(json_object_get(metadata, "blocks")),
  };
  if (check(&s->net, path) == 0) return s;
  release(s);
  return NULL;
}

/* Plans G on s's store; file: where its parameters are, or NULL. */
static int build(stargan *s, const char *prefix, const model_file *file,
                 const tg_plan_options *options) {
  nn_net *net = nn_net_new(prefix);
  int status = file ? inference_list_generator(net, &s->net) : 0;
  if (!status && file) status = model_parameters(file, net, s->store);
  if (!status) {
    status =
        inference_plan_generator(net, &s->net, TRANSLATOR_BATCH, s->store, options, &s->answer);
  }
  nn_net_free(net);
  return status;
}

static int load(void *state, const model_file *file) {
  stargan *s = state;
  s->owns_store = true;
  s->store = tg_store_new(tg_device_cpu());
  return build(s, "", file, NULL);
}

int translator_share(const nn_stargan *net, const train_geometry *g, tg_store *store,
                     const char *prefix, const tg_plan_options *options, translator **out) {
  stargan *s = memory_new(sizeof *s);
  *s = (stargan){.net = *net, .store = store};
  int status = build(s, prefix, NULL, options);
  if (status) release(s);
  *out = status ? NULL : translator_new(&translator_stargan, g, s);
  return status;
}

static int domains(const void *state) { return ((const stargan *)state)->net.domains; }

static const nn_stargan *network(const void *state) { return &((const stargan *)state)->net; }

static void set_domain(stargan *s, int domain) {
  float *one_hot = tg_plan_data(s->answer.plan, s->answer.domain);
  for (int i = 0; i < TRANSLATOR_BATCH * s->net.domains; i++) {
    one_hot[i] = i % s->net.domains == domain;
  }
}

/* Each image is translated for itself: what fills the rest of the batch does not matter. */
static int translate(void *state, const int64_t *rows, int64_t n, int domain, float *x) {
  stargan *s = state;
  size_t bytes = (size_t)(n * s->net.size * s->net.size * s->net.image_channels) * sizeof *x;
  (void)rows;
  set_domain(s, domain);
  memcpy(tg_plan_data(s->answer.plan, s->answer.x), x, bytes);
  if (tg_plan_run(s->answer.plan, 0)) return 1;
  memcpy(x, tg_plan_data(s->answer.plan, s->answer.y), bytes);
  return 0;
}

const translator_kind translator_stargan = {.architecture = "stargan",
                                            .describe = describe,
                                            .load = load,
                                            .domains = domains,
                                            .translate = translate,
                                            .net = network,
                                            .release = release};
