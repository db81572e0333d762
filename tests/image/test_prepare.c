/* test_prepare.c: one film gives the same bits in training, in a site that is measured and for
 * predict, whatever the domain file's size is and whatever the site's other films are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <zlib.h>

#include "classifier.h"
#include "data_files.h"
#include "file.h"
#include "idx.h"
#include "memory.h"
#include "model_file.h"
#include "prepare.h"
#include "random.h"
#include "text.h"

enum { NET = 32, LARGE = 96, FILMS = 16, KINDS = 3, SIZES = 3 };

static const char *const kind_name[KINDS] = {"p8", "p16", "s32"};
static const int kept[SIZES] = {NET, 56, LARGE};

/* ---- films ----------------------------------------------------------------------------------- */

static void put_number(uint8_t *at, uint32_t v) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_chunk(FILE *f, const char *kind, const uint8_t *data, size_t n) {
  uint8_t head[8], check[4];
  put_number(head, (uint32_t)n);
  memcpy(head + 4, kind, 4);
  uLong crc = crc32(crc32(0, NULL, 0), head + 4, 4);
  if (n) crc = crc32(crc, data, (uInt)n);
  put_number(check, (uint32_t)crc);
  fwrite(head, 1, 8, f);
  if (n) fwrite(data, 1, n, f);
  fwrite(check, 1, 4, f);
}

/* pixel [height][width][channels] in 8 or 16 bits. */
static void write_png(const char *path, const uint16_t *pixel, int height, int width, int channels,
                      int bytes) {
  const size_t line = (size_t)(width * channels * bytes), n = (line + 1) * (size_t)height;
  uint8_t *raw = memory_new(n), *packed = memory_new(compressBound(n));
  uint8_t head[13] = {0};
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width * channels; x++) {
      const uint16_t v = pixel[y * width * channels + x];
      uint8_t *at = raw + (line + 1) * (size_t)y + 1 + x * bytes;
      if (bytes == 2) *at++ = (uint8_t)(v >> 8);
      *at = (uint8_t)v;
    }
  }
  uLongf size = compressBound(n);
  assert_int_equal(compress(packed, &size, raw, n), Z_OK);
  put_number(head, (uint32_t)width);
  put_number(head + 4, (uint32_t)height);
  head[8] = (uint8_t)(8 * bytes);
  head[9] = channels == 3 ? 2 : 0;
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fwrite("\x89PNG\r\n\x1a\n", 1, 8, f);
  put_chunk(f, "IHDR", head, sizeof head);
  put_chunk(f, "IDAT", packed, size);
  put_chunk(f, "IEND", NULL, 0);
  assert_int_equal(fclose(f), 0);
  free(raw);
  free(packed);
}

/* A bright spot on noise, at a place and of a size of its own; white where it is brightest. */
static void fill_film(int film, int height, int width, int channels, int unit, uint16_t *pixel) {
  const double cy = height * (0.2 + 0.04 * film), cx = width * (0.8 - 0.04 * film);
  const double r = height * (0.1 + 0.015 * (film % 7));
  for (int i = 0; i < height * width * channels; i++) {
    const int at = i / channels, y = at / width, x = at % width;
    const double d = ((y - cy) * (y - cy) + (x - cx) * (x - cx)) / (2 * r * r);
    const double noise =
        (double)random_below(1, random_stream("film"), (uint64_t)film, (uint64_t)i, 1000) / 1000;
    pixel[i] = (uint16_t)(unit * lrint(255 * fmin(1, 1.1 * exp(-d) + 0.1 * noise)));
  }
}

/* Every fifth film is coloured, every third no square. */
static void write_films(const char *dir, const char *where, const char *prefix, int side,
                        int bytes) {
  char *folder = file_join(dir, where);
  uint16_t *pixel = memory_new(sizeof *pixel * LARGE * LARGE * 3);
  assert_int_equal(file_make_dirs(folder), 0);
  for (int i = 0; i < FILMS; i++) {
    const int width = i % 3 ? side : side - 10, channels = i % 5 ? 1 : 3;
    char *path = text_format("%s/%s%02d.png", folder, prefix, i);
    fill_film(i, side, width, channels, bytes == 2 ? 257 : 1, pixel);
    write_png(path, pixel, side, width, channels, bytes);
    free(path);
  }
  free(pixel);
  free(folder);
}

static char *domain_of(int kind, int size, const char *more) {
  return text_format(
      "name: site\nformat: folder\nimages: %s\nlabels: labels.csv\nclasses: [a, b]\nsize: %d\n%s",
      kind_name[kind], size, more);
}

static char *write_all(void) {
  char *dir = temporary_dir(), *csv = text_copy("file,label\n");
  write_films(dir, "p8", "", LARGE, 1);
  write_films(dir, "p16", "", LARGE, 2);
  write_films(dir, "s32", "", NET, 1);
  for (int i = 0; i < FILMS; i++) {
    char *longer = text_format("%s%02d.png,%s\n", csv, i, i % 2 ? "a" : "b");
    free(csv);
    csv = longer;
  }
  put_text(dir, "labels.csv", csv);
  free(csv);
  return dir;
}

/* ---- the same bits --------------------------------------------------------------------------- */

static const xs_site_options at_network = {.size = NET};

/* A classifier that was trained on the site. */
static xs_classifier *train_on(const char *dir, const xs_site *s, const char *architecture) {
  xs_classifier_options o = {.architecture = (char *)(uintptr_t)architecture,
                             .precision = (char[]){"f32"},
                             .learning_rate = 1e-3,
                             .batch = 8,
                             .epochs = 2,
                             .patience = 2};
  int64_t rows[FILMS];
  for (int i = 0; i < FILMS; i++) rows[i] = i;
  const train_set all = {.images = &s->images, .label = s->label, .rows = rows, .n = FILMS};
  const train_job job = {.task = "fit",
                         .dir = dir,
                         .seed = 3,
                         .device = tg_device_cpu(),
                         .effort = TG_ESTIMATE,
                         .kernels = tg_kernels_new(),
                         .threads = 1,
                         .checkpoint_every = 100};
  const fit_task task = {.options = &o,
                         .geometry = train_geometry_of(NET, 1, "half"),
                         .train = all,
                         .validation = all,
                         .classes = 2,
                         .class_name = s->class_name};
  xs_classifier *c;
  char *model = file_join(dir, "model.safetensors");
  assert_int_equal(train_fit(&job, &task), XS_OK);
  assert_int_equal(xs_classifier_load(model, &c), XS_OK);
  tg_kernels_free(job.kernels);
  free(model);
  return c;
}

static void check_alike(xs_classifier *c, const xs_preprocessing *how, const xs_site *s,
                        const char *folder) {
  xs_images *one[FILMS];
  float there[2 * FILMS], here[2 * FILMS];
  double distance[FILMS];
  assert_int_equal(s->images.n, FILMS);
  assert_int_equal(s->images.width, NET);
  for (int i = 0; i < FILMS; i++) {
    char *path = file_join(folder, s->images.file[i]);
    assert_int_equal(xs_image_open(path, how, &one[i]), XS_OK);
    free(path);
  }
  assert_int_equal(xs_classifier_logits(c, &s->images, NULL, FILMS, there), XS_OK);
  assert_int_equal(xs_classifier_predict(c, one, FILMS, here, distance), XS_OK);
  assert_memory_equal(there, here, sizeof here);
  for (int i = 0; i < FILMS; i++) xs_images_close(one[i]);
}

/* Nine domain files; and what was trained on one of them is predicted by the model's own record. */
static void check_kind(const char *dir, int kind, const char *more) {
  char *folder = file_join(dir, kind_name[kind]);
  xs_classifier *c = NULL;
  float first[NET * NET], other[NET * NET];
  const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  for (int k = 0; k < SIZES; k++) {
    char *yaml = domain_of(kind, kept[k], more);
    xs_site *s;
    assert_int_equal(open_site(dir, yaml, &at_network, &s), XS_OK);
    xs_images_fetch(&s->images, NULL, 1, NET, 1, &plain, k ? other : first);
    if (k) assert_memory_equal(first, other, sizeof first);
    if (!c) c = train_on(dir, s, "lenet5");
    assert_null(xs_classifier_unknown(c));
    check_alike(c, xs_classifier_preprocessing(c), s, folder);
    xs_site_close(s);
    free(yaml);
  }
  xs_classifier_free(c);
  free(folder);
}

static void test_nine(void **state) {
  (void)state;
  char *dir = write_all();
  for (int kind = 0; kind < KINDS; kind++) {
    check_kind(dir, kind, "");
    check_kind(dir, kind, "resize: nearest\ncenter_crop: true\n");
    check_kind(dir, kind, "range: percentiles\nlow_percentile: 2\n");
  }
  check_kind(dir, 0, "max_value: 255\n");
  check_kind(dir, 1, "max_value: 65535\nrange: full\n");
  remove_dir(dir);
}

/* What is kept does not depend on the other films: 8 bits among 16, and max_value of the latter. */
static void test_mixed(void **state) {
  (void)state;
  const xs_normalisation half = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  char *dir = temporary_dir(), *folder = file_join(dir, "all");
  write_films(dir, "all", "a", LARGE, 1);
  write_films(dir, "all", "b", LARGE, 2);
  write_films(dir, "all", "c", NET, 1);
  for (int with_white = 0; with_white < 2; with_white++) {
    char *yaml = text_format("name: site\nformat: folder\nimages: all\nsize: 40\n%s",
                             with_white ? "max_value: 65535\n" : "");
    float there[NET * NET * 3], here[NET * NET * 3];
    xs_site *s;
    assert_int_equal(open_site(dir, yaml, &at_network, &s), XS_OK);
    assert_int_equal(s->images.n, KINDS * FILMS);
    assert_int_equal(s->images.bytes, 2);
    for (int64_t i = 0; i < s->images.n; i++) {
      char *path = file_join(folder, s->images.file[i]);
      xs_images *one;
      assert_int_equal(xs_image_open(path, &s->images.how, &one), XS_OK);
      for (int channels = 1; channels <= 3; channels += 2) {
        xs_images_fetch(&s->images, &i, 1, NET, channels, &half, there);
        xs_images_fetch(one, NULL, 1, NET, channels, &half, here);
        assert_memory_equal(there, here, sizeof(float) * (size_t)(NET * NET * channels));
      }
      xs_images_close(one);
      free(path);
    }
    xs_site_close(s);
    free(yaml);
  }
  free(folder);
  remove_dir(dir);
}

/* IDX images and PNG files of the same values; of 17 levels too, which no rounding may blur. */
static void check_idx(const char *dir, int side, int white, const char *resize) {
  const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  uint8_t *pixel = memory_new((size_t)(4 * side * side));
  uint16_t *film = memory_new(sizeof *film * (size_t)(side * side));
  char *file = file_join(dir, "i"), *png = file_join(dir, "x.png");
  char *yaml =
      text_format("name: a\nformat: idx\nimages: i\nmax_value: %d\nresize: %s\n", white, resize);
  for (int i = 0; i < 4 * side * side; i++) pixel[i] = (uint8_t)(i * 7919 / 11 % (white + 1));
  const idx x = {3, {4, side, side}, 4 * side * side, 1, pixel};
  remove(file);
  assert_int_equal(idx_write(file, &x), 0);
  xs_site *s;
  assert_int_equal(open_site(dir, yaml, &at_network, &s), XS_OK);
  assert_int_equal(s->images.how.size, NET);
  assert_int_equal(s->images.bytes, white == 255 ? 1 : 2);
  for (int64_t i = 0; i < 4; i++) {
    float there[NET * NET], here[NET * NET];
    xs_images *one;
    for (int k = 0; k < side * side; k++) film[k] = pixel[i * side * side + k];
    write_png(png, film, side, side, 1, 1);
    assert_int_equal(xs_image_open(png, &s->images.how, &one), XS_OK);
    xs_images_fetch(&s->images, &i, 1, NET, 1, &plain, there);
    xs_images_fetch(one, NULL, 1, NET, 1, &plain, here);
    assert_memory_equal(there, here, sizeof here);
    for (int k = 0; side == NET && k < NET * NET; k++) {
      assert_float_equal(there[k], (float)film[k] / (float)white, 1e-5);
    }
    xs_images_close(one);
  }
  xs_site_close(s);
  free(yaml);
  free(png);
  free(file);
  free(film);
  free(pixel);
}

static void test_idx(void **state) {
  (void)state;
  char *dir = temporary_dir();
  check_idx(dir, 28, 255, "bilinear");
  check_idx(dir, 8, 16, "nearest");
  check_idx(dir, 48, 16, "bilinear");
  check_idx(dir, NET, 16, "bilinear");
  remove_dir(dir);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Shrinking and growing never leave the range of the values: white is never above 1. */
static void test_white(void **state) {
  (void)state;
  static const int side[] = {7, 28, 64, 100, 112, 224};
  const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  uint16_t *pixel = memory_new(sizeof *pixel * 224 * 224);
  float *y = memory_new(sizeof *y * 224 * 224);
  for (int white = 200; white <= 65535; white = white == 200 ? 4095 : white * 4) {
    for (int i = 0; i < 224 * 224; i++) pixel[i] = (uint16_t)white;
    for (size_t a = 0; a < sizeof side / sizeof *side; a++) {
      for (size_t b = 0; b < sizeof side / sizeof *side; b++) {
        const xs_images x = {.n = 1,
                             .height = side[a],
                             .width = side[(a + 1) % 6],
                             .channels = 1,
                             .bytes = 2,
                             .max_value = white,
                             .how = {.resize = XS_BILINEAR},
                             .pixels = pixel};
        xs_images_fetch(&x, NULL, 1, side[b], 1, &plain, y);
        for (int i = 0; i < side[b] * side[b]; i++) assert_true(y[i] <= 1 && y[i] > 1 - 1e-6f);
      }
    }
  }
  free(pixel);
  free(y);
}

/* What predict sees of a film is what its site holds, also of a dark one that is not doubted there.
 */
static void assert_seen_alike(const char *dir, const char *png, const char *yaml, bool dark) {
  const uint16_t bright[4] = {65535, 0, 0, 0};
  const xs_preprocessing how = {.values = {.range = XS_RANGE_STORED}, .size = 8};
  char *other = file_join(dir, "x/b.png");
  xs_images *one;
  xs_site *s;
  write_png(other, bright, 2, 2, 1, 2);
  assert_int_equal(xs_image_open(png, &how, &one), XS_OK);
  assert_int_equal(one->doubt != NULL, dark);
  assert_int_equal(open_site(dir, yaml, NULL, &s), XS_OK);
  assert_int_equal(s->images.n, 2);
  assert_string_equal(s->images.file[0], "a.png");
  assert_memory_equal(one->pixels, s->images.pixels, 64 * sizeof(uint16_t));
  xs_site_close(s);
  xs_images_close(one);
  assert_int_equal(remove(other), 0);
  free(other);
}

/* One rule: a site where all is near black is refused where nothing says what white is; of one film
 * that may be a dark one of another site, it is said. */
static void test_dark(void **state) {
  (void)state;
  char *dir = temporary_dir(), *png = file_join(dir, "x/a.png"), *folder = file_join(dir, "x");
  const char *yaml = "name: a\nformat: folder\nimages: x\nsize: 8\n";
  uint16_t pixel[64];
  assert_int_equal(file_make_dirs(folder), 0);
  for (int largest = 8190; largest < 8194; largest++) {
    for (int i = 0; i < 64; i++) pixel[i] = (uint16_t)(largest - i);
    write_png(png, pixel, 8, 8, 1, 2);
    xs_images *one;
    xs_site *s;
    const bool dark = largest < 8192;
    assert_int_equal(open_site(dir, yaml, NULL, &s) != XS_OK, dark);
    if (dark) assert_says("near black");
    xs_site_close(s);
    assert_seen_alike(dir, png, yaml, dark);
    const xs_preprocessing how = {.max_value = 65535, .size = 8};
    assert_int_equal(xs_image_open(png, &how, &one), XS_OK);
    assert_null(one->doubt);
    xs_images_close(one);
  }
  free(folder);
  free(png);
  remove_dir(dir);
}

/* Older files do not have "prepare": what cannot be known is said, and what they meant is kept. */
static void test_older(void **state) {
  (void)state;
  static const struct {
    const char *json;
    double max_value;
    bool known;
  } file[] = {
      {"{\"resize\":\"nearest\",\"max_value\":255.0,\"range\":\"full\"}", 0, false},
      {"{\"resize\":\"nearest\",\"max_value\":4095.0,\"range\":\"full\"}", 4095, false},
      {"{\"resize\":\"nearest\",\"max_value\":4095.0,\"range\":\"stored\"}", 0, false},
      {"{\"resize\":\"nearest\",\"max_value\":255.0,\"range\":\"full\",\"prepare\":1}", 255, true},
  };
  char *dir = write_all(), *yaml = domain_of(0, 40, "");
  char *from = file_join(dir, "model.safetensors"), *to = file_join(dir, "older.safetensors");
  xs_site *s;
  xs_classifier *c;
  assert_int_equal(open_site(dir, yaml, &at_network, &s), XS_OK);
  xs_classifier_free(train_on(dir, s, "lenet5"));
  xs_site_close(s);
  for (size_t i = 0; i <= sizeof file / sizeof *file; i++) {
    const bool none = i == sizeof file / sizeof *file;
    json_t *metadata;
    safetensors *tensors;
    assert_int_equal(model_metadata(from, "classifier", &metadata), 0);
    json_object_del(metadata, "preprocessing");
    if (!none) json_object_set_new(metadata, "preprocessing", json_loads(file[i].json, 0, NULL));
    assert_int_equal(safetensors_open(from, &tensors), 0);
    assert_int_equal(
        model_write(to, safetensors_at(tensors, 0), safetensors_count(tensors), metadata), 0);
    safetensors_close(tensors);
    json_decref(metadata);
    assert_int_equal(xs_classifier_load(to, &c), XS_OK);
    const xs_preprocessing *how = xs_classifier_preprocessing(c);
    assert_int_equal(how->size, NET);
    assert_int_equal(how->resize, none ? XS_BILINEAR : XS_NEAREST);
    assert_true(fabs(how->max_value - (none ? 0 : file[i].max_value)) < 1e-9);
    assert_int_equal(xs_classifier_unknown(c) == NULL, !none && file[i].known);
    xs_classifier_free(c);
  }
  free(to);
  free(from);
  free(yaml);
  remove_dir(dir);
}

/* ---- many films ------------------------------------------------------------------------------ */

enum { MANY = 230 };

static void predict_many(const char *model, int threads, xs_images *const *film, int at_once,
                         float *logit) {
  xs_classifier *c;
  double distance[MANY];
  tg_set_threads(threads);
  assert_int_equal(xs_classifier_load(model, &c), XS_OK);
  for (int i = 0; i < MANY; i += at_once) {
    const int n = MANY - i < at_once ? MANY - i : at_once;
    assert_int_equal(xs_classifier_predict(c, film + i, n, logit + 2 * i, distance), XS_OK);
  }
  xs_classifier_free(c);
}

/* A film's logits are the same to the last bit with others, alone, and with any threads. */
static void test_together(void **state) {
  (void)state;
  char *dir = write_all(), *yaml = domain_of(0, NET, ""),
       *model = file_join(dir, "model.safetensors");
  uint8_t *pixel = memory_new((size_t)MANY * NET * NET);
  xs_images film[MANY], *one[MANY];
  float alone[2 * MANY], together[2 * MANY];
  xs_site *s;
  assert_int_equal(open_site(dir, yaml, &at_network, &s), XS_OK);
  xs_classifier_free(train_on(dir, s, "lenet"));
  for (int i = 0; i < MANY * NET * NET; i++) {
    pixel[i] = (uint8_t)random_below(1, 0, 0, (uint64_t)i, 256);
  }
  for (int i = 0; i < MANY; i++) {
    film[i] = (xs_images){.n = 1,
                          .height = NET,
                          .width = NET,
                          .channels = 1,
                          .bytes = 1,
                          .max_value = 255,
                          .pixels = pixel + i * NET * NET};
    one[i] = &film[i];
  }
  predict_many(model, 1, one, 1, alone);
  for (int threads = 1; threads <= 3; threads++) {
    predict_many(model, threads, one, MANY, together);
    assert_memory_equal(alone, together, sizeof alone);
  }
  tg_set_threads(0);
  xs_site_close(s);
  free(pixel);
  free(model);
  free(yaml);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nine),     cmocka_unit_test(test_mixed), cmocka_unit_test(test_idx),
      cmocka_unit_test(test_white),    cmocka_unit_test(test_dark),  cmocka_unit_test(test_older),
      cmocka_unit_test(test_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
