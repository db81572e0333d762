/* inspect_run.c: what a run folder is, how far it is, and with what it was made. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "label_seal.h"
#include "option.h"
#include "sealed_files.h"
#include "task_tables.h"
#include "text.h"
#include "xsite.h"

/* A JSON object from a file, or NULL and a message. */
static json_t *read_object(const char *dir, const char *name) {
  char *path = file_join(dir, name), *text;
  size_t size;
  json_error_t error;
  json_t *j = NULL;
  if (!file_exists(path)) {
    fail(XS_FAILED, "%s: is not there; give a folder that xsite has made", path);
  } else if (!file_read(path, &text, &size)) {
    j = json_loadb(text, size, 0, &error);
    free(text);
    if (!json_is_object(j)) {
      fail(XS_FAILED, "%s:%d: %s", path, j ? 1 : error.line, j ? "is no JSON object" : error.text);
      json_decref(j);
      j = NULL;
    }
  }
  free(path);
  return j;
}

static void put_value(FILE *f, const char *indent, const char *section, const char *key,
                      const json_t *value) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(8));
  fprintf(f, "%s%s%s%s: %s\n", indent, section, *section ? "." : "", key, text);
  free(text);
}

/* One line a member; those of objects as SECTION.KEY. */
static void put_members(FILE *f, const char *indent, const json_t *object) {
  const char *key, *inner_key;
  json_t *value, *inner;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (!json_is_object(value)) put_value(f, indent, "", key, value);
    json_object_foreach(value, inner_key, inner) put_value(f, indent, key, inner_key, inner);
  }
}

/* "step 120" of a node that was broken off, "begun" before its first checkpoint. */
static int put_unfinished(FILE *f, const char *dir, const char *node) {
  char *path = file_join(dir, "checkpoint.safetensors");
  json_t *state = NULL;
  int status = checkpoint_state(path, &state);
  if (!status && state) {
    fprintf(f, "step %" JSON_INTEGER_FORMAT "  %s\n",
            json_integer_value(json_object_get(state, "done")), node);
  } else if (!status) {
    fprintf(f, "begun  %s\n", node);
  } else if (status == CHECKPOINT_DAMAGED) {
    fprintf(f, "begun  %s  (%s: it will begin anew)\n", node, fail_message());
    status = 0;
  }
  json_decref(state);
  free(path);
  return status;
}

/* The options are the study's; a record adds what it was made with. */
static int put_finished(FILE *f, const char *dir, const char *node) {
  static const char *const shown[] = {
      "seed", "device", "precision", "threads", "processor", "onednn_instructions", "versions"};
  json_t *record = read_object(dir, "record.json"), *choice;
  if (!record) return XS_FAILED;
  const char *signature;
  fprintf(f, "done   %s\n", node);
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const json_t *value = json_object_get(record, shown[i]);
    if (value) put_value(f, "         ", "", shown[i], value);
  }
  json_object_foreach(json_object_get(record, "kernels"), signature, choice) {
    put_value(f, "         kernel ", "", signature, choice);
  }
  json_decref(record);
  return XS_OK;
}

static int put_node(FILE *f, const char *nodes, const char *folder, const char *node) {
  char *dir = file_join(nodes, folder), *record = file_join(dir, "record.json");
  int status = file_exists(record) ? put_finished(f, dir, node) : put_unfinished(f, dir, node);
  free(record);
  free(dir);
  return status;
}

static int put_nodes(FILE *f, const char *run) {
  char *nodes = file_join(run, "nodes");
  xs_texts names;
  int status = file_list_if_there(nodes, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    const char *name = names.text[i];
    if (*name != '.') status = put_node(f, nodes, name, name);
  }
  file_list_release(&names);
  free(nodes);
  return status;
}

static xs_status put_run(FILE *f, const char *dir) {
  json_t *study = read_object(dir, "study.json");
  if (!study) return XS_FAILED;
  const char *task = json_string_value(json_object_get(study, "task"));
  put_members(f, "", study);
  int status = task ? put_node(f, dir, "", task) : put_nodes(f, dir);
  char *last = file_join(dir, task ? "record.json" : "results.json");
  if (!status) {
    fprintf(f, "%s\n", file_exists(last) ? "the run is finished" : "the run is not finished");
  }
  free(last);
  json_decref(study);
  return status ? XS_FAILED : XS_OK;
}

xs_status xs_inspect_run(const char *dir, char **text) {
  size_t size;
  FILE *f = text_open(text, &size);
  const xs_status status = put_run(f, dir);
  text_close(f);
  return status;
}

xs_status xs_inspect_seal(const char *dir, char **text) { return seal_verify(dir, text); }

xs_status xs_inspect_unsealed(const char *dir, char **text) {
  sealed s;
  *text = NULL;
  char *seeds = file_join(dir, "seeds.json"); /* runs with seals of their own */
  const xs_status status = sealed_open(dir, &s);
  if (!status && !file_exists(seeds) && sealed_lacks(&s)) *text = text_copy(sealed_lacks(&s));
  sealed_close(&s);
  free(seeds);
  return status;
}

static const option rows[] = {
    {NULL, "seal", OPTION_FLAG, offsetof(xs_inspect_run_task, seal), "no", false, 0, 0, NULL, NULL,
     "verify, by the log of opened labels, that nothing used a label that it must not use, and "
     "that all files are as written"},
};

const option_table task_inspect_run_table = {
    .what = "inspect run", .row = rows, .n = sizeof rows / sizeof *rows};
