/* check.html: the findings in words, the worst images as contact sheets, the tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "document.h"
#include "file.h"
#include "html_parts.h"
#include "image.h"
#include "memory.h"
#include "text.h"

enum { TILE = 112, GAP = 4, ACROSS = 8, MOST_TILES = 24, MOST_LISTED = 200 };

static const char *text_of(const json_t *j, const char *name) {
  const char *text = json_string_value(json_object_get(j, name));
  return text ? text : "";
}

/* ---- contact sheets -------------------------------------------------------------------------- */

static void put_tile(uint8_t *sheet, int width, int at, const uint8_t *tile) {
  const int top = at / ACROSS * (TILE + GAP), left = at % ACROSS * (TILE + GAP);
  for (int y = 0; y < TILE; y++) {
    memcpy(sheet + (top + y) * width + left, tile + y * TILE, TILE);
  }
}

static int draw_sheet(const check *c, const json_t *images, int n, const char *path) {
  const int across = n < ACROSS ? n : ACROSS, down = (n + ACROSS - 1) / ACROSS;
  const int width = across * (TILE + GAP) - GAP, height = down * (TILE + GAP) - GAP;
  uint8_t *sheet = memory_new((size_t)width * (size_t)height), tile[TILE * TILE];
  memset(sheet, 255, (size_t)width * (size_t)height);
  for (int i = 0; i < n; i++) {
    const json_t *x = json_array_get(images, (size_t)i);
    measure_images_draw(c, json_integer_value(json_object_get(x, "image")), TILE, tile);
    put_tile(sheet, width, i, tile);
  }
  const int status = image_write_png(path, sheet, height, width, 1);
  free(sheet);
  return status;
}

static int embed(page *out, const char *path, const char *alt) {
  char *data;
  size_t size;
  const int status = file_read(path, &data, &size);
  if (status) return status;
  page_add(out, "<img alt=\"%s\" style=\"width:auto;max-width:100%%\" src=\"data:image/png;base64,",
           alt);
  page_base64(out, data, size);
  page_add(out, "\"/>");
  free(data);
  return 0;
}

static int add_sheet(page *out, const check *c, const json_t *finding, int place) {
  const json_t *images = json_object_get(finding, "images");
  const size_t all = json_array_size(images);
  const int n = all < MOST_TILES ? (int)all : MOST_TILES;
  char *name = text_format("sheet-%d-%s.png", place, text_of(finding, "kind"));
  char *path = file_join(c->o->out, name);
  char *caption = text_format("%s, row by row in the order of the list below: %d of %zu.",
                              text_of(finding, "kind"), n, all);
  int status = draw_sheet(c, images, n, path);
  if (!status) {
    page_add(out, "<figure>");
    status = embed(out, path, caption);
    page_add(out, "<figcaption>%s</figcaption></figure>\n", caption);
  }
  free(caption);
  free(path);
  free(name);
  return status;
}

static bool has_picture(const json_t *finding) {
  return json_array_size(json_object_get(finding, "images")) > 0 &&
         strcmp(text_of(finding, "kind"), "unreadable") != 0;
}

/* ---- findings -------------------------------------------------------------------------------- */

static void list_images(page *out, const json_t *images) {
  size_t i;
  const json_t *x;
  page_add(out, "<details>\n<summary>Images</summary>\n<ol>\n");
  json_array_foreach(images, i, x) {
    if (i == MOST_LISTED) break;
    page_add(out, "<li>%s: %s, %s</li>\n", text_of(x, "site"), text_of(x, "file"),
             text_of(x, "note"));
  }
  page_add(out, "</ol>\n");
  if (json_array_size(images) > MOST_LISTED) {
    page_add(out, "<p>The rest is in <code>check.json</code>.</p>\n");
  }
  page_add(out, "</details>\n");
}

static int add_finding(page *out, const check *c, const json_t *f, int place) {
  const char *level = text_of(f, "level");
  int status = 0;
  page_add(out,
           "<article class=\"%s\">\n<h3><b>%s</b>: %s</h3>\n<p>%s</p>\n<p class=\"soft\">%s</p>\n",
           strcmp(level, "fault") ? "pair" : "pair hurt", level, text_of(f, "kind"),
           text_of(f, "text"), text_of(f, "advice"));
  if (has_picture(f)) status = add_sheet(out, c, f, place);
  if (json_array_size(json_object_get(f, "images"))) list_images(out, json_object_get(f, "images"));
  page_add(out, "</article>\n");
  return status;
}

static int add_findings(page *out, const check *c) {
  static const char *const level[] = {"fault", "accepted", "note"};
  int status = 0;
  page_add(out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
  if (!json_array_size(c->findings)) page_add(out, "<p>None.</p>\n");
  for (int k = 0; k < 3; k++) {
    size_t i;
    const json_t *f;
    json_array_foreach(c->findings, i, f) {
      if (status || strcmp(text_of(f, "level"), level[k]) != 0) continue;
      status = add_finding(out, c, f, (int)i + 1);
    }
  }
  page_add(out, "</section>\n");
  return status;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static char *real_text(double v) {
  if (fabs(v) >= 100) return text_format("%.0f", v);
  return text_format(v == 0 || fabs(v) >= 0.001 ? "%.3g" : "%.1e", v);
}

static void add_cell(page *out, const json_t *x) {
  if (json_is_real(x) || json_is_integer(x)) {
    char *text = json_is_real(x) ? real_text(json_real_value(x))
                                 : text_format("%lld", (long long)json_integer_value(x));
    page_add(out, "<td>%s</td>", text);
    free(text);
  } else {
    table_text(out, json_is_string(x) ? json_string_value(x) : "–");
  }
}

static void add_row(page *out, const json_t *row) {
  size_t i;
  const json_t *x;
  page_add(out, "<tr>");
  json_array_foreach(row, i, x) add_cell(out, x);
  table_row_end(out);
}

static void add_table(page *out, const json_t *t) {
  const json_t *columns = json_object_get(t, "columns"), *x;
  const size_t n = json_array_size(columns);
  const char **head = memory_new(sizeof *head * n);
  size_t i;
  for (i = 0; i < n; i++) head[i] = json_string_value(json_array_get(columns, i));
  table_open(out, text_of(t, "caption"), head, (int)n);
  json_array_foreach(json_object_get(t, "rows"), i, x) add_row(out, x);
  table_close(out);
  free(head);
}

static void add_tables(page *out, const check *c) {
  size_t i;
  const json_t *t;
  page_add(out, "<section id=\"tables\">\n<h2>Numbers</h2>\n");
  json_array_foreach(c->tables, i, t) add_table(out, t);
  page_add(out, "</section>\n");
}

/* ---- the page -------------------------------------------------------------------------------- */

static long long count_of(const json_t *root, const char *name) {
  return (long long)json_integer_value(json_object_get(root, name));
}

static void add_head(page *out, const json_t *root) {
  char *lead = text_format("%lld fault%s, %lld note%s, %lld accepted.", count_of(root, "faults"),
                           plural(count_of(root, "faults")), count_of(root, "notes"),
                           plural(count_of(root, "notes")), count_of(root, "accepted"));
  document_open(out, "Data check");
  page_add(out, "<header>\n<h1>Data check</h1>\n<p class=\"lead\">%s</p>\n<ul>\n", lead);
  size_t i;
  const json_t *s;
  json_array_foreach(json_object_get(root, "sites"), i, s) {
    char *line =
        text_format("%lld images, %lld labelled, %lld unreadable%s%s", count_of(s, "images"),
                    count_of(s, "labelled"), count_of(s, "unreadable"),
                    json_is_true(json_object_get(s, "patients_known"))
                        ? ""
                        : "; patients are not known, each image counts as one",
                    json_is_true(json_object_get(s, "views_known"))
                        ? ""
                        : "; views are not known, laterals were not looked for");
    page_add(out, "<li><b>%s</b>: %s</li>\n", text_of(s, "name"), line);
    free(line);
  }
  page_add(out, "</ul>\n</header>\n<main>\n");
  free(lead);
}

static void add_method(page *out, const json_t *root) {
  char *options = json_dumps(json_object_get(root, "options"), JSON_INDENT(2));
  page_add(out,
           "<section id=\"method\">\n<h2>How this was computed</h2>\n"
           "<p>Every statistic and threshold is described in <code>docs/data-check.md</code> of "
           "xsite %s. Options:</p>\n<pre>%s</pre>\n</section>\n</main>\n",
           text_of(root, "xsite"), options);
  document_close(out);
  free(options);
}

int check_page_write(const check *c, const json_t *root) {
  page out = {0};
  add_head(&out, root);
  int status = add_findings(&out, c);
  add_tables(&out, c);
  add_method(&out, root);
  char *path = file_join(c->o->out, "check.html");
  if (!status) status = file_write_atomic(path, out.html.text, out.html.size);
  free(path);
  buffer_free(&out.html);
  return status;
}
