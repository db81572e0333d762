/* How the numbers were computed: what a reader needs to trust or to repeat them. */
#include "file.h"
#include "html_parts.h"
#include "methods.h"
#include "sections.h"
#include "text.h"
#include "xsite/version.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *value_text(const json_t *value) {
  if (json_is_string(value)) return text_copy(json_string_value(value));
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
  return text ? text : text_copy("");
}

/* One row per setting; an object's members as "section.name". */
static void add_settings(page *out, const char *prefix, const json_t *object) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    char *name = text_format("%s%s%s", prefix, *prefix ? "." : "", key);
    if (json_is_object(value)) {
      add_settings(out, name, value);
    } else {
      char *text = value_text(value);
      page_add(out, "<tr><th scope=\"row\">%s</th><td class=\"text\">%s</td></tr>\n", name, text);
      free(text);
    }
    free(name);
  }
}

static void add_settings_table(page *out, const char *caption, const json_t *object) {
  static const char *const head[] = {"Name", "Value"};
  table_open(out, caption, head, 2);
  add_settings(out, "", object);
  table_close(out);
}

/* "versions" of the first source's baseline. */
static void add_versions(page *out, const results *r) {
  char *node = text_format("baseline-%s", r->pair[0].source);
  char *path = report_node_file(r, node, "record.json");
  json_t *record = file_exists(path) ? report_json(path) : NULL;
  const json_t *versions = json_object_get(record, "versions");
  if (json_is_object(versions)) {
    add_settings_table(out, "Software that trained the classifiers and adapters", versions);
  }
  json_decref(record);
  free(path);
  free(node);
}

static void add_all_settings(page *out, const results *r) {
  if (!json_is_object(r->settings)) {
    page_add(out, "<p>The study's settings (study.json) are not in the run folder.</p>\n");
    return;
  }
  page_add(out, "<details>\n<summary>All settings of the study</summary>\n");
  add_settings_table(out, "Settings (study.json)", r->settings);
  page_add(out, "</details>\n");
}

void section_method(page *out, const results *r) {
  char *seed = text_format("%" PRId64, r->seed);
  page_add(out,
           "<section id=\"method\">\n<h2>How this was computed</h2>\n"
           "<p class=\"soft\">These paragraphs are made from the study's settings; they may be "
           "copied into a paper.</p>\n");
  methods_add(out, r);
  page_add(out, "<p>Seed %s, precision %s; report by xsite %s.</p>\n", seed,
           *r->precision ? r->precision : "not recorded", XSITE_VERSION);
  free(seed);
  add_versions(out, r);
  add_all_settings(out, r);
  page_add(out, "</section>\n");
}
