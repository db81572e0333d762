#include "csv_writer.h"

#include "numeral.h"
#include "text.h"
#include "unicode.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void begin_cell(csv_writer *c) {
  if (c->begun) buffer_text(&c->text, ",");
  c->begun = true;
}

/* Behind what the cell has already. */
static void put_quoted(csv_writer *c, const char *s) {
  buffer_text(&c->text, "\"");
  for (; *s; s++) buffer_put(&c->text, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
  buffer_text(&c->text, "\"");
}

static bool needs_quotes(const char *s) {
  const size_t n = strlen(s);
  return strpbrk(s, ",;\"\t\r\n") ||
         (n > 0 && (isspace((unsigned char)s[0]) || isspace((unsigned char)s[n - 1])));
}

void csv_exact(csv_writer *c, const char *text) {
  begin_cell(c);
  if (!text) return;
  char *utf8 = unicode_escape(text);
  if (needs_quotes(text)) {
    put_quoted(c, utf8);
  } else {
    buffer_text(&c->text, utf8);
  }
  free(utf8);
}

static bool is_formula(const char *s) {
  char *number = text_plain_number(s);
  const bool plain = number || strlen(s) < 2;
  free(number);
  return !plain && strchr("=+-@\t\r", *s);
}

void csv_text(csv_writer *c, const char *text) {
  char *shown = text && is_formula(text) ? text_format("'%s", text) : NULL;
  csv_exact(c, shown ? shown : text);
  free(shown);
}

void csv_plain(csv_writer *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  begin_cell(c);
  buffer_add_list(&c->text, format, args);
  va_end(args);
}

void csv_number(csv_writer *c, double v) {
  char digits[40] = "";
  for (int n = 15; n <= 17 && isfinite(v) && (n == 15 || numeral_read(digits, NULL) != v); n++) {
    numeral_print(digits, sizeof digits, "%.*g", n, v);
  }
  csv_plain(c, "%s", digits);
}

void csv_end(csv_writer *c, const char *line_end) {
  buffer_text(&c->text, line_end);
  c->begun = false;
}
