/* sealed_files.c: are the files of a run folder those that its seal says? */
#include "sealed_files.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "seal_log.h"
#include "text.h"

/* ---- reading ------------------------------------------------------------------------------------
 */

sealed sealed_new(const char *out) {
  return (sealed){.out = text_copy(out), .there = true, .made = json_object()};
}

static void replace(json_t **line, json_t *with) {
  json_decref(*line);
  *line = json_incref(with);
}

void sealed_add(sealed *s, json_t *line) {
  const char *node = json_string_value(json_object_get(line, "node"));
  if (node && json_object_get(line, "made")) json_object_set(s->made, node, line);
  if (json_object_get(line, "wrote")) replace(&s->results, line);
  if (json_object_get(line, "reported")) replace(&s->reported, line);
}

xs_status sealed_open(const char *out, sealed *s) {
  char *path = file_join(out, SEAL_LOG);
  json_t *lines, *line;
  size_t i;
  *s = sealed_new(out);
  s->there = file_exists(path);
  xs_status status = seal_log_read(path, &lines);
  json_array_foreach(lines, i, line) sealed_add(s, line);
  json_decref(lines);
  free(path);
  return status;
}

void sealed_close(sealed *s) {
  free(s->out);
  json_decref(s->made);
  json_decref(s->results);
  json_decref(s->reported);
  *s = (sealed){0};
}

const char *sealed_lacks(const sealed *s) {
  const char *node;
  json_t *line;
  bool recorded = json_object_get(s->results, "nodes");
  if (!s->there) return SEAL_LOG " is not there: results are under no seal";
  json_object_foreach(s->made, node, line) recorded |= json_object_get(line, "record") != NULL;
  const bool older = !recorded && (s->results || json_object_size(s->made));
  return older ? "made by an older xsite: results are under no seal" : NULL;
}

/* ---- comparing ----------------------------------------------------------------------------------
 */

/* NULL: it is as recorded. */
static const char *find_fault(const char *path, const json_t *recorded) {
  char hex[HASH_SHA256_TEXT];
  const char *text = json_string_value(recorded);
  if (!file_exists(path)) return "is recorded and not there";
  if (hash_sha256_file(path, hex)) return "is recorded and cannot be read";
  return text && strcmp(hex, text) == 0 ? NULL : "is not the file that was recorded";
}

/* path: is freed. */
static void check_file(char *path, const json_t *recorded, xs_texts *faults) {
  const char *fault = find_fault(path, recorded);
  if (fault) file_list_append(faults, text_format("%s: %s", path, fault));
  free(path);
}

static void check_files(const char *dir, const json_t *files, xs_texts *faults) {
  const char *name;
  json_t *recorded;
  json_object_foreach((json_t *)(uintptr_t)files, name, recorded) {
    check_file(file_join(dir, name), recorded, faults);
  }
}

static void check_unrecorded(const sealed *s, const char *file, xs_texts *faults) {
  char *path = file_join(s->out, file);
  if (file_exists(path)) {
    file_list_append(faults, text_format("%s: is there and is not recorded", path));
  }
  free(path);
}

void sealed_check_node(const sealed *s, const char *node, xs_texts *faults) {
  const json_t *line = json_object_get(s->made, node), *record = json_object_get(line, "record");
  char *name = text_format("nodes/%s", node), *dir = file_join(s->out, name);
  if (!line) check_unrecorded(s, name, faults);
  check_files(dir, json_object_get(line, "made"), faults);
  if (record) check_file(file_join(dir, "record.json"), record, faults);
  free(dir);
  free(name);
}

bool sealed_record_changed(const sealed *s, const char *node) {
  const json_t *line = json_object_get(s->made, node), *record = json_object_get(line, "record");
  char *path = text_format("%s/nodes/%s/record.json", s->out, node);
  const bool changed = !line || (record && find_fault(path, record));
  free(path);
  return changed;
}

bool sealed_is_needed(const sealed *s, const char *node) {
  size_t i;
  json_t *name;
  if (sealed_lacks(s)) return json_object_get(s->made, node);
  json_array_foreach(json_object_get(s->results, "nodes"), i, name) {
    if (json_is_string(name) && strcmp(json_string_value(name), node) == 0) return true;
  }
  return false;
}

/* Of an older run nodes that were removed, to save room, are not missed. */
static void check_older_nodes(const sealed *s, xs_texts *faults) {
  const char *node;
  json_t *line;
  json_object_foreach(s->made, node, line) {
    char *record = text_format("%s/nodes/%s/record.json", s->out, node);
    if (file_exists(record)) sealed_check_node(s, node, faults);
    free(record);
  }
}

static void check_needed_nodes(const sealed *s, xs_texts *faults) {
  size_t i;
  json_t *node;
  json_array_foreach(json_object_get(s->results, "nodes"), i, node) {
    if (json_is_string(node)) sealed_check_node(s, json_string_value(node), faults);
  }
}

void sealed_check_results(const sealed *s, xs_texts *faults) {
  const json_t *files = json_object_get(s->results, "wrote");
  check_files(s->out, files, faults);
  if (sealed_lacks(s)) {
    check_older_nodes(s, faults);
  } else {
    if (!json_object_get(files, "results.json")) check_unrecorded(s, "results.json", faults);
    check_needed_nodes(s, faults);
  }
}

void sealed_check_report(const sealed *s, xs_texts *faults) {
  check_files(s->out, json_object_get(s->reported, "reported"), faults);
  if (!s->reported && !sealed_lacks(s)) check_unrecorded(s, "report.html", faults);
}

bool sealed_result_changed(const sealed *s, const char *file) {
  const json_t *recorded = json_object_get(json_object_get(s->results, "wrote"), file);
  char *path = file_join(s->out, file);
  const bool changed = recorded && find_fault(path, recorded);
  free(path);
  return changed;
}

/* ---- for those who write ------------------------------------------------------------------------
 */

void sealed_note(json_t *files, const char *file, const void *content, size_t size) {
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(content, size, hex);
  json_object_set_new(files, file, json_string(hex));
}

xs_status sealed_refuse(const xs_texts *faults, const char *what_to_do) {
  if (!faults->n) return XS_OK;
  char *more = faults->n > 1 ? text_format(" (and %d more)", faults->n - 1) : text_copy("");
  fail(XS_FAILED, "%s%s; %s", faults->text[0], more, what_to_do);
  free(more);
  return XS_FAILED;
}
