/* One bit changed at random in a model or a checkpoint: the model is refused, and the training
 * begins anew and ends with the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "small_training.h"

enum { FLIPS = 100 };

typedef struct content {
  char *data;
  size_t size;
} content;

static content content_of(const char *path) {
  content c;
  assert_int_equal(file_read(path, &c.data, &c.size), 0);
  return c;
}

static void put(const char *path, const char *data, size_t size) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

/* The file as it was but for flip number i: half of them in the header, where most of the meaning
 * is. */
static void put_flipped(const char *path, const content *whole, uint64_t i) {
  uint32_t w[4];
  uint64_t header;
  random_words(1, random_stream("flips"), i, 0, w);
  memcpy(&header, whole->data, sizeof header);
  const uint64_t bytes = i % 2 ? 8 + header : whole->size;
  const uint64_t bit = ((uint64_t)w[0] << 32 | w[1]) % (8 * bytes);
  whole->data[bit / 8] ^= (char)(1 << bit % 8);
  put(path, whole->data, whole->size);
  whole->data[bit / 8] ^= (char)(1 << bit % 8);
}

static void assert_same(const char *path, const content *wanted) {
  content c = content_of(path);
  assert_int_equal(c.size, wanted->size);
  assert_memory_equal(c.data, wanted->data, c.size);
  free(c.data);
}

static void flipped_models_are_refused(void **state) {
  (void)state;
  small_training *r = small_training_new();
  assert_int_equal(small_training_run(r, 100), XS_OK);
  content whole = content_of(r->model);
  for (uint64_t i = 0; i < FLIPS; i++) {
    xs_classifier *c;
    put_flipped(r->model, &whole, i);
    assert_int_equal(xs_classifier_load(r->model, &c), XS_FAILED);
    assert_null(c);
    assert_non_null(strstr(fail_message(), r->model));
    assert_non_null(strstr(fail_message(), "copy it again from where it came, or make it again"));
  }
  put(r->model, whole.data, whole.size);
  xs_classifier *c;
  assert_int_equal(xs_classifier_load(r->model, &c), XS_OK);
  xs_classifier_free(c);
  free(whole.data);
  assert_int_equal(small_training_end(r), 0);
}

static void flipped_checkpoints_begin_anew(void **state) {
  (void)state;
  small_training *r = small_training_new();
  tg_set_threads(1);
  assert_int_equal(small_training_run(r, 100), XS_OK);
  content model = content_of(r->model);
  assert_int_equal(small_training_run(r, 4), XS_FAILED);
  content whole = content_of(r->checkpoint);
  assert_int_equal(small_training_run(r, 100), XS_OK);
  assert_non_null(strstr(r->said, "continues after step 5"));
  assert_same(r->model, &model);
  for (uint64_t i = 0; i < FLIPS; i++) {
    put_flipped(r->checkpoint, &whole, i);
    assert_int_equal(small_training_run(r, 100), XS_OK);
    assert_non_null(strstr(r->said, "begins anew: "));
    assert_non_null(strstr(r->said, r->checkpoint));
    assert_same(r->model, &model);
  }
  tg_set_threads(0);
  free(whole.data);
  free(model.data);
  assert_int_equal(small_training_end(r), 0);
}

/* What cannot be read may be whole: it is not written over. */
static void unreadable_checkpoints_are_refused(void **state) {
  (void)state;
  small_training *r = small_training_new();
  assert_int_equal(small_training_run(r, 4), XS_FAILED);
  content whole = content_of(r->checkpoint);
  assert_int_equal(unlink(r->checkpoint), 0);
  assert_int_equal(mkdir(r->checkpoint, 0700), 0);
  assert_int_equal(small_training_run(r, 100), XS_FAILED);
  assert_non_null(strstr(fail_message(), "checkpoint.safetensors: is a folder"));
  assert_int_equal(rmdir(r->checkpoint), 0);
  free(whole.data);
  assert_int_equal(small_training_end(r), 0);
}

/* As an older xsite wrote them. */
static void models_without_a_hash_are_read(void **state) {
  (void)state;
  static const char place[] = "\"xsite.sha256\":\"sha256:";
  small_training *r = small_training_new();
  assert_int_equal(small_training_run(r, 100), XS_OK);
  content whole = content_of(r->model);
  char *at = whole.data + 8 + strlen("{\"__metadata__\":{");
  assert_memory_equal(at, place, sizeof place - 1);
  const size_t taken = sizeof place - 1 + 64 + 2; /* with the quote and the comma behind it */
  memmove(at, at + taken, whole.size - (size_t)(at + taken - whole.data));
  uint64_t header;
  memcpy(&header, whole.data, sizeof header);
  header -= taken;
  memcpy(whole.data, &header, sizeof header);
  put(r->model, whole.data, whole.size - taken);
  xs_classifier *c;
  assert_int_equal(xs_classifier_load(r->model, &c), XS_OK);
  xs_classifier_free(c);
  free(whole.data);
  assert_int_equal(small_training_end(r), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flipped_models_are_refused),
      cmocka_unit_test(flipped_checkpoints_begin_anew),
      cmocka_unit_test(unreadable_checkpoints_are_refused),
      cmocka_unit_test(models_without_a_hash_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
