/* task_labels.c: what a mapping makes of label files, without any image. */
#include <inttypes.h>
#include <stdlib.h>

#include "error.h"
#include "label_summary.h"
#include "rows.h"
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

#define FIELD(name) offsetof(xs_labels_task, name)

static const option rows[] = {
    {NULL, "set", OPTION_TEXTS, FIELD(set), NULL, false, 0, 0, NULL, "SECTION.NAME=VALUE",
     "another value for one of the mapping's options, as policy.uncertain=ignore; repeatable"},
    {NULL, "only", OPTION_TEXT, FIELD(only), NULL, false, 0, 0, NULL, "FILE",
     "a list of image names, one a line; other images are left out"},
    {NULL, "all", OPTION_FLAG, FIELD(all), "no", false, 0, 0, NULL, NULL,
     "list all unmapped terms and all values, not the most frequent"},
    JSON_ROW(FIELD(json), "print JSON"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_labels_table = {.what = "labels", .row = rows, .n = ROWS};

void xs_labels_defaults(xs_labels_task *t) {
  *t = (xs_labels_task){0};
  option_defaults_lent(&task_labels_table, t);
}

xs_status xs_labels(const xs_labels_task *t, const char *mapping_file, int files,
                    const char *const *csv_file, char **json) {
  const xs_texts csv = {files, (char **)(uintptr_t)csv_file};
  mapping m;
  labels x = {0};
  *json = NULL;
  int status = mapping_open(mapping_file, &t->set, "--set", &m);
  if (!status) status = labels_read(&m, &csv, t->only, &x);
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
