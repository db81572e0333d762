/* What was made when labels had been opened by which it is measured. */
#include "sections.h"

static const json_t *late_of(const results *r) {
  return json_object_get(r->root, "made_after_labels");
}

bool section_late_wanted(const results *r) { return json_object_size(late_of(r)) > 0; }

void section_late(page *out, const results *r) {
  const char *node;
  json_t *site;
  page_add(out,
           "<section id=\"late\">\n<h2>Made after labels were opened</h2>\n"
           "<p>This study was changed after it had measured. What follows was made, or was given "
           "its threshold, when test labels of the site where it is measured had been opened: "
           "those numbers may have guided the change, so that these may be too good. "
           "<code>xsite inspect run --seal</code> says in which order all was done.</p>\n<ul>\n");
  json_object_foreach((json_t *)(uintptr_t)late_of(r), node, site) {
    const char *name = json_string_value(site);
    page_add(out, "<li>%s, at %s</li>\n", node, name ? name : "");
  }
  page_add(out, "</ul>\n</section>\n");
}
