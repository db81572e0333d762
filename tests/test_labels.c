#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attribute.h"
#include "data_files.h"
#include "label_cell.h"
#include "labels.h"
#include "text_set.h"

static void assert_terms(const char *cell, bool list, int n, const char *const *expected) {
  char *text = text_copy(cell);
  label_terms t;
  assert_null(list ? label_parse_list(text, &t) : label_split(text, "|", &t));
  assert_int_equal(t.n, n);
  for (int i = 0; i < n; i++) assert_string_equal(t.term[i], expected[i]);
  free(text);
}

static void refuse_list(const char *cell, const char *why) {
  char *text = text_copy(cell);
  label_terms t;
  assert_string_equal(label_parse_list(text, &t), why);
  free(text);
}

static void test_cells(void **state) {
  (void)state;
  assert_terms("a | b c||d", false, 3, (const char *const[]){"a", "b c", "d"});
  assert_terms("", false, 0, NULL);
  assert_terms("[]", true, 0, NULL);
  assert_terms(" [''] ", true, 0, NULL);
  assert_terms("['a', \"Chilaiditi's sign\", ' b\\'s ']", true, 3,
               (const char *const[]){"a", "Chilaiditi's sign", "b's"});
  assert_terms("['a',]", true, 1, (const char *const[]){"a"});
  refuse_list("normal", "it does not begin with [");
  refuse_list("['a", "a quote does not end");
  refuse_list("['a\\'", "a quote does not end");
  refuse_list("['a' 'b']", "a comma or ] is missing behind a term");
  refuse_list("[a]", "its terms must be in quotes");
  refuse_list("[", "its terms must be in quotes");
  refuse_list("['a']]", "something follows the ]");
  char *many = memory_new(600);
  for (int i = 0; i < 299; i++) memcpy(many + 2 * i, "a|", 2);
  label_terms t;
  assert_string_equal(label_split(many, "|", &t), "it has more than 256 terms");
  free(many);
}

static void test_ages(void **state) {
  (void)state;
  static const struct age {
    const char *text;
    double years;
  } ages[] = {{"57", 57},
              {"57.0", 57},
              {"057Y", 57},
              {"018M", 1.5},
              {"010D", 10 / 365.25},
              {"002W", 14 / 365.25},
              {"0", -1},
              {"414", -1},
              {"", -1},
              {"old", -1},
              {"5 7", -1},
              {"57YY", -1},
              {"Y", -1},
              {"-3", -1},
              {"nan", -1},
              {"0x10", -1},
              {"1e1", -1},
              {"100", 100},
              {"101", -1}};
  for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
    assert_float_equal(attribute_age(ages[i].text), ages[i].years, 1e-12);
  }
  char *text = attribute_age_text(1.5);
  assert_string_equal(text, "1.5");
  free(text);
  text = attribute_age_text(60);
  assert_string_equal(text, "60");
  free(text);
}

static void test_text_set(void **state) {
  (void)state;
  text_set s = {0};
  assert_int_equal(text_set_find(&s, "a"), -1);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 5000; i++) {
      char *text = text_format("%d", i * 7);
      assert_int_equal(text_set_add(&s, text), i);
      free(text);
    }
  }
  assert_int_equal(s.n, 5000);
  assert_int_equal(text_set_find(&s, "14"), 2);
  assert_int_equal(text_set_find(&s, "15"), -1);
  text_set_release(&s);
}

/* ---- mapping files ---- */

static const char plain[] = "mapping: m\nversion: 1\nclasses: [no, yes]\ncolumns:\n  image: file\n"
                            "labels:\n  cells: joined\n  column: finding\n  positive: [mass]\n";

static void refuse_mapping(const char *text, const char *a, const char *b) {
  char *dir = temporary_dir(), *path = file_join(dir, "m.yaml");
  mapping m;
  put_text(dir, "m.yaml", text);
  assert_int_equal(mapping_open(path, NULL, "", &m), XS_USAGE);
  mapping_close(&m);
  assert_says(a);
  assert_says(b);
  free(path);
  remove_dir(dir);
}

/* The plain mapping with some lines more. */
static void refuse_lines(const char *lines, const char *a, const char *b) {
  char *text = text_format("%s%s", plain, lines);
  refuse_mapping(text, a, b);
  free(text);
}

static void test_mappings(void **state) {
  (void)state;
  refuse_lines("  negativ: [none]\n", "m.yaml:10: 'negativ' is no option",
               "did you mean negative?");
  refuse_lines("  negative: [mass]\n", "labels: \"mass\" is listed twice", "one meaning");
  refuse_lines("policy:\n  negatives: strict\n", "policy.negatives is strict", "labels.negative");
  refuse_lines("policy:\n  uncertain: maybe\n", "m.yaml:11: policy.uncertain: 'maybe'", "ignore");
  refuse_lines("keep:\n  age_from: 60\n  age_to: 18\n", "keep.age_to is 18, below", "60");
  refuse_lines("keep:\n  where: [view]\n", "keep.where: \"view\" is not of the form", "");
  refuse_lines("  separator: \"\"\n", "labels.separator is empty", "");
  refuse_mapping("mapping: m\n", "version is 0", "");
  refuse_mapping(
      "mapping: m\nversion: 1\nclasses: [a]\ncolumns:\n  image: f\nlabels:\n  cells: none\n",
      "two different names are needed", "");
  refuse_mapping("", "m.yaml", "empty");
}

/* Reads a CSV file by the plain mapping with some lines more. */
static int read_labels(const char *lines, const char *csv, labels *out) {
  char *dir = temporary_dir(), *path = file_join(dir, "m.yaml"), *text;
  char *table = file_join(dir, "x.csv");
  const option_texts files = {1, &table};
  mapping m;
  text = text_format("%s%s", plain, lines);
  put_text(dir, "m.yaml", text);
  put_text(dir, "x.csv", csv);
  assert_int_equal(mapping_open(path, NULL, "", &m), 0);
  int status = labels_read(&m, &files, NULL, out);
  mapping_close(&m);
  free(text);
  free(table);
  free(path);
  remove_dir(dir);
  return status;
}

static void refuse_labels(const char *lines, const char *csv, const char *a, const char *b) {
  labels x;
  assert_int_not_equal(read_labels(lines, csv, &x), 0);
  labels_release(&x);
  assert_says(a);
  assert_says(b);
}

static void test_rows(void **state) {
  (void)state;
  labels x;
  assert_int_equal(
      read_labels("  negative: [none]\n  exclude: [blurred]\n  silent: [old]\n",
                  "file,finding\na,mass|none\nb,none\nc,old\nd,\ne,mass|blurred\nf,cat\n", &x),
      0);
  static const label_outcome expected[] = {LABEL_POSITIVE, LABEL_NEGATIVE, LABEL_NONE,
                                           LABEL_NONE,     LABEL_EXCLUDED, LABEL_NEGATIVE};
  assert_int_equal(x.n, 6);
  for (int i = 0; i < 6; i++) assert_int_equal(x.row[i].outcome, expected[i]);
  assert_int_equal(x.contradicting, 1);
  assert_int_equal(x.unmapped.n, 1);
  assert_string_equal(x.unmapped.text[0], "cat");
  assert_int_equal(x.row[5].line, 7);
  labels_release(&x);
  refuse_labels("", "file,finding\n,mass\n", "x.csv:2: \"file\" is empty", "");
  refuse_labels("", "file,finding\n./,mass\n", "x.csv:2: \"file\" is empty", "");
  refuse_labels("", "file,finding\n\"a\nb\",mass\n", "x.csv:2: \"file\" goes over lines", "");
  refuse_labels("", "file,finding\n../a,mass\n", "x.csv:2: image \"../a\" leads out", "");
  refuse_labels("", "name,finding\na,mass\n", "no column \"file\" (columns.image)",
                "name, finding");
  refuse_labels("", "file,findings\na,mass\n", "did you mean labels.column: findings?", "");
  refuse_labels("keep:\n  where: [view = PA]\n", "file,finding\na,mass\n",
                "no column \"view\" (keep.where)", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cells),    cmocka_unit_test(test_ages), cmocka_unit_test(test_text_set),
      cmocka_unit_test(test_mappings), cmocka_unit_test(test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
