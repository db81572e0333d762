/* options.c: the tables of tasks for programs. */
#include "xsite/options.h"

#include <string.h>

#include "task_tables.h"
#include "text.h"

static option_table table_of(const char *task) {
  const option_table *known = task_table(task);
  return known ? *known : (option_table){.what = task};
}

xs_status xs_options_parse(const char *task, void *record, int argc, char **argv, const char **rest,
                           int *n_rest, bool *help) {
  const option_table t = table_of(task);
  option_defaults(&t, record);
  return option_parse(&t, record, argc, argv, rest, n_rest, help) ? XS_USAGE : XS_OK;
}

void xs_options_release(const char *task, void *record) {
  const option_table t = table_of(task);
  option_release(&t, record);
}

char *xs_options_help(const char *task) {
  const option_table t = table_of(task);
  return option_help(&t, true);
}

static json_t *choices_json(const char *choices) {
  json_t *j = json_array();
  for (const char *p = choices; *p;) {
    const size_t n = strcspn(p, "|");
    json_array_append_new(j, json_stringn(p, n));
    p += n + (p[n] == '|');
  }
  return j;
}

static json_t *row_json(const option *row) {
  static const char *const type[] = {
      [OPTION_INTEGER] = "integer", [OPTION_REAL] = "real", [OPTION_BYTES] = "bytes",
      [OPTION_FLAG] = "flag",       [OPTION_TEXT] = "text", [OPTION_CHOICE] = "choice",
      [OPTION_TEXTS] = "texts"};
  json_t *j = json_pack("{s:s, s:s, s:I, s:s?, s:b, s:s}", "name", row->name, "type",
                        type[row->type], "offset", (json_int_t)row->offset, "default",
                        row->fallback, "required", row->required, "help", row->help);
  if (row->low != 0 || row->high != 0) {
    json_object_set_new(j, "low", json_real(row->low));
    json_object_set_new(j, "high", json_real(row->high));
  }
  if (row->choices) json_object_set_new(j, "choices", choices_json(row->choices));
  return j;
}

char *xs_options_json(const char *task) {
  const option_table t = table_of(task);
  json_t *all = json_array();
  for (int i = 0; i < t.n; i++) json_array_append_new(all, row_json(&t.row[i]));
  char *text = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  json_decref(all);
  return text;
}

const char *xs_nearest_word(const char *word, const char *const *candidate, int n) {
  return text_nearest(word, candidate, n);
}
