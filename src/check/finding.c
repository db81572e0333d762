#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "option.h"
#include "text.h"

int check_kinds(const char *const **name) {
  static const char *const kinds[] = {
      "unreadable", "patients", "patient-ids", "patient-numbers",   "duplicates",
      "two-labels", "repeats",  "laterals",    "exposure",          "classes",
      "prevalence", "shortcut", "artefact",    "site-recognisable", "sites-differ"};
  *name = kinds;
  return (int)(sizeof kinds / sizeof *kinds);
}

static bool is_accepted(const check *c, const char *kind) {
  for (int i = 0; i < c->o->accept.n; i++) {
    if (!strcmp(c->o->accept.text[i], kind)) return true;
  }
  return false;
}

json_t *finding_add(check *c, const char *kind, check_level level, const char *site, int64_t count,
                    char *text, const char *advice) {
  const char *name = level == CHECK_NOTE ? "note" : is_accepted(c, kind) ? "accepted" : "fault";
  json_t *f = json_pack("{s:s, s:s, s:s?, s:I, s:o, s:s, s:[]}", "kind", kind, "level", name,
                        "site", site, "count", (json_int_t)count, "text", option_text_json(text),
                        "advice", advice, "images");
  json_array_append_new(c->findings, f);
  free(text);
  return f;
}

void finding_file(json_t *finding, const char *site, const char *file, char *note) {
  json_array_append_new(json_object_get(finding, "images"),
                        json_pack("{s:s, s:o, s:o}", "site", site, "file", option_text_json(file),
                                  "note", option_text_json(note)));
  free(note);
}

void finding_image(const check *c, json_t *finding, int64_t i, char *note) {
  const image_stats *s = &c->sample[i];
  char *file = s->file ? text_copy(s->file) : text_format("image %lld", (long long)s->row);
  json_t *images = json_object_get(finding, "images");
  finding_file(finding, c->site[s->site].d.name, file, note);
  json_object_set_new(json_array_get(images, json_array_size(images) - 1), "image",
                      json_integer((json_int_t)i));
  free(file);
}

json_t *table_add(check *c, const char *name, const char *caption, const char *const *head, int n) {
  json_t *t =
      json_pack("{s:s, s:s, s:[], s:[]}", "name", name, "caption", caption, "columns", "rows");
  for (int i = 0; i < n; i++) {
    json_array_append_new(json_object_get(t, "columns"), json_string(head[i]));
  }
  json_array_append_new(c->tables, t);
  return t;
}

void table_put(json_t *table, json_t *row) {
  json_array_append_new(json_object_get(table, "rows"), row);
}

const char *check_class(const check *c, int k) {
  for (int i = 0; i < c->sites; i++) {
    if (k < c->site[i].d.classes.n) return c->site[i].d.classes.text[k];
  }
  return "?";
}

const char *plural(int64_t n) { return n == 1 ? "" : "s"; }
