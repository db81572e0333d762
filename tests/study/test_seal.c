/* Who may see which labels, and whether a changed log is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "label_seal.h"
#include "memory.h"
#include "seal_log.h"
#include "text.h"

static const char *const optdigits = REPOSITORY "/examples/optdigits.yaml";

typedef struct fixture {
  char dir[32];
  char *log;
  seal *seal;
} fixture;

/* change: made to the site, or NULL. */
static fixture open_fixture(void (*change)(xs_site *s)) {
  fixture f = {.dir = "/tmp/seal-XXXXXX"};
  const xs_site_options o = {.limit = 400};
  xs_site *site;
  assert_non_null(mkdtemp(f.dir));
  assert_int_equal(xs_site_open(optdigits, &o, &site), XS_OK);
  if (change) change(site);
  f.log = file_join(f.dir, SEAL_LOG);
  f.seal = seal_new(f.dir, (split_rule){.seed = 1});
  seal_add(f.seal, site);
  return f;
}

static void close_fixture(fixture *f) {
  seal_free(f->seal);
  unlink(f->log);
  rmdir(f->dir);
  free(f->log);
}

static xs_status ask(const fixture *f, seal_role role, const char *target, xs_split split,
                     train_set *set) {
  const seal_request q = {
      .node = "adapted-x", .target = target, .role = role, .site = 0, .split = split};
  return seal_labels(f->seal, &q, set);
}

static int count_lines(const fixture *f) {
  json_t *lines = NULL;
  xs_status status = seal_log_read(f->log, &lines);
  int n = status ? -(int)status : (int)json_array_size(lines);
  json_decref(lines);
  return n;
}

static void labels_of_the_target_and_of_tests_are_refused(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  train_set set;
  assert_int_equal(ask(&f, SEAL_SOURCE, "optdigits", XS_TRAIN, &set), XS_FAILED);
  assert_non_null(strstr(xs_message(), "adapts to this site"));
  assert_int_equal(ask(&f, SEAL_SOURCE, NULL, XS_TEST, &set), XS_FAILED);
  assert_int_equal(ask(&f, SEAL_SOURCE, NULL, XS_ALL, &set), XS_FAILED);
  assert_int_equal(ask(&f, SEAL_EVALUATION, NULL, XS_TRAIN, &set), XS_FAILED);
  assert_false(file_exists(f.log));
  close_fixture(&f);
}

static void only_the_split_is_opened(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  train_set set;
  assert_int_equal(ask(&f, SEAL_SOURCE, "mnist", XS_VALIDATION, &set), XS_OK);
  assert_true(set.n > 10);
  int64_t seen = 0;
  for (int64_t i = 0; i < set.images->n; i++) seen += set.label[i] >= 0;
  assert_int_equal(seen, set.n);
  train_set_release(&set);
  close_fixture(&f);
}

/* How many images have labels is no secret. */
static void labels_are_counted(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  train_set set;
  int64_t training = seal_count(f.seal, 0, XS_TRAIN);
  assert_false(file_exists(f.log));
  assert_int_equal(ask(&f, SEAL_SOURCE, "mnist", XS_TRAIN, &set), XS_OK);
  assert_int_equal(training, set.n);
  train_set_release(&set);
  close_fixture(&f);
}

/* Of the site's images every other one has the sex F. */
static void add_sex(xs_site *s) {
  s->attribute = memory_new(sizeof *s->attribute);
  s->attributes = 1;
  xs_attribute *a = s->attribute;
  *a = (xs_attribute){.name = "sex",
                      .levels = 1,
                      .level = memory_new(sizeof *a->level),
                      .value = memory_new((size_t)s->images.n * sizeof *a->value)};
  a->level[0] = text_copy("F");
  for (int64_t i = 0; i < s->images.n; i++) a->value[i] = i % 2 ? -1 : 0;
}

static void attributes_are_for_measuring(void **state) {
  (void)state;
  fixture f = open_fixture(add_sex);
  const seal_request measure = {.node = "results", .role = SEAL_EVALUATION, .split = XS_TEST};
  seal_request train = {.node = "adapted-x", .role = SEAL_SOURCE, .split = XS_TRAIN};
  train_set set;
  xs_attribute *attribute;
  int n;
  assert_int_equal(seal_labels(f.seal, &measure, &set), XS_OK);
  assert_int_equal(seal_attributes(f.seal, &train, &set, &attribute, &n), XS_FAILED);
  assert_non_null(strstr(xs_message(), "adapted-x asks for attributes of optdigits"));
  train.split = XS_TEST;
  assert_int_equal(seal_attributes(f.seal, &train, &set, &attribute, &n), XS_FAILED);
  assert_int_equal(count_lines(&f), 1);
  assert_int_equal(seal_attributes(f.seal, &measure, &set, &attribute, &n), XS_OK);
  assert_int_equal(count_lines(&f), 2);
  assert_int_equal(n, 1);
  for (int64_t i = 0; i < set.n; i++) {
    assert_int_equal(attribute->value[i], set.rows[i] % 2 ? -1 : 0);
  }
  seal_attributes_release(attribute, n);
  train_set_release(&set);
  close_fixture(&f);
}

static void none_are_recorded_where_there_are_none(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  const seal_request q = {.node = "results", .role = SEAL_EVALUATION, .split = XS_TEST};
  train_set set;
  xs_attribute *attribute;
  int n;
  assert_int_equal(seal_labels(f.seal, &q, &set), XS_OK);
  assert_int_equal(seal_attributes(f.seal, &q, &set, &attribute, &n), XS_OK);
  assert_int_equal(n, 0);
  assert_int_equal(count_lines(&f), 1);
  train_set_release(&set);
  close_fixture(&f);
}

/* A log that says that training had them is a fault, however well chained. */
static void attributes_opened_to_train_are_a_fault(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  char *report;
  json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "node", "adapted-x", "opens", "b",
                           "split", "train", "role", "source", "attributes", "sex", "00");
  assert_int_equal(seal_log_add(f.log, line), XS_OK);
  assert_int_equal(seal_verify(f.dir, &report), XS_FAILED);
  assert_non_null(strstr(report, "line 1: adapted-x opened attributes of b to train"));
  free(report);
  json_decref(line);
  close_fixture(&f);
}

static void write_three(const fixture *f) {
  json_t *record = json_pack("{s:{s:s}}", "files", "model.safetensors", "00");
  train_set set;
  assert_int_equal(ask(f, SEAL_SOURCE, "mnist", XS_TRAIN, &set), XS_OK);
  train_set_release(&set);
  assert_int_equal(seal_made(f->seal, "adapted-x", json_array(), record, NULL), XS_OK);
  assert_int_equal(ask(f, SEAL_EVALUATION, NULL, XS_TEST, &set), XS_OK);
  train_set_release(&set);
  json_decref(record);
}

/* Replaces the first `from` of the log by `to` of the same length. */
static void edit(const fixture *f, const char *from, const char *to) {
  char *text;
  size_t size;
  assert_int_equal(file_read(f->log, &text, &size), 0);
  char *at = strstr(text, from);
  assert_non_null(at);
  memcpy(at, to, strlen(to));
  assert_int_equal(file_write_atomic(f->log, text, size), 0);
  free(text);
}

static void a_changed_line_breaks_the_chain(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  write_three(&f);
  assert_int_equal(count_lines(&f), 3);
  edit(&f, "\"split\":\"train\"", "\"split\":\"tests\"");
  assert_int_equal(count_lines(&f), -XS_FAILED);
  assert_non_null(strstr(xs_message(), ":1: the chain is broken"));
  edit(&f, "\"split\":\"tests\"", "\"split\":\"train\"");
  assert_int_equal(count_lines(&f), 3);
  edit(&f, "\"n\":2", "\"n\":4");
  assert_int_equal(count_lines(&f), -XS_FAILED);
  close_fixture(&f);
}

/* Without waiting for the disk. */
static void put(const fixture *f, const char *text, size_t size) {
  FILE *file = fopen(f->log, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

/* No byte of a line can be another, not even one that a reader of JSON or of texts does not see. */
static void a_changed_byte_breaks_the_chain(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  char *text;
  size_t size;
  write_three(&f);
  assert_int_equal(file_read(f.log, &text, &size), 0);
  for (size_t i = 0; i < size; i++) {
    const char kept = text[i];
    text[i] = (char)(i % 2 ? 0 : text[i] ^ 1 << i % 7);
    put(&f, text, size);
    /* without its end the last line is one that was cut off */
    assert_int_equal(count_lines(&f), i == size - 1 ? 2 : -XS_FAILED);
    text[i] = kept;
  }
  free(text);
  close_fixture(&f);
}

/* A crash may cut off the last line; the next one is written in its place. */
static void a_torn_line_is_dropped(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  char *text;
  size_t size;
  write_three(&f);
  assert_int_equal(file_read(f.log, &text, &size), 0);
  assert_int_equal(file_write_atomic(f.log, text, size - 20), 0);
  free(text);
  json_t *record = json_pack("{s:{}}", "files");
  assert_int_equal(seal_made(f.seal, "adapted-y", json_array(), record, NULL), XS_OK);
  json_decref(record);
  assert_int_equal(count_lines(&f), 3);
  close_fixture(&f);
}

/* What was made after test labels were opened may have been made with them. */
static void work_after_the_evaluation_is_a_fault(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  char *report;
  write_three(&f);
  json_t *record = json_pack("{s:{s:s}}", "files", "model.safetensors", "11");
  assert_int_equal(seal_made(f.seal, "adapted-x", json_array(), record, NULL), XS_OK);
  assert_int_equal(seal_verify(f.dir, &report), XS_FAILED);
  assert_non_null(strstr(report, "line 4: adapted-x was made after test labels were opened"));
  free(report);
  json_decref(record);
  close_fixture(&f);
}

static void make(const fixture *f, const char *node, const char *site) {
  json_t *record = json_pack("{s:{}}", "files");
  assert_int_equal(seal_made(f->seal, node, json_pack("[s]", site), record, NULL), XS_OK);
  json_decref(record);
}

/* As the results do for the tables of data sets, also of a site without labels. */
static void open_attributes_of(const fixture *f, const char *site) {
  json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "node", "results", "opens", site,
                           "split", "all", "role", "evaluation", "attributes", "sex", "00");
  assert_int_equal(seal_log_add(f->log, line), XS_OK);
  json_decref(line);
}

/* In a study that was changed it is told, but of sites whose test labels nobody had seen. */
static void work_after_a_change_is_named(void **state) {
  (void)state;
  fixture f = open_fixture(NULL);
  char *report;
  json_t *late;
  train_set set;
  assert_int_equal(seal_extended(f.dir, "portfolio"), XS_OK);
  assert_false(file_exists(f.log));
  make(&f, "adapted-x", "optdigits");
  assert_int_equal(ask(&f, SEAL_EVALUATION, NULL, XS_TEST, &set), XS_OK);
  train_set_release(&set);
  assert_int_equal(seal_extended(f.dir, "portfolio"), XS_OK);
  open_attributes_of(&f, "unseen");
  make(&f, "adapted-z", "unseen");
  assert_int_equal(seal_verify(f.dir, &report), XS_OK);
  assert_null(strstr(report, "LATE"));
  assert_non_null(strstr(report, "only after all that is measured there was made"));
  free(report);
  make(&f, "adapted-y", "optdigits");
  assert_int_equal(seal_verify(f.dir, &report), XS_OK);
  assert_non_null(strstr(report, "LATE   line 6: adapted-y was made after test labels of optdigits "
                                 "were opened in line 2"));
  assert_non_null(strstr(report, "1 node was made after test labels were opened"));
  free(report);
  assert_int_equal(seal_late(f.dir, &late), XS_OK);
  assert_int_equal(json_object_size(late), 1);
  assert_string_equal(json_string_value(json_object_get(late, "adapted-y")), "optdigits");
  json_decref(late);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_of_the_target_and_of_tests_are_refused),
      cmocka_unit_test(only_the_split_is_opened),
      cmocka_unit_test(labels_are_counted),
      cmocka_unit_test(attributes_are_for_measuring),
      cmocka_unit_test(none_are_recorded_where_there_are_none),
      cmocka_unit_test(attributes_opened_to_train_are_a_fault),
      cmocka_unit_test(a_changed_line_breaks_the_chain),
      cmocka_unit_test(a_changed_byte_breaks_the_chain),
      cmocka_unit_test(a_torn_line_is_dropped),
      cmocka_unit_test(work_after_the_evaluation_is_a_fault),
      cmocka_unit_test(work_after_a_change_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
