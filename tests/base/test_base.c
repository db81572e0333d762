/* Random numbers against published vectors; files; texts; messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include "buffer.h"
#include "clock.h"
#include "csv_writer.h"
#include "error.h"
#include "file.h"
#include "hash.h"
#include "memory.h"
#include "random.h"
#include "sort.h"
#include "text.h"
#include "unicode.h"

#include <math.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const folder = "test_base.tmp";

static void assert_message(const char *part) {
  if (!strstr(fail_message(), part)) print_error("'%s' lacks '%s'\n", fail_message(), part);
  assert_non_null(strstr(fail_message(), part));
}

/* ---- random numbers ---- */

/* The three vectors "philox4x32 10" of Random123's tests/kat_vectors. */
static void test_philox(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], right[4];
  } vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
       {UINT32_MAX, UINT32_MAX},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < 3; i++) {
    uint32_t words[4];
    random_philox(vectors[i].counter, vectors[i].key, words);
    assert_memory_equal(words, vectors[i].right, sizeof words);
  }
}

/* FNV-1a, 64 bits: the author's published test values. */
static void test_stream_names(void **state) {
  (void)state;
  assert_true(random_stream("") == 0xcbf29ce484222325u);
  assert_true(random_stream("a") == 0xaf63dc4c8601ec8cu);
  assert_true(random_stream("foobar") == 0x85944171f73967e8u);
}

static void test_random_is_a_function(void **state) {
  (void)state;
  uint32_t a[4], b[4];
  random_words(1, 2, 3, 4, a);
  for (int changed = 0; changed < 4; changed++) {
    random_words(1 + (changed == 0), 2 + (changed == 1), 3 + (changed == 2), 4 + (changed == 3), b);
    assert_memory_not_equal(a, b, sizeof a);
  }
  for (uint64_t i = 0; i < 4; i++) assert_int_equal(random_u32(1, 2, 3, 16 + i), a[i]);
}

/* Mean and variance of uniform numbers, within five standard errors. */
static void test_uniform(void **state) {
  (void)state;
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; i++) {
    double x = (double)random_uniform(7, 11, 0, (uint64_t)i);
    assert_true(x >= 0 && x < 1);
    sum += x;
    squares += (x - 0.5) * (x - 0.5);
  }
  assert_true(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
  assert_true(fabs(squares / n - 1.0 / 12) < 5 * sqrt(1.0 / 180 / n));
}

/* Many at once are the same numbers; the counter's upper half counts too. */
static void test_uniforms(void **state) {
  enum { MOST = 1000 };
  const int64_t length[] = {1, 4, 255, 256, 257, MOST};
  const uint64_t first[] = {0, 12, (4ull << 32) - 8};
  float x[MOST + 1];
  (void)state;
  for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
    for (size_t k = 0; k < sizeof length / sizeof *length; k++) {
      x[length[k]] = -1;
      random_uniforms(7, 11, 5, first[i], length[k], x);
      for (int64_t j = 0; j < length[k]; j++)
        assert_true(x[j] == random_uniform(7, 11, 5, first[i] + (uint64_t)j));
      assert_true(x[length[k]] == -1);
    }
  }
}

static void test_below(void **state) {
  (void)state;
  int count[7] = {0};
  for (uint64_t i = 0; i < 70000; i++) {
    uint64_t r = random_below(3, 5, 0, i, 7);
    assert_true(r < 7);
    count[r]++;
  }
  for (int i = 0; i < 7; i++) assert_true(abs(count[i] - 10000) < 5 * 93); /* sd 92.6 */
  assert_true(random_below(3, 5, 0, 0, 1) == 0);
}

static void test_permutation(void **state) {
  (void)state;
  enum { n = 1000 };
  int64_t p[n], q[n];
  bool seen[n] = {false};
  int same = 0;
  random_permutation(1, 2, 3, n, p);
  for (int i = 0; i < n; i++) {
    assert_true(p[i] >= 0 && p[i] < n && !seen[p[i]]);
    seen[p[i]] = true;
    same += p[i] == i;
  }
  assert_true(same < 10); /* one expected */
  random_permutation(1, 2, 3, n, q);
  assert_memory_equal(p, q, sizeof p);
  random_permutation(1, 2, 4, n, q);
  assert_memory_not_equal(p, q, sizeof p);
}

/* ---- files ---- */

static void test_write_and_read(void **state) {
  (void)state;
  char *data, *path = file_join(folder, "f");
  size_t size;
  char big[10000];
  for (size_t i = 0; i < sizeof big; i++) big[i] = (char)i;
  assert_int_equal(file_make_dirs(folder), 0);
  assert_int_equal(file_write_atomic(path, "", 0), 0);
  assert_int_equal(file_read(path, &data, &size), 0);
  assert_true(size == 0 && data[0] == 0);
  free(data);
  assert_int_equal(file_write_atomic(path, big, sizeof big), 0);
  assert_int_equal(file_read(path, &data, &size), 0);
  assert_int_equal(size, sizeof big);
  assert_memory_equal(data, big, sizeof big);
  assert_int_equal(data[size], 0);
  free(data);
  free(path);
}

/* A pipe has no size that could be asked for. */
static void test_read_pipe(void **state) {
  (void)state;
  char *data, *path = file_join(folder, "pipe");
  size_t size, total = 300000;
  assert_int_equal(mkfifo(path, 0600), 0);
  pid_t child = fork();
  if (child == 0) {
    FILE *f = fopen(path, "w");
    for (size_t i = 0; f && i < total; i++) fputc((int)(i % 251), f);
    _exit(f && fclose(f) == 0 ? 0 : 1);
  }
  assert_int_equal(file_read(path, &data, &size), 0);
  waitpid(child, NULL, 0);
  assert_int_equal(size, total);
  for (size_t i = 0; i < total; i++) assert_int_equal((unsigned char)data[i], i % 251);
  free(data);
  unlink(path);
  free(path);
}

static void test_file_failures(void **state) {
  (void)state;
  char *data;
  size_t size;
  assert_int_equal(file_read("no/such", &data, &size), 1);
  assert_message("no/such: cannot open: No such file");
  assert_null(data);
  assert_int_equal(file_read(folder, &data, &size), 1);
  assert_message("is a folder");
  assert_int_equal(file_write_atomic("no/such", "x", 1), 1);
  assert_message("no/such: cannot write");
  assert_int_equal(file_make_dirs("/dev/null/x"), 1);
  assert_message("cannot make the folder");
  char *dangling = text_format("%s/dangling", folder);
  assert_int_equal(symlink("no such", dangling), 0);
  assert_int_equal(file_make_dirs(dangling), 1);
  assert_message("dangling: File exists"); /* not why no folder was found there */
  assert_int_equal(unlink(dangling), 0);
  free(dangling);
}

static void write_forever(const char *path) {
  static char data[2][1 << 18];
  memset(data[0], 'a', sizeof data[0]);
  memset(data[1], 'b', sizeof data[1]);
  for (int i = 0;; i++) file_write_atomic(path, data[i % 2], sizeof data[0]);
}

/* A writer killed at any instant leaves one whole content. */
static void test_killed_writer(void **state) {
  (void)state;
  char *path = file_join(folder, "kept"), *data;
  size_t size;
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) write_forever(path);
    const struct timespec pause = {0, 7000000 + 777777 * i};
    while (!file_exists(path)) nanosleep(&pause, NULL);
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(file_read(path, &data, &size), 0);
    assert_int_equal(size, 1 << 18);
    for (size_t k = 1; k < size; k++) assert_int_equal(data[k], data[0]);
    free(data);
  }
  free(path);
}

/* A folder in the way: no half-written file stays. */
static void test_failed_write(void **state) {
  (void)state;
  char *path = file_join(folder, "in-the-way");
  char *temporary = text_format("%s.tmp%ld", path, (long)getpid());
  assert_int_equal(file_make_dirs(path), 0);
  assert_int_equal(file_write_atomic(path, "new", 3), 1);
  assert_true(file_is_dir(path));
  assert_false(file_exists(temporary));
  free(temporary);
  free(path);
}

static void test_dirs(void **state) {
  (void)state;
  char *deep = file_join(folder, "a/b//c/");
  assert_int_equal(file_make_dirs(deep), 0);
  assert_int_equal(file_make_dirs(deep), 0);
  assert_true(file_is_dir(deep) && file_exists(deep));
  assert_false(file_exists("no/such") || file_is_dir("no/such"));
  free(deep);
}

static void assert_text(char *found, const char *right) {
  assert_string_equal(found, right);
  free(found);
}

static void test_paths(void **state) {
  (void)state;
  assert_text(file_join("a", "b"), "a/b");
  assert_text(file_join("a/", "b"), "a/b");
  assert_text(file_join("a", "/b"), "/b");
  assert_text(file_join("", "b"), "b");
  assert_text(file_dir("a/b/c"), "a/b");
  assert_text(file_dir("c"), ".");
  assert_text(file_dir("/c"), "/");
}

/* ---- checksums ---- */

/* NIST's examples of FIPS 180-4 and the empty message; RFC 1321's test suite. */
static void test_hash_published(void **state) {
  (void)state;
  char hex[HASH_SHA256_TEXT], *million = memory_new(1000000);
  memset(million, 'a', 1000000);
  hash_sha256_text("abc", 3, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  hash_sha256_text("", 0, hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash_sha256_text(million, 1000000, hex);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  char *path = file_join(folder, "message");
  assert_int_equal(file_write_atomic(path, "message digest", 14), 0);
  assert_int_equal(hash_md5_file(path, hex), 0);
  assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
  free(path);
  free(million);
}

/* As on a machine in FIPS mode: an error, and allowed again afterwards. */
static void test_hash_forbidden(void **state) {
  (void)state;
  char hex[HASH_MD5_TEXT], *path = file_join(folder, "message");
  assert_int_equal(file_write_atomic(path, "message digest", 14), 0);
  assert_int_equal(hash_md5_allowed(), 0);
  assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
  assert_int_equal(hash_md5_allowed(), 1);
  assert_message("MD5 cannot be computed: this system's OpenSSL does not allow it");
  assert_int_equal(hash_md5_file(path, hex), 1);
  assert_message("message: MD5 cannot be computed");
  assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
  assert_int_equal(hash_md5_file(path, hex), 0);
  free(path);
}

static void test_hash_file(void **state) {
  (void)state;
  char hex[HASH_SHA256_TEXT], *path = file_join(folder, "million"), *million = memory_new(1000000);
  memset(million, 'a', 1000000);
  assert_int_equal(file_write_atomic(path, million, 1000000), 0);
  assert_int_equal(hash_sha256_file(path, hex), 0);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  assert_int_equal(hash_md5_file(path, hex), 0);
  assert_string_equal(hex, "7707d6ae4e027c70eea2a935c2296f21");
  assert_int_equal(hash_sha256_file("no/such", hex), 1);
  assert_message("no/such: cannot open");
  assert_int_equal(hash_md5_file(folder, hex), 1);
  assert_message("cannot read");
  free(million);
  free(path);
}

/* ---- texts and messages ---- */

static void test_nearest(void **state) {
  (void)state;
  const char *const words[] = {"batch", "learning_rate", "epochs"};
  char long_word[200];
  memset(long_word, 'a', sizeof long_word - 1);
  long_word[sizeof long_word - 1] = 0;
  assert_string_equal(text_nearest("bacth", words, 3), "batch");
  assert_string_equal(text_nearest("Learning-Rate", words, 3), "learning_rate");
  assert_string_equal(text_nearest("epoch", words, 3), "epochs");
  assert_null(text_nearest("seed", words, 3));
  assert_null(text_nearest("", words, 3));
  assert_null(text_nearest(long_word, words, 3));
  assert_null(text_nearest("batch", words, 0));
}

static void test_format(void **state) {
  (void)state;
  assert_text(text_format("%s-%d", "a", 3), "a-3");
  assert_text(text_format("%s", ""), "");
  char *wide = text_format("%5000d", 1);
  assert_int_equal(strlen(wide), 5000);
  free(wide);
}

static char *csv_cell(void put(csv_writer *c, const char *text), const char *text) {
  csv_writer c = {0};
  put(&c, text);
  return buffer_take(&c.text);
}

static void test_csv_cell(void **state) {
  (void)state;
  assert_text(csv_cell(csv_exact, "a b"), "a b");
  assert_text(csv_cell(csv_exact, ""), "");
  assert_text(csv_cell(csv_exact, "a,b"), "\"a,b\"");
  assert_text(csv_cell(csv_exact, "say \"hi\""), "\"say \"\"hi\"\"\"");
  assert_text(csv_cell(csv_exact, "two\nlines"), "\"two\nlines\"");
  assert_text(csv_cell(csv_exact, " a"), "\" a\""); /* readers drop blanks around plain cells */
  assert_text(csv_cell(csv_exact, "=1+1"), "=1+1");
  assert_text(csv_cell(csv_text, "=1+1"), "'=1+1");
  assert_text(csv_cell(csv_text, "=1,1"), "\"'=1,1\"");
  assert_text(csv_cell(csv_text, "-1.5"), "-1.5");
  assert_text(csv_cell(csv_text, "-"), "-");
}

static void test_csv_rows(void **state) {
  (void)state;
  csv_writer c = {0};
  csv_text(&c, NULL);
  csv_plain(&c, "%d", 2);
  csv_exact(&c, NULL);
  csv_end(&c, "\r\n");
  csv_text(&c, "b");
  csv_end(&c, "\n");
  assert_text(buffer_take(&c.text), ",2,\r\nb\n");
}

static void test_messages(void **state) {
  (void)state;
  assert_int_equal(fail(3, "%d dogs", 2), 3);
  assert_string_equal(fail_message(), "2 dogs");
  assert_int_equal(fail_context(1, "%s: ", "file"), 1);
  assert_string_equal(fail_message(), "file: 2 dogs");
  for (int i = 0; i < 1000; i++) fail_context(1, "%s: ", "a long context that fills the buffer");
  assert_true(strlen(fail_message()) < 10000);
}

static void test_numbers(void **state) {
  (void)state;
  static const char *const pair[][2] = {
      {"61", "61"},   {"00000061", "61"}, {"61.0", "61"}, {"61.", "61"},   {"+61", "61"},
      {"-0", "0"},    {".50", "0.5"},     {"0", "0"},     {"000", "0"},    {"-01.250", "-1.25"},
      {"1e3", NULL},  {"", NULL},         {".", NULL},    {"-", NULL},     {"6 1", NULL},
      {"0x10", NULL}, {"nan", NULL},      {"61a", NULL},  {"1.0.0", NULL}, {"1,5", NULL}};
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    char *plain = text_plain_number(pair[i][0]);
    if (pair[i][1]) {
      assert_non_null(plain);
      assert_string_equal(plain, pair[i][1]);
    } else {
      assert_null(plain);
    }
    free(plain);
  }
  assert_true(text_same_number("1", "1.0"));
  assert_false(text_same_number("1", "0"));
  assert_false(text_same_number("a", "a"));
}

/* Composed by Python's unicodedata: u and diaeresis, Vietnamese, Hangul, a sign that is excluded
 * from composition, what no pair has, and bytes that are not UTF-8. */
static void test_unicode(void **state) {
  (void)state;
  static const char *const pair[][2] = {{"mu\xcc\x88ller_1.png", "m\xc3\xbcller_1.png"},
                                        {"m\xc3\xbcller", "m\xc3\xbcller"},
                                        {"Vie\xcc\xa3\xcc\x82t", "Vi\xe1\xbb\x87t"},
                                        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"},
                                        {"\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c"},
                                        {"\xe0\xa4\x95\xe0\xa4\xbc", "\xe0\xa4\x95\xe0\xa4\xbc"},
                                        {"x\xcc\xb1y", "x\xcc\xb1y"},
                                        {"\xf0\x9f\x98\x80\xcc\x88", "\xf0\x9f\x98\x80\xcc\x88"},
                                        {"a\xff\xcc\x88", "a\xff\xcc\x88"},
                                        {"u\xcc", "u\xcc"},
                                        {"", ""}};
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    char *text = text_copy(pair[i][0]);
    unicode_compose(text);
    assert_string_equal(text, pair[i][1]);
    free(text);
  }
}

/* ---- a text that grows ---- */

static void test_buffer(void **state) {
  (void)state;
  buffer b = {0};
  buffer_between(&b, ", ");
  buffer_text(&b, "a");
  buffer_between(&b, ", ");
  buffer_add(&b, "%d%%", 7);
  assert_string_equal(b.text, "a, 7%");
  buffer_put(&b, "\0z", 2);
  assert_int_equal(b.size, 7);
  assert_memory_equal(b.text, "a, 7%\0z", 8);
  buffer_free(&b);
  assert_null(b.text);
  char *text = buffer_take(&b); /* of nothing */
  assert_string_equal(text, "");
  free(text);
}

/* Through every size at which it may have to move. */
static void test_buffer_grows(void **state) {
  (void)state;
  buffer b = {0};
  for (int i = 0; i < 2000; i++) {
    buffer_add(&b, "%s", i % 2 ? "b" : "");
    if (i % 2 == 0) buffer_put(&b, "a", 1);
    assert_int_equal(b.size, i + 1);
    assert_int_equal(b.text[b.size], 0);
  }
  char *text = buffer_take(&b);
  for (int i = 0; i < 2000; i++) assert_int_equal(text[i], i % 2 ? 'b' : 'a');
  assert_null(b.text);
  free(text);
}

/* ---- order and time ---- */

static void test_sort(void **state) {
  (void)state;
  double x[] = {2, -INFINITY, 0.5, 2, -1};
  const double x_sorted[] = {-INFINITY, -1, 0.5, 2, 2};
  int64_t k[] = {INT64_MAX, -1, INT64_MIN, 0};
  const int64_t k_sorted[] = {INT64_MIN, -1, 0, INT64_MAX};
  uint64_t u[] = {UINT64_MAX, 1, 0, (uint64_t)1 << 63}, wanted = (uint64_t)1 << 63;
  const char *s[] = {"b", "", "\xc3\xa4", "a", "B"};
  const char *const s_sorted[] = {"", "B", "a", "b", "\xc3\xa4"};
  sort_doubles(x, 5);
  sort_integers(k, 4);
  sort_keys(u, 4);
  sort_texts(s, 5);
  assert_memory_equal(x, x_sorted, sizeof x);
  assert_memory_equal(k, k_sorted, sizeof k);
  for (int i = 0; i < 5; i++) assert_string_equal(s[i], s_sorted[i]);
  for (int i = 1; i < 4; i++) assert_true(u[i - 1] < u[i]);
  assert_ptr_equal(bsearch(&wanted, u, 4, sizeof *u, sort_compare_keys), &u[2]);
  sort_doubles(NULL, 0);
}

static void test_median(void **state) {
  (void)state;
  double odd[] = {3, 1, 2}, even[] = {8, 1, 2, 5};
  assert_float_equal(sort_median(odd, 3), 2, 0);
  assert_float_equal(sort_median(even, 4), 3.5, 0);
  assert_float_equal(even[3], 8, 0); /* sorted */
  assert_true(isnan(sort_median(NULL, 0)));
}

static void test_clock(void **state) {
  (void)state;
  char text[CLOCK_TEXT];
  int length = 0;
  const double before = clock_seconds();
  assert_true(clock_seconds() >= before);
  clock_date(text);
  sscanf(text, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2dZ%n", &length);
  assert_int_equal(length, 20);
  assert_int_equal(text[20], 0);
}

static int remove_files(void **state) {
  (void)state;
  return system("rm -rf test_base.tmp") == 0 ? 0 : 1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_philox),
      cmocka_unit_test(test_stream_names),
      cmocka_unit_test(test_random_is_a_function),
      cmocka_unit_test(test_uniform),
      cmocka_unit_test(test_uniforms),
      cmocka_unit_test(test_below),
      cmocka_unit_test(test_permutation),
      cmocka_unit_test(test_write_and_read),
      cmocka_unit_test(test_read_pipe),
      cmocka_unit_test(test_file_failures),
      cmocka_unit_test(test_killed_writer),
      cmocka_unit_test(test_failed_write),
      cmocka_unit_test(test_dirs),
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_hash_published),
      cmocka_unit_test(test_hash_forbidden),
      cmocka_unit_test(test_hash_file),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_format),
      cmocka_unit_test(test_csv_cell),
      cmocka_unit_test(test_csv_rows),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_unicode),
      cmocka_unit_test(test_buffer),
      cmocka_unit_test(test_buffer_grows),
      cmocka_unit_test(test_sort),
      cmocka_unit_test(test_median),
      cmocka_unit_test(test_clock),
  };
  return cmocka_run_group_tests(tests, remove_files, remove_files);
}
