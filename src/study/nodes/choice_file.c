/* choice_file.c: what a choice node has written. */
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "file.h"

xs_status choice_read(const char *dir, const char *const *method, int n, json_t **json,
                      int *chosen) {
  char *path = file_join(dir, "choice.json");
  json_error_t error;
  xs_status status = XS_OK;
  *json = json_load_file(path, 0, &error);
  const char *name = json_string_value(json_object_get(*json, "chosen"));
  for (*chosen = 0; *chosen < n && name && strcmp(method[*chosen], name) != 0; ++*chosen) continue;
  if (!*json) {
    status = (xs_status)fail(XS_FAILED, "%s: %s", path, error.text);
  } else if (!name || *chosen == n) {
    status = (xs_status)fail(XS_FAILED, "%s: chosen is '%s', which is no candidate of the pair",
                             path, name ? name : "");
  }
  free(path);
  return status;
}
