/* How the numbers were computed: what a reader needs to trust or to repeat them. */
#include "file.h"
#include "number.h"
#include "sections.h"

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
  page_add(out,
           "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n<table>\n"
           "<caption><span>%s</span></caption>\n<thead><tr><th scope=\"col\">Name</th>"
           "<th scope=\"col\">Value</th></tr></thead>\n<tbody>\n",
           caption, caption);
  add_settings(out, "", object);
  page_add(out, "</tbody>\n</table>\n</div>\n");
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

/* What the split keeps on one side, and what the bootstrap therefore draws. */
static const char *split_sentence(const results *r) {
  const char *by = json_string_value(json_object_get(r->settings, "split_by"));
  if (!by) return "";
  return strcmp(by, "group") == 0
             ? "; images of one digit or patient are never on two sides of a split"
             : "; the split was by image, so that images of one digit or patient may be on two "
               "sides of it";
}

void section_method(page *out, const results *r) {
  char *seed = text_format("%" PRId64, r->seed);
  page_add(
      out,
      "<section id=\"method\">\n<h2>How this was computed</h2>\n"
      "<p><b>No label of a target site was used</b> to train, to stop training or to choose "
      "anything; target labels serve only to measure the result, and to train the ceiling, "
      "which the adapted classifier never sees.</p>\n"
      "<p>For each pair a translator (StarGAN with a WGAN-GP critic and a semantic loss) learns "
      "to make source images look like the target's; the source classifier is then fine-tuned "
      "on its own training images, translated, with their own labels. Test images were never "
      "used in training%s. The "
      "two classifiers of a gain are compared on the same resampled images.</p>\n"
      "<p>Method: Valliani et al., <cite>Deploying deep learning models on unseen medical "
      "imaging using adversarial domain adaptation</cite>, PLOS ONE 17(10), 2022, "
      "doi 10.1371/journal.pone.0273262.</p>\n"
      "<p>Seed %s, precision %s; report by xsite %s.</p>\n",
      split_sentence(r), seed, *r->precision ? r->precision : "not recorded", XSITE_VERSION);
  free(seed);
  add_versions(out, r);
  if (json_is_object(r->settings)) {
    page_add(out, "<details>\n<summary>All settings of the study</summary>\n");
    add_settings_table(out, "Settings (study.json)", r->settings);
    page_add(out, "</details>\n");
  } else {
    page_add(out, "<p>The study's settings (study.json) are not in the run folder.</p>\n");
  }
  page_add(out, "</section>\n");
}
