#include "label_cell.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c) { return isspace((unsigned char)c); }

static char *skip_blanks(char *s) {
  while (is_blank(*s)) s++;
  return s;
}

/* Adds text .. end (exclusive), whose byte at end may be overwritten. */
static bool add_term(char *text, char *end, label_terms *out) {
  text = skip_blanks(text);
  while (end > text && is_blank(end[-1])) end--;
  if (text >= end) return true;
  *end = 0;
  if (out->n == MOST_TERMS) return false;
  out->term[out->n++] = text;
  return true;
}

static const char too_many[] = "it has more than 256 terms";

const char *label_split(char *text, const char *separator, label_terms *out) {
  size_t length = strlen(separator);
  out->n = 0;
  for (char *end; (end = strstr(text, separator)); text = end + length) {
    if (!add_term(text, end, out)) return too_many;
  }
  return add_term(text, text + strlen(text), out) ? NULL : too_many;
}

/* Takes the backslashes out of a text in quotes that begins at s, after the quote; returns the end
 * of what is left, and *rest after the closing quote; NULL where there is none. */
static char *unquote(char *s, char quote, char **rest) {
  char *to = s;
  for (; *s && *s != quote; s++) {
    if (*s == '\\' && s[1]) s++;
    *to++ = *s;
  }
  *rest = s + 1;
  return *s ? to : NULL;
}

const char *label_parse_list(char *text, label_terms *out) {
  out->n = 0;
  char *s = skip_blanks(text);
  if (*s != '[') return "it does not begin with [";
  s = skip_blanks(s + 1);
  while (*s != ']') {
    char quote = *s, *rest, *begin = s + 1;
    if (quote != '\'' && quote != '"') return "its terms must be in quotes";
    char *end = unquote(begin, quote, &rest);
    if (!end) return "a quote does not end";
    s = skip_blanks(rest);
    if (*s == ',') {
      s = skip_blanks(s + 1);
    } else if (*s != ']') {
      return "a comma or ] is missing behind a term";
    }
    if (!add_term(begin, end, out)) return too_many;
  }
  return *skip_blanks(s + 1) ? "something follows the ]" : NULL;
}
