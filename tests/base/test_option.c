/* Option tables: YAML files (good, wrong and hostile), the command line, JSON and help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include "error.h"
#include "file.h"
#include "memory.h"
#include "option.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct record {
  char *name;
  xs_texts site;
  int64_t batch;
  double rate;
  bool flips;
  char *semantic;
  int64_t base_batch;
} record;

static const option rows[] = {
    {NULL, "name", OPTION_TEXT, offsetof(record, name), NULL, true, 0, 0, NULL, "NAME",
     "What the study is called."},
    {NULL, "site", OPTION_TEXTS, offsetof(record, site), "a,b", false, 0, 0, NULL, "FILE",
     "Sites."},
    {"adapter", "batch", OPTION_INTEGER, offsetof(record, batch), "200", false, 2, 4096, NULL, "N",
     "Images a step."},
    {"adapter", "learning_rate", OPTION_REAL, offsetof(record, rate), "1e-4", false, 0, 1, NULL,
     NULL, "Of Adam."},
    {"adapter", "flips", OPTION_FLAG, offsetof(record, flips), "true", false, 0, 0, NULL, NULL,
     "Flip images."},
    {"adapter", "semantic", OPTION_CHOICE, offsetof(record, semantic), "paper", false, 0, 0,
     "paper|cycada-paper|off", NULL, "Semantic loss."},
    {"baseline", "batch", OPTION_INTEGER, offsetof(record, base_batch), "128", false, 1, INFINITY,
     NULL, "N", "Images a step."},
};
static const option_table table = {
    .what = "study file", .row = rows, .n = sizeof rows / sizeof *rows};

static const char *const path = "test_option.yaml";

static int load_bytes(record *r, const char *text, size_t size) {
  assert_int_equal(file_write_atomic(path, text, size), 0);
  option_defaults(&table, r);
  int status = option_load(&table, r, path);
  unlink(path);
  return status;
}

static void assert_message(const char *part) {
  if (!strstr(fail_message(), part)) print_error("'%s' lacks '%s'\n", fail_message(), part);
  assert_non_null(strstr(fail_message(), part));
}

static void refuse(const char *text, const char *part) {
  record r;
  assert_int_equal(load_bytes(&r, text, strlen(text)), 2);
  assert_message(part);
  assert_message(path);
  option_release(&table, &r);
}

static void test_yaml_values(void **state) {
  (void)state;
  record r;
  const char *text =
      "# a study\nname: \"two: words\"\nsite: [x.yaml, y.yaml]\nadapter:\n"
      "  learning-rate: 2.5e-3\n  batch: 010\n  flips: no\n  semantic: cycada-paper\n";
  assert_int_equal(load_bytes(&r, text, strlen(text)), 0);
  assert_string_equal(r.name, "two: words");
  assert_int_equal(r.site.n, 2);
  assert_string_equal(r.site.text[1], "y.yaml");
  assert_true(r.rate == 2.5e-3);
  assert_int_equal(r.batch, 10);
  assert_false(r.flips);
  assert_string_equal(r.semantic, "cycada-paper");
  assert_int_equal(r.base_batch, 128);
  option_release(&table, &r);
}

static void test_yaml_one_text_is_a_list(void **state) {
  (void)state;
  record r;
  assert_int_equal(load_bytes(&r, "name: n\nsite: x,y\n", 18), 0);
  assert_int_equal(r.site.n, 1);
  assert_string_equal(r.site.text[0], "x,y");
  option_release(&table, &r);
}

static void test_yaml_wrong_keys(void **state) {
  (void)state;
  refuse("name: n\nadapter:\n  bach: 3\n", ":3: 'bach' is no option of the section adapter");
  refuse("name: n\nadapter:\n  bach: 3\n", "did you mean batch?");
  refuse("nam: n\n", "did you mean name?");
  refuse("name: n\nadaptor: {}\n",
         ":2: 'adaptor' is no option of the study file; did you mean adapter?");
  refuse("name: n\nbatch: 3\n", "it belongs under adapter:");
  refuse("name: n\nadapter:\n  site: 3\n", "left margin");
  refuse("name: n\n\nname: m\n", ":3: 'name' is given twice; the first is on line 1");
  refuse("name: n\nadapter: {batch: 2}\nadapter: {batch: 3}\n", "given twice");
  refuse("name: n\n<<: {a: b}\n", "no option");
  refuse("name: n\n? [a, b]\n: c\n", "a name followed by a colon");
}

static void test_yaml_wrong_values(void **state) {
  (void)state;
  refuse("name: n\nadapter:\n  batch: 12x\n",
         ":3: adapter.batch: '12x' is not allowed here; it must be a whole number from 2 to 4096");
  refuse("name: n\nadapter: {batch: 1}\n", "from 2 to 4096");
  refuse("name: n\nadapter: {batch: 99999999999999999999}\n", "a whole number");
  refuse("name: n\nadapter: {batch: 2.0}\n", "a whole number");
  refuse("name: n\nbaseline: {batch: 0}\n", "a whole number, at least 1");
  refuse("name: n\nadapter: {learning_rate: .nan}\n", "a number from 0 to 1");
  refuse("name: n\nadapter: {learning_rate: 1e400}\n", "a number from 0 to 1");
  refuse("name: n\nadapter: {learning_rate: 0x1p-3}\n", "a number from 0 to 1");
  refuse("name: n\nadapter: {flips: flase}\n", "true or false");
  refuse("name: n\nadapter: {semantic: pap}\n", "paper, cycada-paper or off");
  refuse("name: n\nadapter: {batch: [1, 2]}\n", "is a list; it must be a whole number");
  refuse("name: {a: b}\n", "is a mapping; it must be a text");
  refuse("name: n\nadapter: 3\n", ":2: adapter is a section");
  refuse("name: n\nsite: [a, [b]]\n", "entries must be single values");
  refuse("name:\n", "has no value");
  refuse("name: ~\n", "has no value");
  refuse("adapter: {batch: 4}\n", "name is missing");
}

static void test_yaml_hostile(void **state) {
  (void)state;
  record r;
  refuse("", "holds no options");
  refuse("# only a comment\n", "holds no options");
  refuse("just words\n", "name: value");
  refuse("- name\n", "name: value");
  refuse("name: n\nadapter:\n\tbatch: 3\n", "indent with spaces, not tabs");
  refuse("name: &a n\n", "an anchor");
  refuse("name: n\nsite: *a\n", "an alias");
  refuse("name: !!binary aGk=\n", "a tag");
  refuse("name: n\n---\nname: m\n", "a second document");
  refuse("name: \"a\\0b\"\n", "a 0 byte");
  refuse("name: \"unfinished\n", "not valid YAML");
  refuse("name: n\nadapter: {batch: 3\n", "not valid YAML");
  refuse("seed: 1\nname: \xff\xfe\n", ":2: not UTF-8 text");
  assert_int_equal(load_bytes(&r, "\x89PNG\0\0\1", 7), 2);
  assert_message("not a text file");
  option_release(&table, &r);
}

static void test_yaml_hostile_sizes(void **state) {
  (void)state;
  record r;
  size_t size = 1 << 20;
  char *text = memory_new(size + 2);
  memset(text, '[', size);
  assert_int_equal(load_bytes(&r, text, size), 2); /* a million open lists */
  option_release(&table, &r);
  memset(text, '{', size);
  memcpy(text, "site: ", 6);
  assert_int_equal(load_bytes(&r, text, size), 2);
  option_release(&table, &r);
  memset(text, 'x', size);
  memcpy(text, "name: ", 6);
  assert_int_equal(load_bytes(&r, text, size), 0); /* long, but a text */
  assert_int_equal(strlen(r.name), size - 6);
  option_release(&table, &r);
  assert_int_equal(load_bytes(&r, text, size + 1), 2);
  assert_message("has at most");
  option_release(&table, &r);
  free(text);
}

static void test_yaml_truncated_anywhere(void **state) {
  (void)state;
  const char *text = "name: n\nsite: [a, \"b\"]\nadapter: {batch: 20, flips: true}\n";
  for (size_t n = 0; n < strlen(text); n++) {
    record r;
    int status = load_bytes(&r, text, n);
    assert_true(status == 0 || (status == 2 && *fail_message()));
    option_release(&table, &r);
  }
}

static void test_missing_file(void **state) {
  (void)state;
  record r;
  option_defaults(&table, &r);
  assert_int_equal(option_load(&table, &r, "no/such.yaml"), 2);
  assert_message("no/such.yaml: cannot open");
  assert_int_equal(option_load(&table, &r, "/tmp"), 2);
  assert_message("is a folder");
  option_release(&table, &r);
}

static void test_set(void **state) {
  (void)state;
  record r;
  option_defaults(&table, &r);
  assert_int_equal(option_set(&table, &r, "adapter.learning-rate", "0.5", "--set"), 0);
  assert_true(r.rate == 0.5);
  assert_int_equal(option_set(&table, &r, "site", "x, y w ,z", "--set"), 0);
  assert_int_equal(r.site.n, 3);
  assert_string_equal(r.site.text[1], "y w");
  assert_string_equal(r.site.text[2], "z");
  assert_int_equal(option_set(&table, &r, "adapter.bach", "3", "--set"), 2);
  assert_message(
      "--set: 'adapter.bach' is no option of the study file; did you mean adapter.batch?");
  assert_int_equal(option_set(&table, &r, "semantic", "off", "--set"), 2);
  assert_message("did you mean adapter.semantic?");
  assert_int_equal(option_set(&table, &r, "adapter.batch", "", "--set"), 2);
  assert_int_equal(option_set(&table, &r, "adapter.semantic", "", "--set"), 2);
  assert_int_equal(option_set(&table, &r, "adapter.semantic", "paper|off", "--set"), 2);
  assert_int_equal(r.batch, 200); /* untouched by what was refused */
  option_release(&table, &r);
}

typedef struct words {
  int64_t count, room;
  bool json;
  char *out;
  xs_texts set;
} words;
static const option word_rows[] = {
    {NULL, "count", OPTION_INTEGER, offsetof(words, count), "3", false, -5, 9, NULL, NULL,
     "How many."},
    {NULL, "as_json", OPTION_FLAG, offsetof(words, json), "false", false, 0, 0, NULL, NULL,
     "JSON."},
    {NULL, "out", OPTION_TEXT, offsetof(words, out), NULL, false, 0, 0, NULL, "DIR", "Where."},
    {NULL, "room", OPTION_BYTES, offsetof(words, room), "2K", false, 0, 0, NULL, NULL, "Room."},
    {NULL, "set", OPTION_TEXTS, offsetof(words, set), "z", false, 0, 0, NULL, "KEY=VALUE",
     "Override."},
};
static const option_table word_table = {
    .what = "xsite try", .row = word_rows, .n = sizeof word_rows / sizeof *word_rows};

static int parse(words *w, int argc, const char **argv, const char **rest, int *n, bool *help) {
  option_defaults(&word_table, w);
  return option_parse(&word_table, w, argc, (char **)argv, rest, n, help);
}

static void test_bytes(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t bytes;
  } right[] = {{"0", 0}, {"17", 17}, {"64K", 64000}, {"400M", 400000000}, {"1.5G", 1500000000}};
  static const char *const wrong[] = {"", "M", "4T", "4MB", "-1M", "1e30G", "much"};
  words w;
  option_defaults(&word_table, &w);
  assert_int_equal(w.room, 2000);
  for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
    assert_int_equal(option_set(&word_table, &w, "room", right[i].text, "--set"), 0);
    assert_int_equal(w.room, right[i].bytes);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(option_set(&word_table, &w, "room", wrong[i], "--set"), 2);
    assert_int_equal(w.room, 1500000000);
  }
  option_release(&word_table, &w);
}

static void test_command_line(void **state) {
  (void)state;
  words w;
  const char *rest[16];
  int n;
  bool help;
  const char *argv[] = {"a",     "--count", "-2",        "--as-json", "--set", "k=v",
                        "--set", "m=1,2",   "--out=x=y", "-",         "--",    "--count"};
  assert_int_equal(parse(&w, 12, argv, rest, &n, &help), 0);
  assert_int_equal(w.count, -2);
  assert_true(w.json);
  assert_string_equal(w.out, "x=y");
  assert_int_equal(w.set.n, 2);
  assert_string_equal(w.set.text[1], "m=1,2");
  assert_int_equal(n, 3);
  assert_string_equal(rest[0], "a");
  assert_string_equal(rest[1], "-");
  assert_string_equal(rest[2], "--count");
  assert_false(help);
  option_release(&word_table, &w);
}

static void refuse_words(const char *a, const char *b, const char *part) {
  words w;
  const char *rest[2], *argv[] = {a, b};
  int n;
  bool help;
  assert_int_equal(parse(&w, b ? 2 : 1, argv, rest, &n, &help), 2);
  assert_message(part);
  option_release(&word_table, &w);
}

static void test_command_line_wrong(void **state) {
  (void)state;
  refuse_words("--cuont", "3", "--cuont is no option of xsite try; did you mean --count");
  refuse_words("--zzzzzzzzz", NULL, "see --help");
  refuse_words("--count", NULL, "--count needs a value: --count N");
  refuse_words("--count=10", NULL,
               "--count: '10' is not allowed here; it must be a whole number from -5");
  refuse_words("--no-count", NULL, "is no option");
  refuse_words("-x", NULL, "options start with --");
  refuse_words("--as-json=maybe", NULL, "true or false");
}

static void test_command_line_required(void **state) {
  (void)state;
  record r;
  const char *rest[2];
  char *argv[] = {"--name=n", "--adapter.batch=5"};
  int n;
  bool help;
  option_defaults(&table, &r);
  assert_int_equal(option_parse(&table, &r, 0, argv, rest, &n, &help), 2);
  assert_message("study file needs --name NAME: What the study is called.");
  assert_int_equal(option_parse(&table, &r, 2, argv, rest, &n, &help), 0);
  assert_int_equal(r.batch, 5);
  option_release(&table, &r);
}

static void test_flags_and_help(void **state) {
  (void)state;
  words w;
  const char *rest[4], *argv[] = {"--as-json", "--no-as-json", "-h"};
  int n;
  bool help;
  assert_int_equal(parse(&w, 3, argv, rest, &n, &help), 0);
  assert_true(help);
  assert_false(w.json);
  option_release(&word_table, &w);
  char *text = option_help(&word_table, true);
  assert_non_null(strstr(text, "--count N        How many. (a whole number from -5 to 9) [3]"));
  assert_non_null(strstr(text, "--as-json "));
  free(text);
  text = option_help(&table, false);
  assert_non_null(strstr(text, "adapter:\n  batch: N"));
  assert_non_null(strstr(text, "[required]"));
  free(text);
}

static void test_check(void **state) {
  (void)state;
  record r;
  option_defaults(&table, &r);
  assert_int_equal(option_check(&table, &r, "here"), 2);
  assert_message("here: name is missing: What the study is called.");
  r.name = text_copy("n");
  assert_int_equal(option_check(&table, &r, "here"), 0);
  r.batch = 5000;
  assert_int_equal(option_check(&table, &r, "here"), 2);
  assert_message("adapter.batch is 5000; it must be a whole number from 2 to 4096");
  option_release(&table, &r);
}

static void test_json(void **state) {
  (void)state;
  record r;
  option_defaults(&table, &r);
  json_t *j = option_json(&table, &r);
  char *text = json_dumps(j, JSON_COMPACT);
  assert_string_equal(text, "{\"name\":null,\"site\":[\"a\",\"b\"],\"adapter\":{\"batch\":200,"
                            "\"learning_rate\":0.0001,\"flips\":true,\"semantic\":\"paper\"},"
                            "\"baseline\":{\"batch\":128}}");
  free(text);
  json_decref(j);
  option_release(&table, &r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_yaml_values),
      cmocka_unit_test(test_yaml_one_text_is_a_list),
      cmocka_unit_test(test_yaml_wrong_keys),
      cmocka_unit_test(test_yaml_wrong_values),
      cmocka_unit_test(test_yaml_hostile),
      cmocka_unit_test(test_yaml_hostile_sizes),
      cmocka_unit_test(test_yaml_truncated_anywhere),
      cmocka_unit_test(test_missing_file),
      cmocka_unit_test(test_set),
      cmocka_unit_test(test_bytes),
      cmocka_unit_test(test_command_line),
      cmocka_unit_test(test_command_line_wrong),
      cmocka_unit_test(test_command_line_required),
      cmocka_unit_test(test_flags_and_help),
      cmocka_unit_test(test_check),
      cmocka_unit_test(test_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
