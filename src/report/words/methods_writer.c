#include "methods_writer.h"

#include <math.h>
#include <string.h>

double setting_number(const writer *w, const char *section, const char *name) {
  const json_t *j = report_setting(w->r, section, name);
  return json_is_number(j) ? json_number_value(j) : NAN;
}

const char *setting_text(const writer *w, const char *section, const char *name) {
  const char *text = json_string_value(report_setting(w->r, section, name));
  return text ? text : "";
}

bool setting_on(const writer *w, const char *section, const char *name) {
  return json_is_true(report_setting(w->r, section, name));
}

bool text_is(const char *a, const char *b) { return strcmp(a, b) == 0; }

void write_citation(writer *w, const char *work) {
  buffer_add(&w->text, " [%d]", citation(&w->cited, work));
}

void write_number(writer *w, const char *before, double v, const char *after) {
  if (isfinite(v)) buffer_add(&w->text, "%s%g%s", before, v, after);
}

void write_rate(writer *w, const char *section) {
  const double decay = setting_number(w, section, "weight_decay");
  write_number(w, " (learning rate ", setting_number(w, section, "learning_rate"), "");
  if (decay > 0) write_number(w, ", weight decay ", decay, "");
  write_number(w, ", batches of ", setting_number(w, section, "batch"), "");
  buffer_add(&w->text, ")");
}
