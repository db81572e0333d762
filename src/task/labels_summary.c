/* labels_summary.c: what a mapping makes of label files, without any image. */
#include <inttypes.h>
#include <stdlib.h>

#include "error.h"
#include "label_summary.h"
#include "task_tables.h"
#include "xsite.h"

static int64_t number(const json_t *j, const char *key) {
  return json_integer_value(json_object_get(j, key));
}

static const char *text(const json_t *j, const char *key) {
  return json_string_value(json_object_get(j, key));
}

static int check_classes(const json_t *classes) {
  int64_t n[2];
  for (size_t k = 0; k < 2; k++) n[k] = number(json_array_get(classes, k), "images");
  if (!n[0] == !n[1]) return 0;
  return fail(XS_FAILED, "class \"%s\" has no image; see what was left out, and the policies",
              text(json_array_get(classes, n[0] ? 1 : 0), "name"));
}

/* What would stop a study is a fault here. */
static int judge(const mapping *m, const labels *x, const json_t *summary) {
  const json_t *again = json_object_get(summary, "duplicates");
  int status = labels_check_terms(m, x);
  if (!status && number(again, "rows")) {
    status = fail(XS_FAILED,
                  "%" PRId64 " kept rows repeat an image that is listed already; take them out, or "
                  "say in the mapping how the rows of an image become one label: rows: any, all or "
                  "majority",
                  number(again, "rows"));
  }
  if (!status && !number(json_object_get(summary, "kept"), "images")) {
    status = fail(XS_FAILED, "no image is kept; see what was left out");
  }
  if (!status) status = check_classes(json_object_get(summary, "classes"));
  return status ? XS_HARM : XS_OK;
}

xs_status xs_labels_summarise(const char *mapping_file, int files, const char *const *csv_file,
                              const xs_labels_options *o, char **json) {
  const option_texts csv = {files, (char **)(uintptr_t)csv_file},
                     set = {o->set, (char **)(uintptr_t)o->setting};
  mapping m;
  labels x = {0};
  *json = NULL;
  int status = mapping_open(mapping_file, &set, "--set", &m);
  if (!status) status = labels_read(&m, &csv, o->only, &x);
  if (!status) {
    json_t *summary = label_summary(&m, &csv, &x);
    *json = json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
    status = judge(&m, &x, summary);
    json_decref(summary);
  }
  labels_release(&x);
  mapping_close(&m);
  return (xs_status)status;
}
