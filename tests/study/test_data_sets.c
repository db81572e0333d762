/* The tables of data sets from arrays alone: every count, mean, F and p is NumPy's and SciPy's. */
#include "data_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_file.h"

enum { SITES = 3, MOST = 128, KINDS = 4, CELLS = 7 };
static const char *const kind_name[KINDS] = {"class", "sex", AGE, "view"};

/* ---- tests/golden/data_sets.tsv -----------------------------------------------------------------
 */

typedef struct site {
  char name[2];
  int64_t n;
  uint8_t side[MOST];
  uint64_t group[MOST];
  int32_t value[KINDS][MOST];
} site;

static char *level[KINDS][MOST * SITES];
static int levels[KINDS];

static int32_t level_of(int kind, const char *text) {
  if (strcmp(text, "-") == 0) return -1;
  for (int i = 0; i < levels[kind]; i++) {
    if (strcmp(level[kind][i], text) == 0) return i;
  }
  level[kind][levels[kind]] = text_copy(text);
  return levels[kind]++;
}

static uint8_t side_of(const char *text) {
  return strcmp(text, "test") == 0 ? XS_TEST : *text == 'v' ? XS_VALIDATION : XS_TRAIN;
}

static void add_image(site *s, char *line) {
  char *cell[CELLS], *rest = NULL;
  for (int i = 0; i < CELLS; i++) cell[i] = strtok_r(i ? NULL : line, "\t", &rest);
  const int64_t i = s->n++;
  assert_true(i < MOST);
  s->name[0] = *cell[0];
  s->side[i] = side_of(cell[1]);
  s->group[i] = strtoull(cell[2], NULL, 10);
  for (int k = 0; k < KINDS; k++) s->value[k][i] = level_of(k, cell[3 + k]);
}

static char *read_golden(const char *name) {
  char *path = text_format("%s/golden/%s", TEST_DATA, name), *text = NULL;
  assert_int_equal(file_read(path, &text, &(size_t){0}), 0);
  free(path);
  return text;
}

static void load(site s[SITES]) {
  char *text = read_golden("data_sets.tsv"), *rest = NULL;
  strtok_r(text, "\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\n", &rest));) add_image(&s[*line - 'a'], line);
  free(text);
}

/* Of site c the class and the sex are not known at all. */
static json_t *describe(site s[SITES]) {
  data_set set[SITES];
  xs_attribute known[SITES][KINDS];
  for (int i = 0; i < SITES; i++) {
    int n = 0;
    for (int k = i < 2 ? 0 : 2; k < KINDS; k++) {
      known[i][n++] = (xs_attribute){kind_name[k], levels[k], level[k], s[i].value[k]};
    }
    set[i] = (data_set){s[i].name, s[i].n, s[i].side, s[i].group, known[i], n};
  }
  return data_sets_json(set, SITES);
}

#define lack(...) (print_error(__VA_ARGS__), print_error("\n"), assert_true(false))

/* ---- what is there ------------------------------------------------------------------------------
 */

/* The element whose field is this text; NULL stands for null. */
static const json_t *find(const json_t *list, const char *field, const char *text) {
  size_t i;
  json_t *j;
  json_array_foreach(list, i, j) {
    const char *own = json_string_value(json_object_get(j, field));
    if (own && text ? strcmp(own, text) == 0 : own == text) return j;
  }
  lack("no element has %s %s", field, text ? text : "null");
  return NULL;
}

static double number_of(const json_t *object, const char *name) {
  const json_t *j = json_object_get(object, name);
  return json_is_number(j) ? json_number_value(j) : NAN;
}

/* words: `a train`, `a train age`: a side, or a characteristic of it. */
static double find_count(const json_t *sets, char *words, const char *quantity) {
  char *rest;
  const json_t *x = find(json_object_get(sets, "sites"), "site", strtok_r(words, " ", &rest));
  x = find(json_object_get(x, "sides"), "side", strtok_r(NULL, " ", &rest));
  if (!*rest) return number_of(x, quantity);
  x = find(json_object_get(x, "characteristics"), "name", rest);
  if (json_object_get(x, quantity)) return number_of(x, quantity);
  return number_of(find(json_object_get(x, "levels"), "value", quantity), "images");
}

static bool is_of(const json_t *test, const char *words) {
  const char *value = json_string_value(json_object_get(test, "value"));
  char *own = text_format("anova %s %s", json_string_value(json_object_get(test, "name")),
                          value ? value : "-");
  const bool same = strcmp(own, words) == 0;
  free(own);
  return same;
}

/* words: `anova sex F`, `anova age -`. */
static double find_test(const json_t *sets, const char *words, const char *quantity) {
  size_t i;
  json_t *j;
  json_array_foreach(json_object_get(sets, "anova"), i, j) {
    if (!is_of(j, words)) continue;
    if (json_object_get(j, quantity)) return number_of(j, quantity);
    return number_of(find(json_object_get(j, "sites"), "site", quantity), "mean");
  }
  lack("no test: %s", words);
  return NAN;
}

static void compare(const json_t *sets, char *line) {
  char *rest, *words = strtok_r(line, "\t", &rest), *quantity = strtok_r(NULL, "\t", &rest),
              *what = text_copy(words);
  const double wanted = strtod(rest, NULL), found = strncmp(words, "anova ", 6) == 0
                                                        ? find_test(sets, words, quantity)
                                                        : find_count(sets, words, quantity);
  if (isnan(wanted) ? !isnan(found) : !(fabs(found - wanted) <= 1e-10 * fabs(wanted))) {
    lack("%s, %s: %.15g, not %.15g", what, quantity, found, wanted);
  }
  free(what);
}

static void all_numbers_are_scipys(void **state) {
  site *s = *state;
  json_t *sets = describe(s);
  char *text = read_golden("data_sets_expected.tsv"), *rest = NULL;
  int n = 0;
  strtok_r(text, "\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\n", &rest)); n++) compare(sets, line);
  assert_true(n > 100);
  free(text);
  json_decref(sets);
}

/* Two patients are at a and b; every film is PA, so that there is nothing to test. */
static void what_spoils_a_test_is_said(void **state) {
  json_t *sets = describe(*state);
  const json_t *view = find(json_object_get(sets, "anova"), "name", "view");
  assert_int_equal(json_integer_value(json_object_get(sets, "shared_groups")), 2);
  assert_string_equal(json_string_value(json_object_get(view, "unknown")),
                      "no ANOVA: all values are equal");
  assert_true(json_is_null(json_object_get(view, "p")));
  json_decref(sets);
}

/* Classes and sex are known at one site alone: no row of theirs is tested. */
static void one_site_is_not_compared(void **state) {
  site *s = *state;
  const xs_attribute sex = {"sex", levels[1], level[1], s[0].value[1]};
  const data_set set[2] = {{s[0].name, s[0].n, s[0].side, s[0].group, &sex, 1},
                           {s[2].name, s[2].n, s[2].side, s[2].group, NULL, 0}};
  json_t *sets = data_sets_json(set, 2);
  assert_int_equal(json_array_size(json_object_get(sets, "anova")), 0);
  json_decref(sets);
}

static int setup(void **state) {
  site *s = memory_new(SITES * sizeof *s);
  load(s);
  *state = s;
  return 0;
}

static int teardown(void **state) {
  for (int k = 0; k < KINDS; k++) {
    for (int i = 0; i < levels[k]; i++) free(level[k][i]);
  }
  free(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_numbers_are_scipys),
      cmocka_unit_test(what_spoils_a_test_is_said),
      cmocka_unit_test(one_site_is_not_compared),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
