/* Which images no number of this page has seen. */
#include "sections.h"

static void add_site(page *out, const left_out *l) {
  enum { FEW = 10 };
  const int n = (int)l->count, named = (int)json_array_size(l->images);
  buffer_add(&out->html, "<details%s>\n<summary>", n <= FEW ? " open" : "");
  page_add(out, "%s", l->site);
  buffer_add(&out->html, ": %d image%s</summary>\n<ul>\n", n, n == 1 ? "" : "s");
  for (int i = 0; i < named; i++) {
    const char *line = json_string_value(json_array_get(l->images, (size_t)i));
    if (line) page_add(out, "<li>%s</li>\n", line);
  }
  buffer_add(&out->html, "</ul>\n");
  if (n > named) {
    buffer_add(&out->html, "<p>The first %d; <code>xsite data check</code> names all.</p>\n",
               named);
  }
  buffer_add(&out->html, "</details>\n");
}

void section_left_out(page *out, const results *r) {
  page_add(out, "<section id=\"left-out\">\n<h2>What was left out</h2>\n"
                "<p>These images could not be read and were left out, as "
                "<code>--skip-unreadable</code> asked: they are in no number here. Files are "
                "seldom damaged at random: ask what they have in common.</p>\n");
  for (int i = 0; i < r->left_outs; i++) add_site(out, &r->left_out[i]);
  page_add(out, "</section>\n");
}
