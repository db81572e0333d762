/* report_files.c: what a report writes is sealed. */
#include "report_files.h"

#include <stdlib.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "seal_log.h"
#include "sealed_files.h"

#define PAGE "report.html"

int report_files_write(report_files *w, const char *name, const void *data, size_t size) {
  char *path = file_join(w->dir, name);
  const int status = file_write_atomic(path, data, size);
  if (!status) sealed_note(w->hash, name, data, size);
  free(path);
  return status;
}

int report_files_note(report_files *w, const char *name) {
  char hex[HASH_SHA256_TEXT], *path = file_join(w->dir, name);
  const int status = hash_sha256_file(path, hex);
  if (!status) json_object_set_new(w->hash, name, json_string(hex));
  free(path);
  return status;
}

xs_status report_files_check(const char *dir) {
  xs_texts faults = {0};
  sealed s;
  xs_status status = sealed_open(dir, &s);
  if (!status) sealed_check_results(&s, &faults);
  if (!status) {
    status = sealed_refuse(
        &faults, "nothing was drawn: the command that wrote it makes it again with --resume, or "
                 "bring it back as it was");
  }
  sealed_close(&s);
  file_list_release(&faults);
  return status;
}

static xs_status add_line(const report_files *w) {
  char *path = file_join(w->dir, SEAL_LOG);
  json_t *line = json_pack("{s:O}", "reported", w->hash);
  xs_status status = file_exists(path) ? seal_log_add(path, line) : XS_OK;
  json_decref(line);
  free(path);
  return status;
}

xs_status report_files_seal(report_files *w, const void *page, size_t size) {
  sealed_note(w->hash, PAGE, page, size);
  xs_status status = add_line(w);
  if (!status && report_files_write(w, PAGE, page, size)) status = XS_FAILED;
  return status;
}
