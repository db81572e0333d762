/* Decoded images against what Pillow and pydicom read: tests/golden/images.tsv of the small files
 * of tests/golden/images, and tests/golden/films.tsv of real films, which are not kept here: their
 * folder is XSITE_FILMS, where it is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "file.h"
#include "hash.h"
#include "image.h"
#include "memory.h"
#include "refused_image.h"
#include "text.h"

typedef struct table_row { /* of a table */
  char file[200], hash[HASH_SHA256_TEXT];
  int window, width, height, channels, bytes, bits;
} table_row;

static bool agrees(const char *dir, const table_row *r) {
  char *path = file_join(dir, r->file), hash[HASH_SHA256_TEXT];
  image x;
  if (image_read(path, r->window, &x)) {
    print_error("%s\n", fail_message());
    image_release(&x);
    free(path);
    return false;
  }
  size_t size = (size_t)x.height * (size_t)x.width * (size_t)x.channels * (size_t)x.bytes;
  hash_sha256_text(x.pixels, size, hash);
  bool same = x.width == r->width && x.height == r->height && x.channels == r->channels &&
              x.bytes == r->bytes && x.bits == r->bits && !strcmp(hash, r->hash);
  if (!same) {
    print_error("%s, window %d: %d x %d, %d channels, %d bytes, %d bits, %s\n", path, r->window,
                x.width, x.height, x.channels, x.bytes, x.bits, hash);
  }
  image_release(&x);
  free(path);
  return same;
}

/* Every row of a table; the number of rows. */
static int check_table(const char *table, const char *dir) {
  char *path = text_format("%s/golden/%s", TEST_DATA, table), *text, *rest = NULL;
  size_t size;
  int rows = 0, wrong = 0;
  assert_int_equal(file_read(path, &text, &size), 0);
  strtok_r(text, "\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\n", &rest)); rows++) {
    table_row r;
    assert_int_equal(sscanf(line, "%199[^\t]\t%d\t%d\t%d\t%d\t%d\t%d\t%64s", r.file, &r.window,
                            &r.width, &r.height, &r.channels, &r.bytes, &r.bits, r.hash),
                     8);
    wrong += !agrees(dir, &r);
  }
  free(text);
  free(path);
  assert_int_equal(wrong, 0);
  return rows;
}

static void test_small(void **state) {
  (void)state;
  char *dir = text_format("%s/golden/images", TEST_DATA);
  assert_true(check_table("images.tsv", dir) > 80);
  free(dir);
}

static void test_real(void **state) {
  (void)state;
  const char *dir = getenv("XSITE_FILMS");
  if (!dir) skip();
  assert_int_equal(check_table("films.tsv", dir), 62);
}

static void test_refused(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"422-columns", "YBR_FULL_422 needs an even number of columns"},
      {"422-cut", "truncated: its image has 816 bytes, the tags ask for 1564"},
      {"422-whole", "but has all samples: are they RGB or YBR_FULL?"},
      {"big-endian-as-explicit", "its data set is written in explicit VR big endian, its transfer "
                                 "syntax, 1.2.840.10008.1.2.1, says otherwise"},
      {"bits-allocated", "BitsAllocated (0028,0100) is 32"},
      {"bits-stored", "has the value 2047, but BitsStored is 10"},
      {"explicit-as-deflated", "its data set is written in explicit VR little endian"},
      {"explicit-as-jpeg",
       "its image is not compressed, its transfer syntax, 1.2.840.10008.1.2.4.50, is"},
      {"frames", "2 frames, one is expected"},
      {"half-jpeg", "cannot be decoded as JPEG: Corrupt JPEG data: premature end of data segment"},
      {"half-jpeg-extended", "Corrupt JPEG data: premature end of data segment"},
      {"half-jpeg-lossless", "Corrupt JPEG data: premature end of data segment"},
      {"half-jpeg-lossless-first", "Corrupt JPEG data: premature end of data segment"},
      {"half-jpeg-ls", "it is damaged (transfer syntax 1.2.840.10008.1.2.4.80)"},
      {"half-jpeg2000", "it is cut short, its end marker is missing"},
      {"jpeg-as-explicit",
       "its image is compressed, its transfer syntax, \"1.2.840.10008.1.2.1\", is not"},
      {"jpeg-ls-size", "23 x 17 pixels of 1 samples of 12 bits, the tags say 23 x 16"},
      {"large", "60000 x 60000 pixels, at most"},
      {"modality-bits", "ModalityLUTSequence: LUTDescriptor (0028,3002) says 8 bits, the table has "
                        "the entry 1023"},
      {"modality-black", "ModalityLUTSequence: all entries are 0"},
      {"modality-short", "LUTDescriptor (0028,3002) says 64 entries of 16 bits, the table has 50"},
      {"no-bitsallocated", "BitsAllocated (0028,0100) is 0"},
      {"no-photometricinterpretation", "no PhotometricInterpretation"},
      {"no-pixeldata", "no image (PixelData)"},
      {"no-rows", "no Rows (0028,0010) or Columns"},
      {"rct", "said to be YBR_RCT, but its JPEG 2000 image is not transformed"},
      {"rle-cut", "an RLE segment lies outside the image's data"},
      {"rle-hole", "an RLE segment goes on behind the image"},
      {"slope", "RescaleSlope is 0"},
      {"unknown-syntax", "its transfer syntax, 1.2.3.4, is not read"},
      {"syntax", "its transfer syntax, 1.2.840.10008.1.2.4.100"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *name = text_format("bad-%s.dcm", bad[i][0]), *path = golden_image(name);
    refuse_image(path, false, bad[i][1]);
    free(name);
    free(path);
  }
}

/* A whole picture, and behind its end another frame of more rows, as the tags have it: FF 01 has a
 * length for those who walk from marker to marker, and none for the decoder. */
static void test_second_frame(void **state) {
  (void)state;
  static const char frame[] = "\xff\xc0\0\x0b\x08\0\xaa\0\x17\1\1\x11\0\xff\xd9"
                              "\0\xfe\xff\xdd\xe0\0\0\0";
  enum { ROWS = 0x174, STREAM = 0x1c8, FRAME = STREAM + 4 + 0xffe0, BEHIND = 8 };
  char *from = golden_image("jpeg.dcm"), *dir = temporary_dir(), *path = file_join(dir, "x.dcm"),
       *data;
  size_t size;
  assert_int_equal(file_read(from, &data, &size), 0);
  assert_memory_equal(data + STREAM, "\xff\xd8\xff\xe0", 4);
  char *made = memory_new(FRAME + sizeof frame);
  memcpy(made, data, STREAM + 2);
  memcpy(made + STREAM + 2, "\xff\x01", 2);
  memcpy(made + STREAM + 4, data + STREAM + 2, size - STREAM - 2);
  memcpy(made + FRAME, frame, sizeof frame);
  const uint32_t length = FRAME - STREAM + sizeof frame - BEHIND;
  memcpy(made + STREAM - 4, &length, sizeof length);
  made[ROWS] = (char)0xaa;
  put(dir, "x.dcm", made, FRAME + sizeof frame);
  refuse_image(path, false, "another size than its first frame");
  free(made);
  free(data);
  free(from);
  free(path);
  remove_dir(dir);
}

static int try_window(const char *path) {
  image x;
  int status = image_read(path, true, &x);
  image_release(&x);
  return status;
}

/* No beginning of a film is taken for the whole. */
static void test_cut_short(void **state) {
  (void)state;
  static const char *const names[] = {"explicit.dcm", "implicit.dcm", "deflated.dcm",
                                      "rle.dcm",      "jpeg.dcm",     "jpeg-lossless.dcm",
                                      "jpeg-ls.dcm",  "jpeg2000.dcm"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = golden_image(names[i]);
    assert_beginnings_refused(path, 9 + i, 29, 20, try_window);
    free(path);
  }
}

/* Any damage ends with a picture or a message. */
static void test_damaged(void **state) {
  (void)state;
  static const char *const names[] = {"explicit.dcm", "rle.dcm", "jpeg-ls.dcm", "palette8.dcm"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = golden_image(names[i]);
    assert_damage_survived(path, 128 + i, 29, try_window);
    free(path);
  }
}

/* A VOI table that contradicts its descriptor is refused where it is to be applied, and only there.
 */
static void test_voi_tables(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"bad-voi-bits.dcm",
       "VOILUTSequence: LUTDescriptor (0028,3002) says 8 bits, the table has the "
       "entry 1023; correct the file or leave out `window`"},
      {"bad-voi-short.dcm", "VOILUTSequence: LUTDescriptor (0028,3002) says 64 entries of 10 bits, "
                            "the table has 50; correct the file or leave out `window`"}};
  for (size_t i = 0; i < 2; i++) {
    char *path = golden_image(bad[i][0]);
    image x;
    refuse_image(path, true, bad[i][1]);
    assert_int_equal(image_read(path, false, &x), 0);
    image_release(&x);
    free(path);
  }
}

static void read_sample(const char *name, image *x) {
  char *path = golden_image(name);
  assert_int_equal(image_read(path, true, x), 0);
  free(path);
}

/* Files that pydicom does not read right. */
static void test_alike(void **state) {
  (void)state;
  static const char *const names[] = {"zero-before-end-jpeg2000.dcm", "jpeg2000-as-jpeg.dcm"};
  for (int i = 0; i < 2; i++) {
    image x, y;
    read_sample("jpeg2000.dcm", &x);
    read_sample(names[i], &y);
    assert_int_equal(x.height * x.width, y.height * y.width);
    assert_memory_equal(x.pixels, y.pixels, (size_t)(2 * x.height * x.width));
    image_release(&x);
    image_release(&y);
  }
}

/* Sizes that a small file cannot hold, before memory is asked for. */
static void test_too_large(void **state) {
  (void)state;
  char *dir = temporary_dir(), *bad = file_join(dir, "bad"), *data;
  char *png = golden_image("gray.png"), *jpeg = golden_image("gray.jpg");
  size_t size;
  assert_int_equal(file_read(jpeg, &data, &size), 0);
  for (size_t i = 0; i + 9 < size; i++) {
    if (memcmp(data + i, "\xff\xc0", 2)) continue;
    memcpy(data + i + 5, "\xea\x60\xea\x60", 4);
  }
  put(dir, "bad", data, size);
  refuse_image(bad, false, "60000 x 60000 pixels, at most");
  free(data);
  assert_int_equal(file_read(png, &data, &size), 0);
  static const char header[] = "\0\0\xea\x60\0\0\xea\x60\x08\0\0\0\0\xa5\xb9\x2a\x9e";
  memcpy(data + 16, header, 17); /* with the header's checksum */
  put(dir, "bad", data, size);
  refuse_image(bad, false, "/bad: cannot be decoded");
  static const char smaller[] = "\0\0\x1f\x40\0\0\x1f\x40\x08\0\0\0\0\x23\x9a\xf2\x28";
  memcpy(data + 16, smaller, 17); /* 8000 x 8000 */
  put(dir, "bad", data, size);
  refuse_image(bad, false, "8000 x 8000 pixels in a file of");
  free(data);
  free(png);
  free(jpeg);
  free(bad);
  remove_dir(dir);
}

/* ---- the range of a site's values ---- */

static void copy_sample(const char *dir, const char *name, const char *as) {
  char *path = golden_image(name);
  copy_file(path, dir, as);
  free(path);
}

#define FILMS "name: a\nformat: folder\nimages: images\nsize: 16\nresize: nearest\n"

static void assert_predicted_alike(const xs_site *s, int64_t row, const char *dir) {
  const xs_images *x = &s->images;
  const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  float there[16 * 16], here[16 * 16];
  char *folder = file_join(dir, "images"), *path = file_join(folder, x->file[row]);
  xs_images *one;
  assert_int_equal(xs_image_open(path, &x->how, &one), XS_OK);
  xs_images_fetch(x, &row, 1, 16, 1, &plain, there);
  xs_images_fetch(one, NULL, 1, 16, 1, &plain, here);
  assert_memory_equal(there, here, sizeof here);
  xs_images_close(one);
  free(path);
  free(folder);
}

/* Bits that differ from film to film become one range; predict sees every film like the site. */
static void test_ranges(void **state) {
  (void)state;
  static const char *const ranges[] = {"", "range: percentiles\n", "window: true\n",
                                       "range: percentiles\nlow_percentile: 2\nwindow: true\n"};
  char *dir = temporary_dir();
  copy_sample(dir, "bits10.dcm", "images/a.dcm");
  copy_sample(dir, "window.dcm", "images/1.2.840.10008.7");
  copy_sample(dir, "signed16.dcm", "images/film");
  copy_sample(dir, "no-header.dcm", "images/b.DICOM");
  copy_sample(dir, "gray.png", "images/c.png");
  put_text(dir, "images/DICOMDIR", "no film");
  put_text(dir, "images/README", "no film");
  for (int i = 0; i < 4; i++) {
    char *yaml = text_format("%s%s", FILMS, ranges[i]);
    xs_site *s;
    assert_int_equal(open_site(dir, yaml, NULL, &s), XS_OK);
    assert_int_equal(s->images.n, 5);
    assert_float_equal(s->images.max_value, 65535, 0);
    for (int64_t row = 0; row < 5; row++) assert_predicted_alike(s, row, dir);
    xs_site_close(s);
    free(yaml);
  }
  remove_dir(dir);
}

static void test_one_range(void **state) {
  (void)state;
  char *dir = temporary_dir();
  copy_sample(dir, "explicit.dcm", "images/a.dcm");
  copy_sample(dir, "monochrome1.dcm", "images/b.dcm");
  xs_site *s;
  assert_int_equal(open_site(dir, FILMS, NULL, &s), XS_OK);
  assert_float_equal(s->images.max_value, 65535, 0);
  const uint16_t *a = s->images.pixels;
  for (int i = 0; i < 256; i++) assert_int_equal(a[i] + a[256 + i], 65535);
  xs_site_close(s);
  REFUSED(dir, FILMS "range: full\n", "would be near black", "range: percentiles");
  REFUSED(dir, FILMS "range: stored\nmax_value: 4095\n", "exclude each other");
  remove_dir(dir);
}

/* Films whose values use little of what their bits can have: the same answer whether MONOCHROME1
 * turns black into white, by a site and by predict; percentiles read both. */
static void test_dim(void **state) {
  (void)state;
  static const char *const films[] = {"dim1.dcm", "dim2.dcm"};
  static const char *const tone[] = {"near white", "near black"};
  for (int i = 0; i < 2; i++) {
    char *dir = temporary_dir(), *path = golden_image(films[i]);
    copy_sample(dir, films[i], "images/a.dcm");
    REFUSED(dir, FILMS, tone[i], "range: percentiles");
    xs_images *one;
    assert_int_equal(xs_image_open(path, NULL, &one), XS_OK);
    assert_memory_equal(one->doubt, tone[i], strlen(tone[i]));
    xs_images_close(one);
    xs_site *s;
    assert_int_equal(open_site(dir, FILMS "range: percentiles\n", NULL, &s), XS_OK);
    xs_site_close(s);
    copy_sample(dir, "signed16.dcm", "images/b.dcm"); /* one that is not */
    assert_int_equal(open_site(dir, FILMS, NULL, &s), XS_OK);
    xs_site_close(s);
    free(path);
    remove_dir(dir);
  }
}

/* A modality table's white is its largest entry, whichever way the film is turned. */
static void test_modality_white(void **state) {
  (void)state;
  image one, two;
  read_sample("modality-table10-1.dcm", &one);
  read_sample("modality-table10-2.dcm", &two);
  assert_int_equal(one.bits, 10);
  assert_int_equal(two.bits, 10);
  for (int i = 0; i < one.height * one.width; i++) {
    assert_int_equal(((uint16_t *)one.pixels)[i] + ((uint16_t *)two.pixels)[i], 1023);
  }
  image_release(&one);
  image_release(&two);
}

static void test_unlike(void **state) {
  (void)state;
  enum { SIDE = 16, KINDS = 6, RIGHT = 20 };
  char *dir = temporary_dir();
  uint8_t film[KINDS][SIDE * SIDE];
  for (int i = 0; i < SIDE * SIDE; i++) {
    int v = 40 + 10 * (i / SIDE) + 3 * (i % SIDE);
    film[0][i] = (uint8_t)v;
    film[1][i] = (uint8_t)(255 - v);
    film[2][i] = (uint8_t)(v / 3);
    film[3][i] = v > 60 ? 255 : 0;
    film[4][i] = 100;
    film[5][i] = (uint8_t)(160 + v * 95 / 255);
  }
  put_text(dir, "images/.keep", "");
  for (int i = 0; i < RIGHT + KINDS - 1; i++) {
    char *path = text_format("%s/images/%02d.png", dir, i);
    const int kind = i < RIGHT ? 0 : i - RIGHT + 1;
    assert_int_equal(image_write_png(path, film[kind], SIDE, SIDE, 1), 0);
    free(path);
  }
  xs_site *s;
  assert_int_equal(open_site(dir, FILMS, NULL, &s), XS_OK);
  assert_string_equal(s->unlike,
                      "1 flat (23.png), 1 inverted (20.png), 1 saturated (22.png), 1 dark "
                      "(21.png), 1 bright (24.png)");
  xs_site_close(s);
  xs_site_options few = {.limit = 19};
  assert_int_equal(open_site(dir, FILMS, &few, &s), XS_OK);
  assert_null(s->unlike);
  xs_site_close(s);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),      cmocka_unit_test(test_real),
      cmocka_unit_test(test_refused),    cmocka_unit_test(test_second_frame),
      cmocka_unit_test(test_cut_short),  cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_too_large),  cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_one_range),  cmocka_unit_test(test_unlike),
      cmocka_unit_test(test_dim),        cmocka_unit_test(test_modality_white),
      cmocka_unit_test(test_voi_tables), cmocka_unit_test(test_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
