/* training_defaults.c: the defaults of training's options, from the rows by which study files and
 * the program read them. */
#include "align_rows.h"
#include "settings_rows.h"

static void fill(const option *row, size_t rows, void *options) {
  const option_table table = {.row = row, .n = (int)rows};
  option_defaults_lent(&table, options);
}

xs_classifier_options xs_classifier_defaults(void) {
  static const option row[] = {CLASSIFIER_ROWS(NULL, 0)};
  xs_classifier_options o = {0};
  fill(row, sizeof row / sizeof *row, &o);
  return o;
}

xs_adapter_options xs_adapter_defaults(void) {
  static const option row[] = {ADAPTER_ROWS(NULL, 0)};
  xs_adapter_options o = {0};
  fill(row, sizeof row / sizeof *row, &o);
  return o;
}

xs_match_options xs_match_method_defaults(const char *method) {
  static const option row[] = {MATCH_ROWS(NULL, 0)};
  xs_match_options o = {.method = (char *)(uintptr_t)method};
  fill(row, sizeof row / sizeof *row, &o);
  return o;
}

xs_align_options xs_align_method_defaults(const char *method) {
  static const option row[] = {ALIGN_ROWS(NULL, 0)};
  xs_align_options o = {.method = (char *)(uintptr_t)method};
  fill(row, sizeof row / sizeof *row, &o);
  return o;
}
