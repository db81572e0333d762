#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attribute.h"
#include "data_files.h"
#include "file.h"
#include "label_cell.h"
#include "labels.h"
#include "memory.h"
#include "number_ids.h"
#include "row_votes.h"
#include "text.h"
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
  refuse_mapping("mapping: m\nversion: 1\nclasses: [none, effusion, pneumothorax]\ncolumns:\n"
                 "  image: f\nlabels:\n  cells: none\n",
                 "classes: 3 names; a mapping asks one question",
                 "for several findings give each a domain file of its own");
  refuse_mapping("", "m.yaml", "empty");
}

/* Reads a CSV file by the plain mapping with some lines more. */
static int read_labels(const char *lines, const char *csv, labels *out) {
  char *dir = temporary_dir(), *path = file_join(dir, "m.yaml"), *text;
  char *table = file_join(dir, "x.csv");
  const xs_texts files = {1, &table};
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

/* ---- several rows an image ---- */

static int32_t vote(const char *rule, int classes, int n, const int32_t *label,
                    const char *const *reader, bool *tied) {
  const char *image[8];
  row_votes v;
  for (int i = 0; i < n; i++) image[i] = "a";
  const row_votes_in in = {rule, classes, n, image, reader, label};
  row_votes_count(&in, &v);
  assert_int_equal(v.images, 1);
  const int32_t decided = v.label[0];
  if (tied) *tied = v.tied[0];
  row_votes_release(&v);
  return decided;
}

#define LABELS(...)                                                                                \
  (const int32_t[]) { __VA_ARGS__ }
#define READERS(...)                                                                               \
  (const char *const[]) { __VA_ARGS__ }

static void test_votes(void **state) {
  (void)state;
  bool tied;
  assert_int_equal(vote("any", 2, 3, LABELS(0, 1, 0), NULL, NULL), 1);
  assert_int_equal(vote("any", 2, 2, LABELS(0, -1), NULL, NULL), 0);
  assert_int_equal(vote("all", 2, 3, LABELS(1, 1, 0), NULL, NULL), 0);
  assert_int_equal(vote("all", 2, 3, LABELS(1, -1, 1), NULL, NULL), 1);
  assert_int_equal(vote("majority", 2, 3, LABELS(1, 1, 0), NULL, NULL), 1);
  assert_int_equal(vote("majority", 2, 3, LABELS(1, 0, -1), NULL, &tied), -1);
  assert_true(tied);
  assert_int_equal(vote("any", 2, 2, LABELS(-1, -1), NULL, &tied), -1);
  assert_false(tied);
  assert_int_equal(vote("majority", 3, 5, LABELS(2, 0, 2, 1, 2), NULL, NULL), 2);
  /* four boxes of one reader are one vote of three */
  const int32_t boxes[] = {1, 1, 1, 0, 0, 0};
  const char *const readers[] = {"R1", "R1", "R1", "R1", "R2", "R3"};
  assert_int_equal(vote("majority", 2, 6, boxes, NULL, &tied), -1);
  assert_int_equal(vote("majority", 2, 6, boxes, readers, NULL), 0);
  assert_int_equal(vote("any", 2, 6, boxes, readers, NULL), 1);
  assert_int_equal(vote("all", 2, 4, LABELS(1, 0, 1, 1), READERS("1", "1", "2", "3"), NULL), 1);
}

static void test_merged_rows(void **state) {
  (void)state;
  static const char csv[] =
      "file,finding,p\na,none,1\na,mass,1\nb,none,2\nb,none,2\nc,,3\nd,mass,4\n";
  labels x;
  assert_int_equal(read_labels("  negative: [none]\nrows: any\n", csv, &x), 0);
  assert_int_equal(x.read, 6);
  assert_int_equal(x.n, 4);
  assert_int_equal(x.several, 2);
  assert_int_equal(x.differing, 1);
  static const label_outcome any[] = {LABEL_POSITIVE, LABEL_NEGATIVE, LABEL_NONE, LABEL_POSITIVE};
  static const int64_t line[] = {3, 4, 6, 7};
  for (int i = 0; i < 4; i++) {
    assert_int_equal(x.row[i].outcome, any[i]);
    assert_int_equal(x.row[i].line, line[i]);
  }
  labels_release(&x);
  assert_int_equal(read_labels("  negative: [none]\nrows: majority\n", csv, &x), 0);
  assert_int_equal(x.row[0].outcome, LABEL_TIED);
  labels_release(&x);
  /* Excluded by one of its rows, as by one of a row's terms; which row comes first does not matter.
   */
  static const char *const rule[] = {"any", "all", "majority"};
  for (int i = 0; i < 3; i++) {
    char *lines = text_format("  negative: [none]\n  exclude: [blurred]\nrows: %s\n", rule[i]);
    assert_int_equal(read_labels(lines,
                                 "file,finding\na,none\na,blurred\nb,blurred\nb,mass\nb,mass\n"
                                 "c,none|blurred\nd,mass\nd,mass\n",
                                 &x),
                     0);
    assert_int_equal(x.n, 4);
    for (int k = 0; k < 3; k++) assert_int_equal(x.row[k].outcome, LABEL_EXCLUDED);
    assert_int_equal(x.row[0].line, 3);
    assert_int_equal(x.row[3].outcome, LABEL_POSITIVE);
    assert_int_equal(x.examples[LABEL_EXCLUDED], 3);
    labels_release(&x);
    free(lines);
  }
  refuse_mapping(
      "mapping: m\nversion: 1\nclasses: [a, b]\ncolumns:\n  image: f\n  reader: r\nlabels:\n"
      "  cells: none\n",
      "columns.reader is there and rows is not", "rows: any");
}

/* Rows that are left out are no rows that a policy decides. */
static void test_policy_rows(void **state) {
  (void)state;
  labels x;
  assert_int_equal(
      read_labels("  negative: [none]\nkeep:\n  where: [view = PA]\n",
                  "file,finding,view\na,other,PA\nb,other,L\nc,mass|none,L\nd,mass|none,PA\n", &x),
      0);
  assert_int_equal(x.unsaid, 1);
  assert_int_equal(x.contradicting, 1);
  labels_release(&x);
}

/* A mistyped term gets the nearest; the opposite is never proposed. */
static void test_nearest(void **state) {
  (void)state;
  static const char *const pair[][2] = {
      {"Mas", "Mass"},     {"no mass", NULL}, {"amass", NULL},      {"abnormal", NULL},
      {"Nodul", "Nodule"}, {"grade 2", NULL}, {"grad 1", "grade 1"}};
  labels x;
  mapping m = {.labels.cells = (char *)(uintptr_t) "joined"};
  memset(&x, 0, sizeof x);
  text_set_add(&x.term, "Mass");
  text_set_add(&x.term, "Nodule");
  text_set_add(&x.term, "grade 1");
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    const char *near = labels_nearest(&m, &x, pair[i][0]);
    if (pair[i][1]) {
      assert_non_null(near);
      assert_string_equal(near, pair[i][1]);
    } else {
      assert_null(near);
    }
  }
  text_set_release(&x.term);
}

static void test_number_ids(void **state) {
  (void)state;
  static const char *const id[] = {"61", "7", "00000061", "x61", "7", "61.0", NULL, "08", "8"};
  static const int64_t expected[] = {0, -1, 0, -1, -1, 0, -1, 1, 1};
  int64_t set[9];
  assert_int_equal(number_ids_find(id, 9, set), 2);
  assert_memory_equal(set, expected, sizeof set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cells),       cmocka_unit_test(test_ages),
      cmocka_unit_test(test_text_set),    cmocka_unit_test(test_mappings),
      cmocka_unit_test(test_rows),        cmocka_unit_test(test_votes),
      cmocka_unit_test(test_merged_rows), cmocka_unit_test(test_policy_rows),
      cmocka_unit_test(test_nearest),     cmocka_unit_test(test_number_ids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
