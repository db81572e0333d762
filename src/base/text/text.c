#include "text.h"

#include "buffer.h"
#include "memory.h"
#include "numeral.h"
#include "unicode.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_format(const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = numeral_vprint(NULL, 0, format, args);
  va_end(args);
  size_t bytes = length < 0 ? 1 : (size_t)length + 1;
  char *s = memory_new(bytes);
  if (length > 0) numeral_vprint(s, bytes, format, again);
  va_end(again);
  return s;
}

char *text_copy(const char *s) {
  size_t bytes = strlen(s) + 1;
  return memcpy(memory_new(bytes), s, bytes);
}

FILE *text_open(char **text, size_t *size) {
  *text = NULL;
  FILE *f = open_memstream(text, size);
  if (!f) memory_out("no room for a text");
  return f;
}

void text_close(FILE *f) {
  const bool whole = !ferror(f);
  if (fclose(f) != 0 || !whole) memory_out("a text does not fit");
}

char *text_trim(const char *start, const char *end) {
  while (start < end && isspace((unsigned char)*start)) start++;
  while (end > start && isspace((unsigned char)end[-1])) end--;
  char *text = memory_new((size_t)(end - start) + 1);
  memcpy(text, start, (size_t)(end - start));
  return text;
}

static int smaller(int a, int b) { return a < b ? a : b; }

/* Letters of either case are the same, and so are - and _. */
static int folded(char c) { return c == '-' ? '_' : tolower((unsigned char)c); }

enum { LONGEST = 63 }; /* characters of a word that can be near another */

/* Levenshtein 1966; words longer than LONGEST are near nothing. */
static int edit_distance(const char *a, const char *b) {
  size_t na = strlen(a), nb = strlen(b);
  if (na > LONGEST || nb > LONGEST) return INT_MAX;
  int row[LONGEST + 1]; /* row[j]: distance of a's first i characters from b's first j */
  for (size_t j = 0; j <= nb; j++) row[j] = (int)j;
  for (size_t i = 1; i <= na; i++) {
    int diagonal = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= nb; j++) {
      int replaced = diagonal + (folded(a[i - 1]) != folded(b[j - 1]));
      diagonal = row[j];
      row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
    }
  }
  return row[nb];
}

const char *text_nearest(const char *word, const char *const *candidates, int n) {
  const char *best = NULL;
  int least = 2 + (int)(strlen(word) / 3); /* nearer than this */
  for (int i = 0; i < n; i++) {
    int distance = edit_distance(word, candidates[i]);
    if (distance < least) {
      least = distance;
      best = candidates[i];
    }
  }
  return best;
}

char *text_plain_number(const char *s) {
  const bool negative = *s == '-';
  if (*s == '-' || *s == '+') s++;
  size_t whole = strspn(s, "0123456789"), part = 0;
  const char *fraction = s + whole;
  if (*fraction == '.') part = strspn(++fraction, "0123456789");
  if (whole + part == 0 || fraction[part]) return NULL;
  for (; whole > 0 && *s == '0'; whole--) s++;
  while (part > 0 && fraction[part - 1] == '0') part--;
  if (whole + part == 0) return text_copy("0");
  return text_format("%s%.*s%s%.*s", negative ? "-" : "", whole ? (int)whole : 1, whole ? s : "0",
                     part ? "." : "", (int)part, part ? fraction : "");
}

bool text_same_number(const char *a, const char *b) {
  char *p = text_plain_number(a), *q = text_plain_number(b);
  const bool same = p && q && strcmp(p, q) == 0;
  free(p);
  free(q);
  return same;
}

char *text_bytes(double bytes) {
  return bytes < 1e9 ? text_format("%.0f MB", ceil(bytes / 1e6))
                     : text_format("%.1f GB", bytes / 1e9);
}

/* Bytes of one that YAML takes for no text: a separator of lines or the mark of an order of bytes.
 */
static int yaml_mark(const char *s) {
  static const char *const marks[] = {"\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (!strncmp(s, marks[i], strlen(marks[i]))) return (int)strlen(marks[i]);
  }
  return 0;
}

char *text_yaml(const char *s) {
  buffer b = {0};
  buffer_text(&b, "\"");
  while (*s) {
    const unsigned char *p = (const unsigned char *)s;
    const int control = unicode_control(s), mark = yaml_mark(s);
    if (mark) {
      buffer_add(&b, "\\u%04X", (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
    } else if (control || *s == '"' || *s == '\\') {
      buffer_add(&b, "\\x%02X", p[control > 1 ? control - 1 : 0]);
    } else {
      buffer_put(&b, s, 1);
    }
    s += mark ? mark : control ? control : 1;
  }
  buffer_text(&b, "\"");
  return buffer_take(&b);
}
