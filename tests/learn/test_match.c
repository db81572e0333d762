/* Translators that are not trained: values of numpy, what must hold for any images, and model files
 * that are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "file.h"
#include "match.h"
#include "memory.h"
#include "model_file.h"
#include "random.h"
#include "text.h"

#include <math.h>

/* ---- against numpy ---------------------------------------------------------------------------
 */

static float *golden(const safetensors *f, int64_t *n, const char *format, int size,
                     const char *rest) {
  char *name = text_format(format, size, rest);
  const safetensor *t = safetensors_find(f, name);
  assert_non_null(t);
  float *x = memory_new((size_t)t->count * sizeof *x);
  assert_int_equal(safetensors_read_f32(t, x), 0);
  if (n) *n = t->count;
  free(name);
  return x;
}

static void assert_near(const float *x, const float *wanted, int64_t n, double most) {
  for (int64_t i = 0; i < n; i++) {
    if (fabs((double)(x[i] - wanted[i])) > most) {
      print_error("value %lld is %g instead of %g\n", (long long)i, (double)x[i],
                  (double)wanted[i]);
    }
    assert_true(fabs((double)(x[i] - wanted[i])) <= most);
  }
}

static void check_golden(const match_method *method, const xs_match_options *o, int size,
                         const char *measure, const char *result, const char *which) {
  safetensors *f = NULL;
  assert_int_equal(safetensors_open(TEST_DATA "/golden/match.safetensors", &f), 0);
  int64_t n;
  char *rest = text_format("%s/%s", measure, which), *done = text_format("%s/%s", result, which);
  float *wanted = golden(f, &n, "%d/%s", size, rest), *x = golden(f, NULL, "%d/%s", size, "x"),
        *reference = golden(f, NULL, "%d/%s", size, "reference"),
        *translated = golden(f, NULL, "%d/%s", size, done);
  float *y = memory_new((size_t)n * sizeof *y);
  assert_int_equal(method->values(o, size), n);
  assert_true(method->possible(size, n));
  method->measure(size, reference, n, y);
  assert_near(y, wanted, n, 1e-5);
  method->give(size, y, n, x);
  assert_near(x, translated, size * size, 2e-6);
  free(y);
  free(wanted);
  free(x);
  free(reference);
  free(translated);
  free(rest);
  free(done);
  safetensors_close(f);
}

static void test_histogram(void **state) {
  (void)state;
  const xs_match_options few = {.levels = 5}, even = {.levels = 64}, odd = {.levels = 81};
  check_golden(&match_histogram, &few, 8, "quantiles", "histogram", "5");
  check_golden(&match_histogram, &few, 9, "quantiles", "histogram", "5");
  check_golden(&match_histogram, &even, 8, "quantiles", "histogram", "64");
  check_golden(&match_histogram, &odd, 9, "quantiles", "histogram", "81");
}

static void test_fourier(void **state) {
  (void)state;
  const char *const which[] = {"0.0", "0.25", "0.5"};
  for (int i = 0; i < 3; i++) {
    const xs_match_options o = {.beta = 0.25 * i};
    check_golden(&match_fourier, &o, 8, "amplitude", "fourier", which[i]);
    check_golden(&match_fourier, &o, 9, "amplitude", "fourier", which[i]);
  }
}

/* ---- translators of two small sites ----------------------------------------------------------
 */

enum { SIZE = 8, IMAGES = 6, PIXELS = SIZE * SIZE * 3 };

typedef struct fixture {
  char *dir, *model;
  xs_images source, target;
  int64_t rows[IMAGES];
  match_task task;
  train_job job;
} fixture;

/* Images of 8-bit noise; lowest: of its values. */
static xs_images noise(const char *name, int lowest) {
  uint8_t *pixel = memory_new(IMAGES * PIXELS);
  for (uint64_t i = 0; i < IMAGES * PIXELS; i++) {
    uint64_t below = (uint64_t)(256 - lowest);
    pixel[i] = (uint8_t)((uint64_t)lowest + random_below(1, random_stream(name), 0, i, below));
  }
  return (xs_images){.name = text_copy(name),
                     .n = IMAGES,
                     .height = SIZE,
                     .width = SIZE,
                     .channels = 3,
                     .bytes = 1,
                     .max_value = 255,
                     .pixels = pixel,
                     .group = memory_new(IMAGES * sizeof(uint64_t))};
}

static xs_match_options options = {
    .method = (char[]){"histogram"}, .reference = (char[]){"image"}, .images = 4, .levels = 64};

static void start(fixture *f, const xs_match_options *o) {
  *f = (fixture){.dir = temporary_dir(), .source = noise("dark", 0), .target = noise("light", 128)};
  f->model = file_join(f->dir, "generator.safetensors");
  for (int i = 0; i < IMAGES; i++) f->rows[i] = i;
  const train_images source = {&f->source, f->rows, IMAGES}, target = {&f->target, f->rows, IMAGES};
  f->task = (match_task){.options = o,
                         .size = SIZE,
                         .channels = 3,
                         .source = source,
                         .target = target,
                         .examples = source};
  f->job = (train_job){.task = "match", .dir = f->dir, .seed = 7};
}

static void release_images(xs_images *x) {
  free(x->name);
  free(x->pixels);
  free(x->group);
}

static void finish(fixture *f) {
  remove_dir(f->dir);
  free(f->model);
  release_images(&f->source);
  release_images(&f->target);
}

static xs_images *apply(const fixture *f, const xs_images *x, const int64_t *rows, int64_t n,
                        int domain) {
  translator *t = NULL;
  xs_images *made = NULL;
  assert_int_equal(translator_load(f->model, &t), 0);
  assert_int_equal(translator_apply(t, x, rows, n, domain, &made), XS_OK);
  translator_free(t);
  return made;
}

static const uint16_t *pixels_of(const xs_images *x, int64_t i) {
  return (const uint16_t *)x->pixels + i * PIXELS;
}

/* A site translated to itself, one image: nothing changes. */
static void check_identity(xs_match_options o) {
  fixture f;
  start(&f, &o);
  f.task.target = f.task.source;
  f.task.source.n = f.task.target.n = 1;
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  for (int domain = 0; domain < 2; domain++) {
    xs_images *made = apply(&f, &f.source, NULL, 1, domain);
    for (int i = 0; i < PIXELS; i++) {
      int stored = ((const uint8_t *)f.source.pixels)[i] * 257;
      assert_in_range(pixels_of(made, 0)[i] - stored + 1, 0, 2);
    }
    xs_images_close(made);
  }
  finish(&f);
}

static void test_identity(void **state) {
  (void)state;
  xs_match_options o = options;
  check_identity(o);
  o.reference = (char[]){"mean"};
  check_identity(o);
  o.method = (char[]){"fourier"};
  o.beta = 0.25;
  check_identity(o);
  o.mix = true;
  check_identity(o);
}

static double mean_of(const xs_images *x) {
  double sum = 0;
  for (int64_t i = 0; i < x->n * PIXELS; i++) sum += pixels_of(x, 0)[i] / 65535.0;
  return sum / (double)(x->n * PIXELS);
}

/* Dark images become light and light ones dark; what is cut off beyond 1 is missing in the mean. */
static void check_direction(xs_match_options o) {
  fixture f;
  start(&f, &o);
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  xs_images *light = apply(&f, &f.source, NULL, IMAGES, 1),
            *dark = apply(&f, &f.target, NULL, IMAGES, 0);
  assert_true(fabs(mean_of(light) - 0.75) < 0.04);
  assert_true(fabs(mean_of(dark) - 0.5) < 0.04);
  xs_images_close(light);
  xs_images_close(dark);
  finish(&f);
}

static void test_direction(void **state) {
  (void)state;
  xs_match_options o = options;
  check_direction(o);
  o.reference = (char[]){"mean"};
  check_direction(o);
  o.method = (char[]){"fourier"};
  check_direction(o);
  o.reference = (char[]){"image"};
  check_direction(o);
}

/* What an image becomes depends on its row and the seed alone. */
static void test_draws(void **state) {
  (void)state;
  xs_match_options o = options;
  o.mix = true;
  fixture f;
  start(&f, &o);
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  const int64_t backwards[] = {5, 3, 1};
  int differ = 0;
  xs_images *all = apply(&f, &f.source, NULL, IMAGES, 1),
            *some = apply(&f, &f.source, backwards, 3, 1);
  for (int i = 0; i < 3; i++) {
    const size_t bytes = PIXELS * sizeof(uint16_t);
    assert_memory_equal(pixels_of(some, i), pixels_of(all, backwards[i]), bytes);
  }
  char *first, *second;
  size_t size, again;
  assert_int_equal(file_read(f.model, &first, &size), 0);
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  assert_int_equal(file_read(f.model, &second, &again), 0);
  assert_int_equal(size, again);
  assert_memory_equal(first, second, size);
  f.job.seed = 8;
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  xs_images *other = apply(&f, &f.source, NULL, IMAGES, 1);
  for (int i = 0; i < IMAGES * PIXELS; i++)
    differ += pixels_of(all, 0)[i] != pixels_of(other, 0)[i];
  assert_true(differ > IMAGES * PIXELS / 2);
  free(first);
  free(second);
  xs_images_close(all);
  xs_images_close(some);
  xs_images_close(other);
  finish(&f);
}

/* Each image has one of the references' histograms, and not all the same. */
static void test_references(void **state) {
  (void)state;
  fixture f;
  start(&f, &options);
  uint8_t *pixel = f.target.pixels;
  for (int i = 0; i < IMAGES * PIXELS; i++) pixel[i] = (uint8_t)(40 * (i / PIXELS));
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  xs_images *made = apply(&f, &f.source, NULL, IMAGES, 1);
  int seen[IMAGES] = {0}, different = 0;
  for (int i = 0; i < IMAGES; i++) {
    int value = pixels_of(made, i)[0] / 257;
    assert_int_equal(value % 40, 0);
    for (int k = 0; k < PIXELS; k++) assert_int_equal(pixels_of(made, i)[k], value * 257);
    seen[value / 40] = 1;
  }
  for (int i = 0; i < IMAGES; i++) different += seen[i];
  assert_in_range(different, 2, 4);
  xs_images_close(made);
  finish(&f);
}

/* ---- bad input -------------------------------------------------------------------------------
 */

static void test_no_images(void **state) {
  (void)state;
  fixture f;
  start(&f, &options);
  f.task.target.n = 0;
  assert_int_equal(train_match(&f.job, &f.task), XS_FAILED);
  assert_says("site light has no training image");
  assert_false(file_exists(f.model));
  xs_match_options o = options;
  o.method = (char[]){"magic"};
  assert_int_equal(match_check("--", &o, 3), XS_USAGE);
  assert_says("--method: 'magic'");
  assert_int_equal(match_check("--", &options, 2), XS_USAGE);
  assert_says("--image_channels: 2");
  finish(&f);
}

typedef struct damage {
  const char *says;
  const char *architecture;
  double mean;
  int mix; /* 2: left out */
  int64_t channels, values;
  const char *second;
  float first_value;
} damage;

/* A model file of two references a site, with one fault. */
static void write_damaged(const char *path, const damage *d) {
  float *x = memory_new((size_t)(2 * d->channels * d->values) * sizeof *x);
  x[0] = d->first_value;
  safetensor t[2];
  const char *const name[] = {"source", d->second};
  for (int i = 0; i < 2; i++) {
    t[i] = (safetensor){.name = (char *)(uintptr_t)name[i],
                        .dtype = SAFETENSORS_F32,
                        .rank = 3,
                        .dim = {2, d->channels, d->values},
                        .data = x,
                        .count = 2 * d->channels * d->values};
  }
  json_t *j = json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:{s:[f], s:[i]}}", "format", 1, "kind",
                        "generator", "architecture", d->architecture, "size", 8, "channels", 1,
                        "seed", 1, "normalisation", "mean", d->mean, "deviation", 1);
  if (d->mix < 2) json_object_set_new(j, "mix", json_boolean(d->mix));
  assert_int_equal(model_write(path, t, 2, j), 0);
  json_decref(j);
  free(x);
}

static void test_damaged_files(void **state) {
  (void)state;
  static const damage row[] = {
      {"architecture 'magic'", "magic", 0, 0, 1, 4, "target", 0},
      {"normalisation must be mean 0", "fourier", 0.5, 0, 1, 4, "target", 0},
      {"mix true or false", "histogram", 0, 2, 1, 4, "target", 0},
      {"tensor target is missing", "histogram", 0, 0, 1, 4, "goal", 0},
      {"no set of histogram references for images of 1 channel(s)", "histogram", 0, 0, 3, 4,
       "target", 0},
      {"no set of fourier references", "fourier", 0, 0, 1, 4, "target", 0},
      {"no set of fourier references", "fourier", 0, 0, 1, 81, "target", 0},
      {"holds -1, which is not from 0 to 1", "histogram", 0, 0, 1, 4, "target", -1},
      {"holds inf", "fourier", 0, 0, 1, 9, "target", INFINITY},
      {"holds nan", "histogram", 0, 0, 1, 4, "target", NAN},
  };
  char *dir = temporary_dir(), *path = file_join(dir, "generator.safetensors");
  translator *t;
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    write_damaged(path, &row[i]);
    assert_int_not_equal(translator_load(path, &t), 0);
    assert_null(t);
    assert_says(row[i].says);
    assert_says(path);
  }
  const damage none = {NULL, "fourier", 0, 1, 1, 64, "target", 0};
  write_damaged(path, &none);
  assert_int_equal(translator_load(path, &t), 0);
  translator_free(t);
  free(path);
  remove_dir(dir);
}

static void test_truncated_file(void **state) {
  (void)state;
  fixture f;
  start(&f, &options);
  assert_int_equal(train_match(&f.job, &f.task), XS_OK);
  char *data;
  size_t size;
  assert_int_equal(file_read(f.model, &data, &size), 0);
  for (size_t n = 0; n < size; n += 97) {
    translator *t;
    put(f.dir, "generator.safetensors", data, n);
    assert_int_not_equal(translator_load(f.model, &t), 0);
    assert_null(t);
  }
  free(data);
  finish(&f);
}

/* Films that are white somewhere, in 8 bits and of a side of their own. */
static xs_images white_films(const char *name, int side, xs_resize how) {
  uint8_t *pixel = memory_new((size_t)(IMAGES * side * side));
  for (int i = 0; i < IMAGES * side * side; i++) {
    const int y = i / side % side, x = i % side;
    pixel[i] = (uint8_t)(y < side / 2 ? 255 : (x * 7 + y * 3 + i / (side * side)) % 256);
  }
  return (xs_images){.name = text_copy(name),
                     .n = IMAGES,
                     .height = side,
                     .width = side,
                     .channels = 1,
                     .bytes = 1,
                     .max_value = 255,
                     .how = {.resize = how},
                     .pixels = pixel,
                     .group = memory_new(IMAGES * sizeof(uint64_t))};
}

static void check_size(const xs_match_options *o, int side, int size, int channels) {
  fixture f = {.dir = temporary_dir(),
               .source = white_films("a", side, XS_BILINEAR),
               .target = white_films("b", side + 3, side % 2 ? XS_NEAREST : XS_BILINEAR)};
  f.model = file_join(f.dir, "generator.safetensors");
  for (int i = 0; i < IMAGES; i++) f.rows[i] = i;
  const train_images source = {&f.source, f.rows, IMAGES}, target = {&f.target, f.rows, IMAGES};
  f.task = (match_task){o, size, channels, source, target, source};
  f.job = (train_job){.task = "match", .dir = f.dir, .seed = 7};
  if (train_match(&f.job, &f.task)) print_error("%d to %d: %s\n", side, size, fail_message());
  xs_images_close(apply(&f, &f.source, NULL, IMAGES, 1));
  finish(&f);
}

/* What is written is read back, whatever images are resized from and to. */
static void test_sizes(void **state) {
  (void)state;
  static const int side[] = {28, 33, 64, 100, 112, 224}, size[] = {16, 31, 64, 112};
  for (int k = 0; k < 2; k++) {
    xs_match_options o = options;
    o.method = k ? (char[]){"fourier"} : (char[]){"histogram"};
    o.beta = 0.1;
    for (size_t a = 0; a < sizeof side / sizeof *side; a++) {
      for (size_t b = 0; b < sizeof size / sizeof *size; b++) {
        o.reference = b % 2 ? (char[]){"mean"} : (char[]){"image"};
        check_size(&o, side[a], size[b], a % 2 ? 3 : 1);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_histogram),      cmocka_unit_test(test_fourier),
      cmocka_unit_test(test_identity),       cmocka_unit_test(test_direction),
      cmocka_unit_test(test_draws),          cmocka_unit_test(test_references),
      cmocka_unit_test(test_no_images),      cmocka_unit_test(test_damaged_files),
      cmocka_unit_test(test_truncated_file), cmocka_unit_test(test_sizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
