/* model_export.c: a model file's network as ONNX, from stored values in [0,1] to the answer. */
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "text.h"
#include "translator.h"

enum { BATCH = 2, MOST_OUTPUTS = 2 };

/* ---- the graph ---------------------------------------------------------------------------- */

typedef struct network {
  tg_graph *g;
  nn_net *net;
  tg_store *store;
  tg_value mean, deviation; /* per channel */
  tg_value output[MOST_OUTPUTS];
  const char *name[MOST_OUTPUTS];
  int outputs;
  char *description;
} network;

static tg_value per_channel(network *n, const char *name, const double *x, int channels) {
  tg_shape s = tg_shape4(1, 1, 1, channels);
  float value[3];
  for (int i = 0; i < channels; i++) value[i] = (float)x[i];
  if (tg_store_put(n->store, name, s, value)) return TG_NONE;
  return tg_param(n->g, name, s);
}

static void start(network *n, const train_geometry *g) {
  *n = (network){.g = tg_graph_new(), .net = nn_net_new("")};
  n->store = tg_store_new(tg_device_cpu());
  n->mean = per_channel(n, "normalisation.mean", g->norm.mean, g->channels);
  n->deviation = per_channel(n, "normalisation.deviation", g->norm.deviation, g->channels);
}

static void release(network *n) {
  tg_graph_free(n->g);
  nn_net_free(n->net);
  tg_store_free(n->store);
  free(n->description);
}

/* The image in [0,1], normalised. */
static tg_value normalised_input(network *n, const train_geometry *g) {
  tg_value x = tg_input(n->g, "image", tg_shape4(BATCH, g->size, g->size, g->channels));
  return tg_div(n->g, tg_sub(n->g, x, n->mean), n->deviation);
}

/* Back to [0,1], with what is beyond cut off. */
static tg_value unnormalised(network *n, tg_value y) {
  tg_graph *g = n->g;
  y = tg_max(g, tg_add(g, tg_mul(g, y, n->deviation), n->mean), tg_const(g, 0));
  return tg_neg(g, tg_max(g, tg_neg(g, y), tg_const(g, -1)));
}

static void add_output(network *n, tg_value v, const char *name) {
  n->output[n->outputs] = v;
  n->name[n->outputs++] = name;
}

static int describe_classifier(const model_file *file, network *n) {
  xs_classifier *c = NULL;
  if (classifier_describe(file, &c)) return 1;
  const train_geometry *g = classifier_geometry(c);
  start(n, g);
  tg_value logit =
      nn_classifier_build(n->g, n->net, classifier_description(c), normalised_input(n, g));
  add_output(n, logit, "logits");
  add_output(n, tg_exp(n->g, tg_log_softmax(n->g, logit)), "probabilities");
  n->description = text_format(
      "Image classifier (%s) trained with xsite. Input `image`: N images of %d channel(s), %d x %d "
      "pixels, values in [0,1] (stored value / largest value); normalisation is part of the model. "
      "Outputs: `logits` and `probabilities` of the %d classes that the property `classes` lists. "
      "Research software: no medical device.",
      classifier_description(c)->architecture, g->channels, g->size, g->size,
      xs_classifier_classes(c));
  xs_classifier_free(c);
  return 0;
}

static int describe_generator(const model_file *file, network *n) {
  translator *t = NULL;
  if (translator_describe(file, &t)) return 1;
  const train_geometry *g = translator_geometry(t);
  const nn_stargan *s = translator_net(t);
  if (!s) {
    fail(1, "%s: a translator of architecture %s is no network; use `xsite translate`", file->path,
         translator_architecture(t));
    translator_free(t);
    return 1;
  }
  start(n, g);
  tg_value x = normalised_input(n, g);
  tg_value domain = tg_input(n->g, "domain", tg_shape4(BATCH, 1, 1, s->domains));
  add_output(n, unnormalised(n, nn_generator_build(n->g, n->net, s, x, domain)), "translated");
  char *sites = translator_sites(t);
  n->description = text_format(
      "Image translator between %d sites (StarGAN generator) trained with xsite. Inputs: `image`, "
      "N "
      "images of %d channel(s), %d x %d pixels, values in [0,1] (stored value / largest value); "
      "`domain`, a row for each image with 1 at the wanted site (%s) and 0 elsewhere. Output "
      "`translated`: images like the input. Normalisation is part of the model. "
      "Research software: no medical device.",
      s->domains, g->channels, g->size, g->size, sites);
  free(sites);
  translator_free(t);
  return 0;
}

/* ---- metadata ----------------------------------------------------------------------------- */

/* Every member of the metadata: texts as they are, all else as JSON. */
static tg_onnx_note *make_notes(const json_t *metadata) {
  tg_onnx_note *note = memory_new((json_object_size(metadata) + 1) * sizeof *note);
  const char *key;
  json_t *value;
  int n = 0;
  json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
    note[n].key = key;
    note[n++].value = json_is_string(value)
                          ? text_copy(json_string_value(value))
                          : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS |
                                                  JSON_REAL_PRECISION(17));
  }
  return note;
}

static int compare_notes(const void *a, const void *b) {
  return strcmp(((const tg_onnx_note *)a)->key, ((const tg_onnx_note *)b)->key);
}

static int write_onnx(const network *n, const model_file *file, const char *out) {
  const json_t *metadata = file->metadata;
  int notes = (int)json_object_size(metadata);
  tg_onnx_note *note = make_notes(metadata);
  qsort(note, (size_t)notes, sizeof *note, compare_notes);
  tg_onnx_about about = {.name = json_string_value(json_object_get(metadata, "kind")),
                         .producer = "xsite",
                         .version = xs_version(),
                         .description = n->description,
                         .note = note,
                         .notes = notes};
  void *data = NULL;
  size_t size = 0;
  int status = tg_graph_onnx(n->g, n->store, n->outputs, n->output, n->name, &about, &data, &size);
  if (status) fail_context(1, "%s: ", file->path);
  if (!status) status = file_write_public(out, data, size);
  for (int i = 0; i < notes; i++) free((char *)(uintptr_t)note[i].value);
  free(note);
  free(data);
  return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static const struct {
  const char *kind;
  int (*describe)(const model_file *file, network *n);
} kinds[] = {{"classifier", describe_classifier}, {"generator", describe_generator}};

enum { KINDS = sizeof kinds / sizeof *kinds };

static int describe(const model_file *file, network *n) {
  const char *kind = json_string_value(json_object_get(file->metadata, "kind"));
  for (int i = 0; kind && i < KINDS; i++) {
    if (strcmp(kind, kinds[i].kind) == 0) return kinds[i].describe(file, n);
  }
  return fail(1, "%s: is a %s; classifiers and generators can be exported", file->path,
              kind ? kind : "file of unknown kind");
}

xs_status model_export(const char *model, const char *out, bool overwrite) {
  model_file file;
  network n = {0};
  if (!overwrite && file_exists(out)) {
    return (xs_status)fail(
        XS_FAILED, "%s is there already; nothing was changed: give another file, or --overwrite",
        out);
  }
  int status = model_open(model, NULL, &file);
  if (!status) status = describe(&file, &n);
  if (!status) status = model_parameters(&file, n.net, n.store);
  if (!status) status = write_onnx(&n, &file, out);
  release(&n);
  model_close(&file);
  return status ? XS_FAILED : XS_OK;
}
