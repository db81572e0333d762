#include "option.h"

#include "buffer.h"
#include "error.h"
#include "memory.h"
#include "numeral.h"
#include "option_row.h"
#include "text.h"
#include "unicode.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field(const option *row, void *record) { return (char *)record + row->offset; }

static const void *peek(const option *row, const void *record) {
  return (const char *)record + row->offset;
}

static bool is_text(const option *row) {
  return row->type == OPTION_TEXT || row->type == OPTION_CHOICE;
}

static bool is_number(const option *row) {
  return row->type == OPTION_INTEGER || row->type == OPTION_REAL;
}

static double number_of(const option *row, const void *record) {
  const void *p = peek(row, record);
  return row->type == OPTION_INTEGER ? (double)*(const int64_t *)p : *(const double *)p;
}

/* ---- names ---- */

bool option_same(const char *a, const char *b) {
  for (; *a && *b; a++, b++) {
    char x = *a == '-' ? '_' : *a, y = *b == '-' ? '_' : *b;
    if (x != y) return false;
  }
  return *a == *b;
}

const option *option_find(const option_table *t, const char *section, const char *name) {
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    bool here = section ? row->section && option_same(row->section, section) : !row->section;
    if (here && option_same(row->name, name)) return row;
  }
  return NULL;
}

char *option_row_key(const option *row) {
  if (!row->section) return text_copy(row->name);
  return text_format("%s.%s", row->section, row->name);
}

const option *option_find_short(const option_table *t, const char *section) {
  const char *dot = t->short_form ? strchr(t->short_form, '.') : NULL;
  if (!dot) return NULL;
  char *own = text_format("%.*s", (int)(dot - t->short_form), t->short_form);
  const bool same = option_same(own, section);
  free(own);
  return same ? option_find(t, section, dot + 1) : NULL;
}

const option *option_find_key(const option_table *t, const char *key) {
  const char *dot = strchr(key, '.');
  if (!dot) {
    const option *row = option_find(t, NULL, key);
    return row ? row : option_find_short(t, key);
  }
  char *section = text_format("%.*s", (int)(dot - key), key);
  const option *row = option_find(t, section, dot + 1);
  free(section);
  return row;
}

/* ---- what is allowed ---- */

/* "a|b|c" as "a, b or c". */
static char *list_choices(const char *choices) {
  buffer text = {0};
  for (const char *p = choices; *p;) {
    size_t n = strcspn(p, "|");
    const char *rest = p + n + (p[n] == '|');
    buffer_between(&text, *rest ? ", " : " or ");
    buffer_put(&text, p, n);
    p = rest;
  }
  return buffer_take(&text);
}

static char *describe_number(const option *row) {
  const char *kind = row->type == OPTION_INTEGER ? "a whole number" : "a number";
  if (row->low == 0 && row->high == 0) return text_copy(kind);
  if (isinf(row->high)) return text_format("%s, at least %.15g", kind, row->low);
  return text_format("%s from %.15g to %.15g", kind, row->low, row->high);
}

char *option_row_allowed(const option *row) {
  if (is_number(row)) return describe_number(row);
  if (row->type == OPTION_FLAG) return text_copy("true or false");
  if (row->type == OPTION_BYTES) return text_copy("a number of bytes, as 400M or 1.5G");
  if (row->type == OPTION_CHOICE) return list_choices(row->choices);
  return text_copy(row->type == OPTION_TEXTS ? "a list of texts" : "a text");
}

static int refuse(const option *row, const char *value, const char *label) {
  char *allowed = option_row_allowed(row);
  int status = fail(2, "%s: '%.80s' is not allowed here; it must be %s", label, value, allowed);
  free(allowed);
  return status;
}

/* ---- setting one ---- */

static bool in_range(const option *row, double x) {
  return (row->low == 0 && row->high == 0) || (x >= row->low && x <= row->high);
}

static bool read_integer(const char *text, int64_t *x) {
  char *end;
  if (!(*text >= '0' && *text <= '9') && *text != '-' && *text != '+') return false;
  errno = 0;
  *x = strtoll(text, &end, 10);
  return errno == 0 && end != text && *end == 0;
}

static bool read_real(const char *text, double *x) {
  char *end;
  if (text[strspn(text, "+-.0123456789eE")] != 0)
    return false; /* no hexadecimal, nan, inf, space */
  *x = numeral_read(text, &end);
  return end != text && *end == 0 && isfinite(*x);
}

/* "400M", "1.5G", "64000": at most 15 digits, so that doubles hold it. */
static bool read_bytes(const char *text, int64_t *x) {
  static const char unit[] = "KMG";
  size_t length = strlen(text);
  const char *at = length ? strchr(unit, text[length - 1]) : NULL;
  char *number = text_format("%.*s", (int)(length - (at != NULL)), text);
  double bytes;
  bool right = read_real(number, &bytes);
  for (; right && at && at >= unit; at--) bytes *= 1000;
  right = right && bytes >= 0 && bytes < 1e15;
  if (right) *x = (int64_t)bytes;
  free(number);
  return right;
}

static bool read_flag(const char *text, bool *x) {
  static const char *const word[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
  for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
    if (strcmp(text, word[i]) == 0) {
      *x = i % 2 == 1;
      return true;
    }
  }
  return false;
}

static bool read_choice(const option *row, const char *text) {
  size_t length = strlen(text);
  for (const char *p = row->choices; *p;
       p += p[strcspn(p, "|")] ? strcspn(p, "|") + 1 : strlen(p)) {
    if (strcspn(p, "|") == length && strncmp(p, text, length) == 0) return true;
  }
  return false;
}

static void keep_text(char **place, const char *value) {
  char *copy = text_copy(value);
  free(*place);
  *place = copy;
}

void option_row_append(const option *row, void *record, const char *value) {
  xs_texts *list = field(row, record);
  list->text = memory_grow(list->text, ((size_t)list->n + 1) * sizeof *list->text);
  list->text[list->n++] = text_copy(value);
}

void option_row_clear(const option *row, void *record) {
  if (is_text(row)) {
    char **text = field(row, record);
    free(*text);
    *text = NULL;
  } else if (row->type == OPTION_TEXTS) {
    xs_texts *list = field(row, record);
    for (int i = 0; i < list->n; i++) free(list->text[i]);
    free(list->text);
    *list = (xs_texts){0, NULL};
  }
}

/* "a, b" replaces a list by a and b. */
static void set_texts(const option *row, void *record, const char *value) {
  char *copy = text_copy(value), *rest = NULL;
  option_row_clear(row, record);
  for (char *p = strtok_r(copy, ",", &rest); p; p = strtok_r(NULL, ",", &rest)) {
    p += strspn(p, " ");
    for (char *end = p + strlen(p); end > p && end[-1] == ' '; end--) end[-1] = '\0';
    option_row_append(row, record, p);
  }
  free(copy);
}

static int set_number(const option *row, void *place, const char *value, const char *label) {
  int64_t i = 0;
  double x = 0;
  bool whole = row->type == OPTION_INTEGER;
  bool right = whole ? read_integer(value, &i) : read_real(value, &x);
  if (whole) x = (double)i;
  if (!right || !in_range(row, x)) return refuse(row, value, label);
  if (whole) {
    *(int64_t *)place = i;
  } else {
    *(double *)place = x;
  }
  return 0;
}

int option_row_set(const option *row, void *record, const char *value, const char *label) {
  void *place = field(row, record);
  bool flag;
  switch (row->type) {
  case OPTION_INTEGER:
  case OPTION_REAL:
    return set_number(row, place, value, label);
  case OPTION_BYTES:
    return read_bytes(value, place) ? 0 : refuse(row, value, label);
  case OPTION_FLAG:
    if (!read_flag(value, &flag)) return refuse(row, value, label);
    *(bool *)place = flag;
    return 0;
  case OPTION_CHOICE:
    if (!read_choice(row, value)) return refuse(row, value, label);
    keep_text(place, value);
    return 0;
  case OPTION_TEXT:
    keep_text(place, value);
    return 0;
  case OPTION_TEXTS:
    set_texts(row, record, value);
    return 0;
  }
  return 0;
}

/* ---- the table ---- */

/* The full key to propose for a wrong one: a row of that name in some section, else the nearest. */
static char *propose(const option_table *t, const char *key) {
  char *right = NULL;
  char **keys = memory_new(sizeof *keys * (size_t)t->n);
  for (int i = 0; i < t->n; i++) {
    keys[i] = option_row_key(&t->row[i]);
    if (!right && option_same(t->row[i].name, key)) right = text_copy(keys[i]);
  }
  const char *near = text_nearest(key, (const char *const *)keys, t->n);
  if (!right && near) right = text_copy(near);
  for (int i = 0; i < t->n; i++) free(keys[i]);
  free(keys);
  return right;
}

static int unknown_key(const option_table *t, const char *key, const char *where) {
  char *right = propose(t, key);
  int status = fail(2, "%s: '%.80s' is no option of the %s%s%s%s", where, key, t->what,
                    right ? "; did you mean " : "", right ? right : "", right ? "?" : "");
  free(right);
  return status;
}

int option_set(const option_table *t, void *record, const char *key, const char *value,
               const char *where) {
  const option *row = option_find_key(t, key);
  if (!row) return unknown_key(t, key, where);
  char *name = option_row_key(row);
  char *label = text_format("%s: %s", where, name);
  int status = unicode_check(label, value);
  if (!status) status = option_row_set(row, record, value, label);
  free(label);
  free(name);
  return status;
}

static void set_nothing(const option *row, void *record) {
  static const size_t bytes[] = {
      [OPTION_INTEGER] = sizeof(int64_t), [OPTION_REAL] = sizeof(double),
      [OPTION_BYTES] = sizeof(int64_t),   [OPTION_FLAG] = sizeof(bool),
      [OPTION_TEXT] = sizeof(char *),     [OPTION_CHOICE] = sizeof(char *),
      [OPTION_TEXTS] = sizeof(xs_texts)};
  memset(field(row, record), 0, bytes[row->type]);
}

void option_defaults(const option_table *t, void *record) {
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    set_nothing(row, record);
    if (row->fallback) (void)option_row_set(row, record, row->fallback, row->name);
  }
}

void option_defaults_lent(const option_table *t, void *record) {
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    set_nothing(row, record);
    if (!row->fallback) continue;
    if (is_text(row)) {
      *(const char **)field(row, record) = row->fallback;
    } else if (row->type != OPTION_TEXTS) {
      (void)option_row_set(row, record, row->fallback, row->name);
    }
  }
}

bool option_row_missing(const option *row, const void *record) {
  const void *p = peek(row, record);
  if (is_text(row)) return !*(char *const *)p;
  return row->type == OPTION_TEXTS && ((const xs_texts *)p)->n == 0;
}

/* A number out of its range, unless it is an optional one's default. */
static bool is_outside(const option *row, const void *record) {
  if (!is_number(row)) return false;
  double x = number_of(row, record),
         standard = row->fallback ? numeral_read(row->fallback, NULL) : 0;
  return !in_range(row, x) && (row->required || x != standard);
}

/* A choice that is none, which only a program can set. */
static bool is_no_choice(const option *row, const void *record) {
  if (row->type != OPTION_CHOICE) return false;
  const char *text = *(char *const *)peek(row, record);
  return text ? !read_choice(row, text) : row->fallback != NULL;
}

/* The value as a message shows it; allocated. */
static char *show_value(const option *row, const void *record) {
  if (is_number(row)) return text_format("%.15g", number_of(row, record));
  const char *text = *(char *const *)peek(row, record);
  return text ? text_format("'%.80s'", text) : text_copy("NULL");
}

static int check_row(const option *row, const void *record, const char *where) {
  const bool missing = row->required && option_row_missing(row, record);
  if (!missing && !is_outside(row, record) && !is_no_choice(row, record)) return 0;
  char *key = option_row_key(row);
  if (missing) {
    fail(2, "%s: %s is missing: %s", where, key, row->help);
  } else {
    char *value = show_value(row, record), *allowed = option_row_allowed(row);
    fail(2, "%s: %s is %s; it must be %s", where, key, value, allowed);
    free(allowed);
    free(value);
  }
  free(key);
  return 2;
}

int option_check(const option_table *t, const void *record, const char *where) {
  int status = 0;
  for (int i = 0; i < t->n && !status; i++) status = check_row(&t->row[i], record, where);
  return status;
}

void option_texts_trim(xs_texts *t) {
  for (int i = 0; i < t->n; i++) {
    char *trimmed = text_trim(t->text[i], t->text[i] + strlen(t->text[i]));
    free(t->text[i]);
    t->text[i] = trimmed;
  }
}

void option_release(const option_table *t, void *record) {
  for (int i = 0; i < t->n; i++) option_row_clear(&t->row[i], record);
}

/* ---- the record as JSON ---- */

json_t *option_text_json(const char *text) {
  char *escaped = unicode_escape(text);
  json_t *j = json_string(escaped);
  free(escaped);
  return j;
}

json_t *option_texts_json(char *const *text, int64_t n) {
  json_t *array = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(array, option_text_json(text[i]));
  return array;
}

static json_t *row_json(const option *row, const void *record) {
  const void *p = peek(row, record);
  const xs_texts *list = p;
  const char *text;
  switch (row->type) {
  case OPTION_INTEGER:
  case OPTION_BYTES:
    return json_integer(*(const int64_t *)p);
  case OPTION_REAL:
    return json_real(*(const double *)p);
  case OPTION_FLAG:
    return json_boolean(*(const bool *)p);
  case OPTION_TEXT:
  case OPTION_CHOICE:
    text = *(char *const *)p;
    return text ? option_text_json(text) : json_null();
  case OPTION_TEXTS:
    return option_texts_json(list->text, list->n);
  }
  return NULL;
}

json_t *option_json(const option_table *t, const void *record) {
  json_t *all = json_object();
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    json_t *place = all;
    if (row->section) {
      place = json_object_get(all, row->section);
      if (!place) {
        place = json_object();
        json_object_set_new(all, row->section, place);
      }
    }
    json_object_set_new(place, row->name, row_json(row, record));
  }
  return all;
}
