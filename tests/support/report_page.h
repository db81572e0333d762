/* report_page.h: run folders for the tests of the report, and whether a page is well-formed. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "error.h" /* before cmocka.h, which has a macro of the name fail */
#include "file.h"
#include "text.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "temporary_dir.h"

static const char sample[] = TEST_DATA "/data/report-sample";

/* ---- a run folder in a temporary place ----------------------------------------------------------
 */

static inline char *read_text(const char *dir, const char *name) {
  char *path = file_join(dir, name), *text = NULL;
  assert_int_equal(file_read(path, &text, &(size_t){0}), 0);
  free(path);
  return text;
}

static inline void write_file(const char *dir, const char *name, const void *data, size_t size) {
  char *path = file_join(dir, name), *folder = file_dir(path);
  assert_int_equal(file_make_dirs(folder), 0);
  assert_int_equal(file_write_atomic(path, data, size), 0);
  free(folder);
  free(path);
}

static inline void copy_file(const char *dir, const char *name) {
  char *path = file_join(sample, name), *data = NULL;
  size_t size = 0;
  assert_int_equal(file_read(path, &data, &size), 0);
  write_file(dir, name, data, size);
  free(data);
  free(path);
}

static inline char *new_run(const char *results) {
  char *dir = temporary_dir();
  write_file(dir, "results.json", results, strlen(results));
  return dir;
}

static const char *const sample_files[] = {
    "results.json",
    "study.json",
    "nodes/baseline-optdigits/record.json",
    "nodes/baseline-optdigits/curve.tsv",
    "nodes/baseline-mnist/curve.tsv",
    "nodes/adapted-paper-optdigits-mnist/curve.tsv",
    "nodes/translator-paper-optdigits-mnist/curve.tsv",
    "nodes/translator-paper-optdigits-mnist/original.png",
    "nodes/translator-paper-optdigits-mnist/translated.png",
    "nodes/translator-paper-optdigits-mnist/target.png",
};

static inline char *new_sample(void) {
  char *dir = temporary_dir();
  for (size_t i = 0; i < sizeof sample_files / sizeof *sample_files; i++) {
    copy_file(dir, sample_files[i]);
  }
  return dir;
}

static inline char *write_report(const char *dir) {
  if (xs_report_write(dir) != XS_OK) fail_msg("%s", fail_message());
  return read_text(dir, "report.html");
}

#define assert_has(text, part) assert_true(strstr(text, part) != NULL)
#define assert_lacks(text, part) assert_true(strstr(text, part) == NULL)

static inline void assert_refused(const char *results, const char *part) {
  char *dir = new_run(results);
  assert_int_equal(xs_report_write(dir), XS_FAILED);
  assert_has(fail_message(), "results.json");
  if (!strstr(fail_message(), part)) fail_msg("\"%s\" lacks \"%s\"", fail_message(), part);
  remove_dir(dir);
}

/* ---- well-formedness --------------------------------------------------------------------------
 */

typedef struct tags {
  char open[32][24];
  int depth;
} tags;

/* One tag "<...>": pushed, popped or self-closed; every attribute quoted. */
static inline void take_tag(tags *t, const char *tag, size_t size) {
  char name[24] = {0};
  const char *start = tag + 1 + (tag[1] == '/');
  size_t length = strcspn(start, " \n/>");
  assert_true(length > 0 && length < sizeof name);
  memcpy(name, start, length);
  if (tag[1] == '/') {
    assert_true(t->depth > 0);
    assert_string_equal(t->open[t->depth - 1], name);
    t->depth--;
  } else if (tag[size - 2] != '/') {
    assert_true(t->depth < 32);
    memcpy(t->open[t->depth++], name, sizeof name);
  }
  for (const char *p = tag; (p = memchr(p, '=', (size_t)(tag + size - p)));) {
    p++;
    p += strspn(p, " ");
    assert_true(*p == '"' || *p == '\'');
    p = strchr(p + 1, *p);
    assert_true(p && p < tag + size);
  }
}

static inline bool known_entity(const char *p) {
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (int i = 0; i < 5; i++) {
    if (strncmp(p, known[i], strlen(known[i])) == 0) return true;
  }
  return false;
}

static inline size_t tag_size(const char *p) {
  size_t i = 0;
  for (char quote = 0; p[i] && (quote || p[i] != '>'); i++) {
    if (quote) {
      if (p[i] == quote) quote = 0;
    } else if (p[i] == '"' || p[i] == '\'') {
      quote = p[i];
    }
  }
  assert_int_equal(p[i], '>');
  return i + 1;
}

static inline void assert_well_formed(const char *html) {
  static const char doctype[] = "<!DOCTYPE html>\n";
  assert_int_equal(strncmp(html, doctype, strlen(doctype)), 0);
  tags t = {.depth = 0};
  for (const char *p = html + strlen(doctype); *p;) {
    if (*p == '<') {
      size_t size = tag_size(p);
      take_tag(&t, p, size);
      p += size;
    } else {
      assert_true(*p != '&' || known_entity(p));
      assert_true((unsigned char)*p >= ' ' || *p == '\n');
      p++;
    }
  }
  assert_int_equal(t.depth, 0);
}

/* No two elements have one id, and every link within the page has a goal. */
static inline void assert_ids(const char *html) {
  for (const char *p = html; (p = strstr(p, " id=\"")); p++) {
    char *id = text_format("%.*s\"", (int)strcspn(p + 5, "\"") + 5, p);
    assert_lacks(p + 1, id);
    free(id);
  }
  for (const char *p = html; (p = strstr(p, "href=\"#")); p++) {
    char *id = text_format(" id=\"%.*s\"", (int)strcspn(p + 7, "\""), p + 7);
    assert_has(html, id);
    free(id);
  }
}

/* ---- pages of changed results ------------------------------------------------------------------
 */

static inline json_t *sample_json(const char *name) {
  char *text = read_text(sample, name);
  json_t *j = json_loads(text, 0, NULL);
  free(text);
  assert_non_null(j);
  return j;
}

static inline void write_json(const char *dir, const char *name, const json_t *j) {
  char *text = json_dumps(j, JSON_COMPACT);
  write_file(dir, name, text, strlen(text));
  free(text);
}

/* The page of these results and settings, which may be NULL; both are released. */
static inline char *page_of(json_t *results, json_t *settings) {
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  if (settings) write_json(dir, "study.json", settings);
  char *html = write_report(dir);
  assert_well_formed(html);
  assert_ids(html);
  remove_dir(dir);
  json_decref(results);
  json_decref(settings);
  return html;
}

static inline json_t *pair_of(json_t *results, size_t i) {
  return json_array_get(json_object_get(results, "pairs"), i);
}

#endif
