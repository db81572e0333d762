#include "attribute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"
#include "numeral.h"
#include "sort.h"
#include "text.h"

static const char *const names[ATTRIBUTES] = {"sex", "age", "view", "scanner"};

/* ---- cells ---- */

double attribute_age(const char *text) {
  static const struct unit {
    char letter;
    double years;
  } units[] = {{0, 1}, {'Y', 1}, {'M', 1 / 12.0}, {'W', 7 / 365.25}, {'D', 1 / 365.25}};
  if (text[strspn(text, "0123456789.")] && !strchr("YMWD", text[strlen(text) - 1])) return -1;
  char *end;
  double number = numeral_read(text, &end);
  if (end == text || (*end && end[1])) return -1;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    double years = number * units[i].years;
    if (units[i].letter == *end) return years > 0 && years <= OLDEST ? years : -1;
  }
  return -1;
}

char *attribute_age_text(double years) {
  if (years < 0) return NULL;
  char *text = text_format("%.2f", years);
  size_t n = strlen(text);
  while (text[n - 1] == '0') text[--n] = 0;
  if (text[n - 1] == '.') text[n - 1] = 0;
  return text;
}

char *attribute_sex(const char *text) {
  static const char *const female[] = {"F", "female", "woman"};
  static const char *const male[] = {"M", "male", "man"};
  static const char *const unknown[] = {"", "U", "unknown", "none", "nan", "NA"};
  for (int i = 0; i < 6; i++) {
    if (!strcasecmp(text, unknown[i])) return NULL;
    if (i < 3 && !strcasecmp(text, female[i])) return text_copy("F");
    if (i < 3 && !strcasecmp(text, male[i])) return text_copy("M");
  }
  return text_copy(text);
}

char *attribute_read(attribute_kind kind, const char *text) {
  if (kind == ATTRIBUTE_AGE) return attribute_age_text(attribute_age(text));
  if (kind == ATTRIBUTE_SEX) return attribute_sex(text);
  return *text ? text_copy(text) : NULL;
}

/* ---- a site's ---- */

/* The distinct texts of one kind, sorted, in a->level. */
static void collect_levels(char *const *text, int64_t n, attribute_kind kind, xs_attribute *a) {
  const char **known = memory_new(sizeof *known * (size_t)n);
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    const char *t = text[i * ATTRIBUTES + (int64_t)kind];
    if (t) known[count++] = t;
  }
  sort_texts(known, count);
  a->level = memory_new(sizeof *a->level * (size_t)(count + 1));
  for (int64_t i = 0; i < count; i++) {
    if (i && !strcmp(known[i - 1], known[i])) continue;
    a->level[a->levels++] = text_copy(known[i]);
  }
  free(known);
}

static int32_t find_level(const xs_attribute *a, const char *text) {
  if (!text) return -1;
  char **found = bsearch(&text, a->level, (size_t)a->levels, sizeof *a->level, sort_compare_texts);
  return found ? (int32_t)(found - a->level) : -1;
}

void attribute_store(char *const *text, const bool present[ATTRIBUTES], xs_site *s) {
  int64_t n = s->images.n;
  s->attribute = memory_new(sizeof *s->attribute * ATTRIBUTES);
  for (int kind = 0; kind < ATTRIBUTES; kind++) {
    if (!present[kind]) continue;
    xs_attribute *a = &s->attribute[s->attributes++];
    a->name = names[kind];
    collect_levels(text, n, (attribute_kind)kind, a);
    a->value = memory_new(sizeof *a->value * (size_t)n);
    for (int64_t i = 0; i < n; i++) a->value[i] = find_level(a, text[i * ATTRIBUTES + kind]);
  }
}

void attribute_release(xs_site *s) {
  for (int i = 0; i < s->attributes; i++) {
    xs_attribute *a = &s->attribute[i];
    for (int k = 0; k < a->levels; k++) free(a->level[k]);
    free(a->level);
    free(a->value);
  }
  free(s->attribute);
}

const xs_attribute *xs_site_attribute(const xs_site *s, const char *name) {
  for (int i = 0; i < s->attributes; i++) {
    if (!strcmp(s->attribute[i].name, name)) return &s->attribute[i];
  }
  return NULL;
}
