/* record.c: record.json, which says that a folder's work is done, with what it was made, and what
 * it made. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "model_file.h"
#include "text.h"
#include "training_run.h"

#define RECORD "record.json"
#define CHECKPOINT "checkpoint.safetensors"

/* Files that a training run leaves; what else lies in its folder is the user's. */
static bool is_product(const char *name) {
  static const char *const products[] = {"model.safetensors",
                                         "generator.safetensors",
                                         "discriminator.safetensors",
                                         "target.safetensors",
                                         "curve.tsv",
                                         "choice.json",
                                         "original.png",
                                         "translated.png",
                                         "difference.png",
                                         "target.png",
                                         "change.png",
                                         "change.json",
                                         "worst_original.png",
                                         "worst_translated.png",
                                         "translated-images-idx4-ubyte",
                                         "translated-labels-idx1-ubyte",
                                         "site.yaml"};
  for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
    if (strcmp(name, products[i]) == 0) return true;
  }
  const char *dot = strrchr(name, '.'); /* target-SITE.safetensors, of a shared translator */
  return strncmp(name, "target-", 7) == 0 && strcmp(dot ? dot : "", ".safetensors") == 0;
}

/* The files of a folder that training writes, by their names, with their SHA-256: {name: text}. */
static xs_status hash_products(const char *dir, json_t **files) {
  xs_texts names;
  int status = file_list(dir, &names);
  *files = json_object();
  for (int i = 0; i < names.n && !status; i++) {
    char hex[HASH_SHA256_TEXT], *path = file_join(dir, names.text[i]);
    if (is_product(names.text[i]) && !file_is_dir(path)) {
      status = hash_sha256_file(path, hex);
      if (!status) json_object_set_new(*files, names.text[i], json_string(hex));
    }
    free(path);
  }
  file_list_release(&names);
  return status ? XS_FAILED : XS_OK;
}

xs_status run_training(const char *dir, json_t **training) {
  char *path = file_join(dir, "model.safetensors");
  json_t *metadata = NULL;
  const int status = file_exists(path) ? model_metadata(path, "classifier", &metadata) : 0;
  *training = json_incref(json_object_get(metadata, "training"));
  json_decref(metadata);
  free(path);
  return status ? XS_FAILED : XS_OK;
}

xs_status run_make_record(const train_job *job, json_t *options, json_t *more, json_t **record) {
  const char *precision = json_string_value(json_object_get(options, "precision"));
  json_t *files, *training;
  *record = NULL;
  if (run_training(job->dir, &training)) return XS_FAILED;
  if (hash_products(job->dir, &files)) {
    json_decref(training);
    return XS_FAILED;
  }
  *record =
      json_pack("{s:s, s:I, s:O*, s:s, s:s}", "unit", job->task, "seed", (json_int_t)job->seed,
                "options", options, "device", "cpu", "precision", run_precision(precision));
  json_object_set_new(*record, "files", files);
  json_object_update(*record, more);
  if (training) json_object_set_new(*record, "training", training);
  run_record_machine(job, *record);
  return XS_OK;
}

char *run_record_text(const json_t *record) {
  return json_dumps(record, JSON_INDENT(2) | JSON_SORT_KEYS);
}

xs_status run_put_record(const train_job *job, const json_t *record) {
  char *text = run_record_text(record), *path = run_path(job, RECORD);
  int status = file_write_atomic(path, text, strlen(text));
  free(path);
  free(text);
  return status ? XS_FAILED : XS_OK;
}

xs_status run_write_record(const train_job *job, json_t *options, json_t *more) {
  json_t *record;
  xs_status status = run_make_record(job, options, more, &record);
  if (!status) status = run_put_record(job, record);
  json_decref(record);
  return status;
}

static bool is_as_recorded(const char *path, const json_t *recorded) {
  char hex[HASH_SHA256_TEXT];
  const char *text = json_string_value(recorded);
  return text && !hash_sha256_file(path, hex) && strcmp(hex, text) == 0;
}

char *run_find_changed(const char *dir, const json_t *files) {
  const char *name;
  json_t *recorded;
  json_object_foreach((json_t *)(uintptr_t)files, name, recorded) {
    char *path = file_join(dir, name);
    if (!is_as_recorded(path, recorded)) return path;
    free(path);
  }
  return NULL;
}

void run_read_record(const char *dir, json_t **record, char **changed) {
  json_error_t error;
  char *path = file_join(dir, RECORD);
  *record = json_load_file(path, 0, &error);
  *changed = *record ? run_find_changed(dir, json_object_get(*record, "files")) : text_copy(path);
  free(path);
}

xs_status run_take_kernels(const train_job *job, const char *dir) {
  json_error_t error;
  char *path = file_join(dir, RECORD);
  json_t *record = json_load_file(path, 0, &error);
  const json_t *kernels = json_object_get(record, "kernels");
  xs_status status = XS_OK;
  if (kernels) {
    kernels_restore(job->kernels, kernels);
  } else {
    status = (xs_status)fail(
        XS_FAILED, "%s: no kernels are recorded there; they are when %s is done", path, job->task);
  }
  json_decref(record);
  free(path);
  return status;
}

xs_status run_clear(const char *dir) {
  const char *name;
  json_t *record, *hash;
  char *path = file_join(dir, RECORD);
  record = json_load_file(path, 0, NULL);
  int status = file_remove(path);
  free(path);
  json_object_foreach(json_object_get(record, "files"), name, hash) {
    path = file_join(dir, name);
    if (!status && is_product(name) && is_as_recorded(path, hash)) status = file_remove(path);
    free(path);
  }
  json_decref(record);
  return status ? XS_FAILED : run_remove_checkpoint(dir);
}

xs_status run_copy_files(const char *from, const char *to, const json_t *record) {
  const char *name;
  json_t *hash, *files = json_object_get(record, "files");
  int status = file_make_dirs(to);
  json_object_foreach(files, name, hash) {
    if (!status && !is_product(name)) {
      status = fail(XS_FAILED, "%s/" RECORD ": lists %s, which no training writes", from, name);
    }
    if (!status) status = file_copy_in(from, to, name);
  }
  char *changed = status ? NULL : run_find_changed(to, files);
  if (changed) {
    status = fail(XS_FAILED, "%s: is not what the record in %s says: is that folder being changed?",
                  changed, from);
  }
  free(changed);
  return status ? XS_FAILED : XS_OK;
}

xs_status run_remove_checkpoint(const char *dir) {
  return file_remove_in(dir, CHECKPOINT) ? XS_FAILED : XS_OK;
}
