#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <time.h>

#include "batch.h"
#include "data_files.h"

enum { N = 23 };

static void count_rows(int64_t rows[N]) {
  for (int64_t i = 0; i < N; i++) rows[i] = 2 * i + 1;
}

static sampler *make(sampler_mode mode, int64_t size, uint64_t seed, const char *stream) {
  int64_t rows[N];
  count_rows(rows);
  sampler_options o = {
      .seed = seed, .stream = stream, .mode = mode, .batch = size, .rows = rows, .n = N};
  sampler *s;
  assert_int_equal(sampler_new(&o, &s), 0);
  return s;
}

static void test_epochs(void **state) {
  (void)state;
  sampler *s = make(SAMPLER_EPOCHS, 5, 1, "a");
  assert_int_equal(sampler_epoch_steps(s), 4);
  int64_t first[5], rows[5];
  sampler_rows(s, 0, first);
  int repeats = 0;
  for (int64_t epoch = 0; epoch < 10; epoch++) {
    int seen[2 * N] = {0};
    for (int64_t step = 0; step < 4; step++) {
      sampler_rows(s, 4 * epoch + step, rows);
      for (int i = 0; i < 5; i++) assert_int_equal(seen[rows[i]]++, 0);
      if (!step && epoch) repeats += !memcmp(first, rows, sizeof rows);
    }
    for (int i = 0; i < 2 * N; i += 2) assert_int_equal(seen[i], 0);
  }
  assert_int_equal(repeats, 0);
  sampler_free(s);
}

/* A step's rows depend on seed, stream and step alone, not on the steps before. */
static void test_pure(void **state) {
  (void)state;
  for (int mode = SAMPLER_EPOCHS; mode <= SAMPLER_RANDOM; mode++) {
    sampler *a = make((sampler_mode)mode, 5, 1, "a"), *b = make((sampler_mode)mode, 5, 1, "a");
    sampler *seed = make((sampler_mode)mode, 5, 2, "a"),
            *stream = make((sampler_mode)mode, 5, 1, "b");
    int64_t x[5], y[5];
    int same_seed = 0, same_stream = 0;
    for (int64_t step = 20; step >= 0; step--) {
      sampler_rows(a, step, x);
      sampler_rows(b, (step * 8) % 21, y);
      sampler_rows(b, step, y);
      assert_memory_equal(x, y, sizeof x);
      sampler_rows(seed, step, y);
      same_seed += !memcmp(x, y, sizeof x);
      sampler_rows(stream, step, y);
      same_stream += !memcmp(x, y, sizeof x);
    }
    assert_int_equal(same_seed, 0);
    assert_int_equal(same_stream, 0);
    sampler_free(a);
    sampler_free(b);
    sampler_free(seed);
    sampler_free(stream);
  }
}

/* Chi-squared of 4,600 draws of 23 rows: 22 degrees of freedom, 48.3 is exceeded once in 1,000. */
static void test_random(void **state) {
  (void)state;
  sampler *s = make(SAMPLER_RANDOM, 46, 3, "r");
  int count[2 * N] = {0};
  int64_t rows[46];
  for (int64_t step = 0; step < 100; step++) {
    sampler_rows(s, step, rows);
    for (int i = 0; i < 46; i++) count[rows[i]]++;
  }
  double chi = 0;
  for (int i = 1; i < 2 * N; i += 2) chi += (count[i] - 200.0) * (count[i] - 200.0) / 200.0;
  assert_true(chi < 48.3);
  sampler_free(s);
}

static void test_balanced(void **state) {
  (void)state;
  int64_t rows[N], out[6];
  int32_t label[2 * N];
  count_rows(rows);
  for (int i = 0; i < 2 * N; i++) label[i] = i < 8 ? 2 : i < 40 ? 0 : -1; /* class 1 is absent */
  for (int mode = SAMPLER_EPOCHS; mode <= SAMPLER_RANDOM; mode++) {
    sampler_options o = {.seed = 1,
                         .stream = "b",
                         .mode = (sampler_mode)mode,
                         .batch = 6,
                         .rows = rows,
                         .n = N,
                         .balanced = true,
                         .label = label,
                         .classes = 3};
    sampler *s;
    assert_int_equal(sampler_new(&o, &s), 0);
    int count[2 * N] = {0};
    for (int64_t step = 0; step < 16; step++) {
      int of[3] = {0};
      sampler_rows(s, step, out);
      for (int i = 0; i < 6; i++) {
        of[label[out[i]]]++;
        count[out[i]]++;
      }
      assert_int_equal(of[0], 3);
      assert_int_equal(of[2], 3);
    }
    /* 48 draws of 4 images and of 16: in epochs, 12 and 3 of each. */
    for (int i = 1; mode == SAMPLER_EPOCHS && i < 40; i += 2)
      assert_int_equal(count[i], i < 8 ? 12 : 3);
    sampler_free(s);
  }
}

static void test_too_few(void **state) {
  (void)state;
  int64_t rows[N];
  int32_t label[2 * N];
  count_rows(rows);
  memset(label, -1, sizeof label);
  sampler_options o = {.stream = "few", .mode = SAMPLER_EPOCHS, .batch = 24, .rows = rows, .n = N};
  sampler *s;
  assert_int_not_equal(sampler_new(&o, &s), 0);
  assert_null(s);
  assert_says("few: 23 images, fewer than a batch of 24; take a batch of at most 23");
  o.batch = 5;
  o.balanced = true;
  o.label = label;
  o.classes = 2;
  assert_int_not_equal(sampler_new(&o, &s), 0);
  assert_says("no labelled images");
}

/* Images of 1 x 2 pixels: 2 i and 2 i + 1. */
typedef struct fixture {
  xs_images images;
  uint8_t pixels[2 * N];
  int32_t label[N];
  int64_t rows[N];
  loader_options o;
} fixture;

static void set_up(fixture *f) {
  for (int i = 0; i < 2 * N; i++) f->pixels[i] = (uint8_t)i;
  for (int i = 0; i < N; i++) {
    f->label[i] = i % 3;
    f->rows[i] = i;
  }
  f->images = (xs_images){.n = N,
                          .height = 1,
                          .width = 2,
                          .channels = 1,
                          .bytes = 1,
                          .max_value = 255,
                          .pixels = f->pixels};
  f->o = (loader_options){
      .sampler =
          {.seed = 5, .stream = "l", .mode = SAMPLER_EPOCHS, .batch = 4, .rows = f->rows, .n = N},
      .images = &f->images,
      .label = f->label,
      .size = 2,
      .channels = 1,
      .norm = {{0, 0, 0}, {1 / 255.0, 1, 1}}};
}

static void test_loader(void **state) {
  (void)state;
  fixture f;
  set_up(&f);
  loader *l;
  sampler *s;
  assert_int_equal(sampler_new(&f.o.sampler, &s), 0);
  assert_int_equal(loader_new(&f.o, 3, &l), 0);
  assert_int_equal(loader_epoch_steps(l), 5);
  for (int64_t step = 3; step < 40; step++) {
    const batch *b = loader_next(l);
    int64_t rows[4];
    sampler_rows(s, step, rows);
    assert_int_equal(b->step, step);
    assert_memory_equal(b->rows, rows, sizeof rows);
    for (int i = 0; i < 4; i++) {
      assert_float_equal(b->label[i], f.label[rows[i]], 0);
      for (int k = 0; k < 4; k++) assert_int_equal(lrintf(b->x[4 * i + k]), 2 * rows[i] + k % 2);
    }
  }
  assert_true(loader_waited(l) >= 0);
  loader_free(l);
  sampler_free(s);
}

static void test_flips(void **state) {
  (void)state;
  fixture f;
  set_up(&f);
  f.o.view[0].flip = true;
  f.o.label = NULL;
  loader *a, *b;
  assert_int_equal(loader_new(&f.o, 0, &a), 0);
  assert_int_equal(loader_new(&f.o, 50, &b), 0);
  int flipped = 0;
  for (int64_t step = 0; step < 100; step++) {
    const batch *x = loader_next(a);
    assert_null(x->label);
    for (int i = 0; i < 4; i++) {
      const long left = lrintf(x->x[4 * i]), right = lrintf(x->x[4 * i + 1]), row = x->rows[i];
      assert_true((left == 2 * row && right == 2 * row + 1) ||
                  (left == 2 * row + 1 && right == 2 * row));
      flipped += left > right;
    }
    if (step >= 50) assert_memory_equal(x->x, loader_next(b)->x, sizeof(float[16]));
  }
  assert_in_range(flipped, 160, 240); /* of 400: 4 standard deviations */
  loader_free(a);
  loader_free(b);
}

/* A loader can be freed at any moment: at once, while it works, when its ring is full. */
static void test_freed(void **state) {
  (void)state;
  fixture f;
  set_up(&f);
  for (int i = 0; i < 300; i++) {
    loader *l;
    assert_int_equal(loader_new(&f.o, i, &l), 0);
    for (int k = 0; k < i % 7; k++) assert_non_null(loader_next(l));
    if (i % 10 == 0) nanosleep(&(struct timespec){0, 1000000}, NULL);
    loader_free(l);
  }
  loader_free(NULL);
  f.o.sampler.batch = 100;
  loader *l;
  assert_int_not_equal(loader_new(&f.o, 0, &l), 0);
  assert_null(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_epochs),  cmocka_unit_test(test_pure),
      cmocka_unit_test(test_random),  cmocka_unit_test(test_balanced),
      cmocka_unit_test(test_too_few), cmocka_unit_test(test_loader),
      cmocka_unit_test(test_flips),   cmocka_unit_test(test_freed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
