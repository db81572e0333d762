/* write_chosen.c: a classifier with what its users need beside the weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "memory.h"
#include "model_file.h"
#include "text.h"
#include "unusual.h"

/* The tensors of a file but those of its site, and this site's where they are known. */
static int write_with(const safetensors *file, const char *to, const unusual_measure *site,
                      const json_t *metadata) {
  int n = 0;
  safetensor *t = memory_new((size_t)(safetensors_count(file) + 1) * sizeof *t);
  for (int i = 0; i < safetensors_count(file); i++) {
    if (!unusual_is_tensor(safetensors_at(file, i)->name)) t[n++] = *safetensors_at(file, i);
  }
  if (site->site) t[n++] = unusual_tensor(site);
  int status = model_write(to, t, n, metadata);
  free(t);
  return status;
}

/* null: its temperature ran into a bound, so that no probability of its is calibrated. */
static void note_temperature(json_t *metadata, double temperature) {
  if (isnan(temperature)) json_object_set_new(metadata, "temperature", json_null());
  if (temperature > 0) json_object_set_new(metadata, "temperature", json_real(temperature));
}

xs_status classifier_publish(const char *from, const char *to, double temperature,
                             const train_images *site, uint64_t seed) {
  xs_classifier *c = NULL;
  unusual_measure known = {0};
  model_file file;
  xs_status status = classifier_open(from, &file, &c);
  if (!status) status = unusual_make(c, site->images, site->rows, site->n, seed, &known);
  if (!status) {
    json_t *metadata = model_inherited(&file);
    json_object_set_new(metadata, "preprocessing",
                        preprocessing_json(&site->images->how, classifier_geometry(c)->size));
    note_temperature(metadata, temperature);
    if (known.site) json_object_set_new(metadata, "site", unusual_json(&known));
    status = write_with(file.tensors, to, &known, metadata) ? XS_FAILED : XS_OK;
    json_decref(metadata);
  }
  model_close(&file);
  unusual_release(&known);
  xs_classifier_free(c);
  return status;
}

xs_status classifier_annotate(const char *path, double temperature, const json_t *operating) {
  model_file file;
  int status = model_open(path, "classifier", &file);
  if (!status) {
    json_object_del(file.metadata, "operating");
    if (operating) json_object_set(file.metadata, "operating", (json_t *)(uintptr_t)operating);
    note_temperature(file.metadata, temperature);
    status = model_rewrite(&file, path);
  }
  model_close(&file);
  return status ? XS_FAILED : XS_OK;
}

xs_status classifier_hash_unannotated(const char *path, char hex[HASH_SHA256_TEXT]) {
  char tensors[HASH_SHA256_TEXT];
  json_t *metadata = NULL;
  int status = safetensors_hash(path, tensors);
  if (!status) status = model_metadata(path, "classifier", &metadata);
  if (!status) {
    json_object_del(metadata, "operating");
    char *text = json_dumps(metadata, JSON_COMPACT | JSON_SORT_KEYS),
         *all = text_format("%s %s", tensors, text);
    hash_sha256_text(all, strlen(all), hex);
    free(all);
    free(text);
  }
  json_decref(metadata);
  return status ? XS_FAILED : XS_OK;
}
