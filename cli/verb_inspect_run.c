/* verb_inspect_run.c: what a run folder is, how far it is, and with what it was made. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "cli.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "label_seal.h"

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

static void print_value(const char *indent, const char *section, const char *key,
                        const json_t *value) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(8));
  printf("%s%s%s%s: %s\n", indent, section, *section ? "." : "", key, text);
  free(text);
}

/* One line a member; those of objects as SECTION.KEY. */
static void print_members(const char *indent, const json_t *object) {
  const char *key, *inner_key;
  json_t *value, *inner;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (!json_is_object(value)) print_value(indent, "", key, value);
    json_object_foreach(value, inner_key, inner) print_value(indent, key, inner_key, inner);
  }
}

/* "step 120" of a node that was broken off, "begun" before its first checkpoint. */
static int print_unfinished(const char *dir, const char *node) {
  char *path = file_join(dir, "checkpoint.safetensors");
  json_t *state = NULL;
  int status = checkpoint_state(path, &state);
  if (!status && state) {
    printf("step %" JSON_INTEGER_FORMAT "  %s\n",
           json_integer_value(json_object_get(state, "done")), node);
  } else if (!status) {
    printf("begun  %s\n", node);
  } else if (status == CHECKPOINT_DAMAGED) {
    printf("begun  %s  (%s: it will begin anew)\n", node, fail_message());
    status = 0;
  }
  json_decref(state);
  free(path);
  return status;
}

/* The options are the study's; a record adds what it was made with. */
static int print_finished(const char *dir, const char *node) {
  static const char *const shown[] = {"seed",    "device",    "precision",
                                      "threads", "processor", "versions"};
  json_t *record = read_object(dir, "record.json"), *choice;
  if (!record) return XS_FAILED;
  const char *signature;
  printf("done   %s\n", node);
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const json_t *value = json_object_get(record, shown[i]);
    if (value) print_value("         ", "", shown[i], value);
  }
  json_object_foreach(json_object_get(record, "kernels"), signature, choice) {
    print_value("         kernel ", "", signature, choice);
  }
  json_decref(record);
  return XS_OK;
}

static int print_node(const char *nodes, const char *folder, const char *node) {
  char *dir = file_join(nodes, folder), *record = file_join(dir, "record.json");
  int status = file_exists(record) ? print_finished(dir, node) : print_unfinished(dir, node);
  free(record);
  free(dir);
  return status;
}

static int print_nodes(const char *run) {
  char *nodes = file_join(run, "nodes");
  option_texts names;
  int status = file_list_if_there(nodes, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    const char *name = names.text[i];
    if (*name != '.') status = print_node(nodes, name, name);
  }
  file_list_release(&names);
  free(nodes);
  return status;
}

static int print_seal(const char *run) {
  char *report;
  xs_status status = seal_verify(run, &report);
  fputs(report, stdout);
  free(report);
  return status;
}

typedef struct inspect_options {
  bool seal;
} inspect_options;

static const option rows[] = {
    {NULL, "seal", OPTION_FLAG, offsetof(inspect_options, seal), "no", false, 0, 0, NULL, NULL,
     "verify that no label was opened by what may not see it, nor a test label too early"},
};

static int run(void *record, int n, const char **word) {
  (void)n;
  if (((const inspect_options *)record)->seal) return print_seal(word[0]);
  json_t *study = read_object(word[0], "study.json");
  if (!study) return XS_FAILED;
  const char *task = json_string_value(json_object_get(study, "task"));
  print_members("", study);
  int status = task ? print_node(word[0], "", task) : print_nodes(word[0]);
  char *last = file_join(word[0], task ? "record.json" : "results.json");
  if (!status) {
    printf("%s\n", file_exists(last) ? "the run is finished" : "the run is not finished");
  }
  free(last);
  json_decref(study);
  return status;
}

const cli_verb verb_inspect_run = {.name = "inspect run",
                                   .words = "DIR",
                                   .least = 1,
                                   .most = 1,
                                   .summary =
                                       "Say how far a run folder is, with its options and kernels.",
                                   .options = rows,
                                   .n_options = sizeof rows / sizeof *rows,
                                   .record = sizeof(inspect_options),
                                   .run = run};
