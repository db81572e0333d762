/* The part of the page that shows images and what translation made of them. */
#include "error.h"
#include "file.h"
#include "html_parts.h"
#include "number.h"
#include "sections.h"
#include "text.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PNG_BYTES = 8 << 20, ROWS = 4, DIFFERENCE = 2 };

static uint32_t big_endian(const char *p) {
  const unsigned char *b = (const unsigned char *)p;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool is_png(const char *data, size_t size) {
  return size > 33 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0 &&
         memcmp(data + 12, "IHDR", 4) == 0;
}

/* Why the image is not shown, or NULL. */
static char *add_png(page *out, const char *path, const char *alt) {
  if (!file_exists(path)) return text_format("not kept by this run.");
  char *data;
  size_t size;
  if (file_read(path, &data, &size)) return text_format("not shown: %s", fail_message());
  char *why = NULL;
  if (!is_png(data, size)) {
    why = text_format("not shown: the file is not a PNG image.");
  } else if (size > MOST_PNG_BYTES) {
    why = text_format("not shown: the file is larger than 8 MiB.");
  } else {
    number width = number_fixed(big_endian(data + 16), 0);
    number height = number_fixed(big_endian(data + 20), 0);
    page_add(out, "<img alt=\"%s\" width=\"%s\" height=\"%s\" src=\"data:image/png;base64,", alt,
             width.text, height.text);
    page_base64(out, data, size);
    page_add(out, "\"/>");
  }
  free(data);
  return why;
}

static void add_image_row(page *out, const results *r, const char *node, const char *file,
                          const char *caption) {
  char *path = report_node_file(r, node, file);
  page_add(out, "<figure>");
  char *why = add_png(out, path, caption);
  page_add(out, "<figcaption>%s%s%s</figcaption></figure>\n", caption, why ? ": " : "",
           why ? why : "");
  free(why);
  free(path);
}

static bool is_kept(const results *r, const char *node, const char *file) {
  char *path = report_node_file(r, node, file);
  const bool kept = file_exists(path);
  free(path);
  return kept;
}

/* Images whose label translation lost most surely, where the run kept them. */
static void add_worst(page *out, const results *r, const pair *p, const char *node) {
  if (is_kept(r, node, "worst_translated.png")) {
    char *caption = text_format("The worst: originals of %s whose label translation to %s lost "
                                "most surely",
                                p->source, p->target);
    add_image_row(out, r, node, "worst_original.png", caption);
    add_image_row(out, r, node, "worst_translated.png", "The same, translated");
    free(caption);
  }
}

static double number_of(const json_t *j, const char *name) {
  const json_t *v = json_object_get(j, name);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

/* "class normal (mean 2.1 %), class opacity (mean 2.3 %)" */
static char *name_squares(const json_t *classes) {
  page text = {0};
  size_t i;
  json_t *j;
  json_array_foreach(classes, i, j) {
    const char *name = json_string_value(json_object_get(j, "class"));
    page_add(&text, "%sclass %s (mean %s)", i ? ", " : "", name ? name : "?",
             number_percent(number_of(j, "mean"), 1).text);
  }
  return buffer_take(&text.html);
}

/* Where the translator changes the source's validation images, class by class. */
static void add_change(page *out, const results *r, const pair *p, const char *node) {
  char *path = report_node_file(r, node, "change.json");
  json_t *j = file_exists(path) ? json_load_file(path, 0, NULL) : NULL;
  if (j) {
    char *squares = name_squares(json_object_get(j, "classes"));
    page_add(out, "<figure>");
    char *png = report_node_file(r, node, "change.png");
    char *why = add_png(out, png, "Mean absolute change");
    page_add(out,
             "<figcaption>Where translation changes images of %s: the mean absolute change of ",
             p->source);
    buffer_text(&out->html, squares);
    page_add(out,
             ", from left to right. Black: no change; white: a change by %s of the range from "
             "black to white%s%s",
             number_percent(number_of(j, "white"), 1).text, why ? ": " : "", why ? why : "");
    page_add(out, "</figcaption></figure>\n");
    free(why);
    free(png);
    free(squares);
  }
  json_decref(j);
  free(path);
}

/* By which way to adapt, and whether that was chosen. */
static char *translator_words(const pair *p, const char *node) {
  const candidate *way = NULL;
  for (int i = 0; i < p->candidates; i++) {
    const candidate *c = &p->candidate[i];
    if (!c->translator || strcmp(c->translator, node) != 0) continue;
    if (!way || report_chosen(p, c)) way = c;
  }
  if (!way) return text_copy("");
  return text_format(" by %s%s", way->method,
                     p->choice.chosen && !report_chosen(p, way) ? ", which was not chosen" : "");
}

void section_images(page *out, const results *r) {
  char *title = text_format("Figure %d", ++out->figures);
  page_add(out,
           "<section id=\"images\">\n<h2>Images</h2>\n"
           "<p>%s. Each translated image stands below its original (the paper's Figs 2C and 3C). A "
           "good translation looks like the target site and still shows the same content.</p>\n",
           title);
  free(title);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    const char *node = report_translator(p);
    if (!node) continue;
    char *caption[ROWS] = {
        text_format("Originals of %s", p->source),
        text_format("The same, translated to look like %s", p->target),
        text_format("What was changed: brighter, darker, gray where nothing was"),
        text_format("Real images of %s, for comparison", p->target)};
    static const char *const file[ROWS] = {"original.png", "translated.png", "difference.png",
                                           "target.png"};
    char *name = translator_words(p, node);
    page_add(out, "<h3>%s → %s%s</h3>\n<div class=\"rows\">\n", p->source, p->target, name);
    free(name);
    for (int k = 0; k < ROWS; k++) {
      if (k != DIFFERENCE || is_kept(r, node, file[k])) {
        add_image_row(out, r, node, file[k], caption[k]);
      }
      free(caption[k]);
    }
    add_change(out, r, p, node);
    add_worst(out, r, p, node);
    page_add(out, "</div>\n");
  }
  page_add(out, "</section>\n");
}
