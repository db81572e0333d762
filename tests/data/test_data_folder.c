#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "data_files.h"
#include "file.h"
#include "image.h"
#include "text.h"

static const char site[] = "name: a\nformat: folder\nimages: images\nlabels: labels.csv\n"
                           "classes: [no, yes]\nsize: 4\ngroup_column: patient\n";
static const char csv[] = "file,patient,label\ngray.png,p1,no\nrgb.jpg,p2,yes\nrgba.png,p1,\n";

static void put_sample(const char *dir, const char *sample, const char *name) {
  char *path = text_format("%s/golden/images/%s", TEST_DATA, sample);
  copy_file(path, dir, name);
  free(path);
}

/* A folder of three images with labels. */
static char *start(void) {
  char *dir = temporary_dir();
  put_sample(dir, "gray.png", "images/gray.png");
  put_sample(dir, "rgb.jpg", "images/rgb.jpg");
  put_sample(dir, "rgba.png", "images/rgba.png");
  put_text(dir, "images/notes.txt", "not an image");
  put_text(dir, "labels.csv", csv);
  return dir;
}

/* One image is read as the images of its model's training were. */
static void test_preprocessing(void **state) {
  (void)state;
  char *dir = temporary_dir(), *gray = text_format("%s/golden/images/gray.png", TEST_DATA);
  char *deep = text_format("%s/golden/images/gray16.png", TEST_DATA);
  xs_preprocessing p = {.resize = XS_NEAREST, .max_value = 65535, .center_crop = true};
  xs_site *s;
  xs_images *x;
  put_sample(dir, "gray.png", "images/gray.png");
  assert_int_equal(open_site(dir,
                             "name: a\nformat: folder\nimages: images\nsize: 17\n"
                             "center_crop: true\nresize: nearest\n",
                             NULL, &s),
                   XS_OK);
  assert_int_equal(xs_image_open(gray, &p, &x), XS_OK);
  assert_int_equal(x->width, 17);
  assert_int_equal(x->how.resize, XS_NEAREST);
  assert_float_equal(x->max_value, 255, 0);
  assert_memory_equal(x->pixels, s->images.pixels, 17 * 17);
  xs_images_close(x);
  xs_site_close(s);
  p.max_value = 4095; /* below the largest value of gray16.png */
  assert_int_not_equal(xs_image_open(deep, &p, &x), XS_OK);
  assert_null(x);
  assert_says("above max_value 4095");
  free(gray);
  free(deep);
  remove_dir(dir);
}

static void test_near_black(void **state) {
  (void)state;
  char *path = text_format("%s/golden/images/gray12.png", TEST_DATA);
  xs_preprocessing p = {.resize = XS_BILINEAR, .max_value = 4095};
  xs_images *x;
  assert_int_equal(xs_image_open(path, &p, &x), XS_OK);
  assert_float_equal(x->max_value, 4095, 0);
  xs_images_close(x);
  p.max_value = 255;
  assert_int_not_equal(xs_image_open(path, &p, &x), XS_OK);
  assert_says("above max_value 255");
  p.max_value = 0;
  assert_int_equal(xs_image_open(path, &p, &x), XS_OK);
  assert_non_null(x->doubt);
  assert_int_equal(strncmp(x->doubt, "near black: its largest value is ", 33), 0);
  xs_images_close(x);
  free(path);
}

static int try_open(const char *path) {
  xs_images *x;
  xs_status status = xs_image_open(path, NULL, &x);
  assert_true((x == NULL) == (status != XS_OK));
  xs_images_close(x);
  return status;
}

/* Every shorter file is refused by name and none crashes. */
static void test_truncated(void **state) {
  (void)state;
  static const char *const names[] = {"rgb.png",  "gray16.png", "palette.png",     "rgb.jpg",
                                      "gray.jpg", "cmyk.jpg",   "orientation3.jpg"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = text_format("%s/golden/images/%s", TEST_DATA, names[i]);
    assert_beginnings_refused(path, 0, 1, 2, try_open);
    free(path);
  }
}

/* A changed byte may go unseen in a JPEG; it must not crash or leave the message empty. */
static void test_damaged(void **state) {
  (void)state;
  static const char *const names[] = {"rgb.png", "palette.png", "progressive.jpg", "rgb.jpg"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = text_format("%s/golden/images/%s", TEST_DATA, names[i]);
    assert_damage_survived(path, 0, 1, try_open);
    free(path);
  }
}

static void test_write_png(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "x.png");
  uint8_t pixels[2 * 5 * 3];
  for (int i = 0; i < 30; i++) pixels[i] = (uint8_t)(i * 8);
  for (int channels = 1; channels <= 3; channels += 2) {
    xs_images *x;
    assert_int_equal(image_write_png(path, pixels, 2, 5, channels), 0);
    assert_int_equal(xs_image_open(path, NULL, &x), XS_OK);
    assert_int_equal(x->height, 2);
    assert_int_equal(x->width, 5);
    assert_int_equal(x->channels, channels);
    assert_memory_equal(x->pixels, pixels, (size_t)(10 * channels));
    xs_images_close(x);
  }
  assert_int_not_equal(image_write_png("/nowhere/x.png", pixels, 2, 5, 1), 0);
  free(path);
  remove_dir(dir);
}

static void test_other_files(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "x");
  char dicom[140] = {0};
  xs_images *x;
  memcpy(dicom + 128, "DICM", 4);
  put(dir, "x", dicom, sizeof dicom);
  assert_int_not_equal(xs_image_open(path, NULL, &x), XS_OK);
  assert_says("/x: cannot be read as DICOM");
  put_text(dir, "x", "");
  assert_int_not_equal(xs_image_open(path, NULL, &x), XS_OK);
  assert_says("/x: an empty file");
  put_text(dir, "x", "GIF89a");
  assert_int_not_equal(xs_image_open(path, NULL, &x), XS_OK);
  assert_says("not a PNG, JPEG, TIFF, BMP or DICOM file (6 bytes)");
  assert_int_not_equal(xs_image_open("/nowhere.png", NULL, &x), XS_OK);
  assert_says("/nowhere.png");
  free(path);
  remove_dir(dir);
}

static void test_labelled(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  assert_int_equal(open_site(dir, site, NULL, &s), XS_OK);
  assert_int_equal(s->images.n, 3);
  assert_int_equal(s->images.height, 4);
  assert_int_equal(s->images.channels, 3);
  assert_string_equal(s->images.file[1], "rgb.jpg");
  assert_int_equal(s->label[0], 0);
  assert_int_equal(s->label[1], 1);
  assert_int_equal(s->label[2], -1);
  assert_true(s->images.group[0] == s->images.group[2]);
  assert_true(s->images.group[0] != s->images.group[1]);
  const uint8_t *gray = s->images.pixels; /* repeated, since the site has colour */
  assert_int_equal(gray[0], gray[1]);
  assert_int_equal(gray[0], gray[2]);
  xs_site_close(s);
  remove_dir(dir);
}

static void test_unlabelled(void **state) {
  (void)state;
  char *dir = start();
  put_sample(dir, "gray16.png", "images/z.PNG");
  xs_site *s;
  assert_int_equal(open_site(dir, "name: a\nformat: folder\nimages: images\nsize: 8\n", NULL, &s),
                   XS_OK);
  assert_int_equal(s->images.n, 4);
  assert_int_equal(s->images.bytes, 2);
  assert_string_equal(s->images.file[0], "gray.png");
  assert_string_equal(s->images.file[3], "z.PNG");
  for (int i = 0; i < 4; i++) assert_int_equal(s->label[i], -1);
  /* gray16 is 257 gray + 3, and gray was stretched to 16 bits: the same but for rounding. */
  const uint16_t *a = s->images.pixels, *b = a + 3 * 64 * 3;
  for (int i = 0; i < 64 * 3; i++) assert_in_range(abs(a[i] - b[i]), 0, 257);
  xs_site_close(s);
  xs_site_options o = {.limit = 2};
  assert_int_equal(open_site(dir, "name: a\nformat: folder\nimages: images\nsize: 8\n", &o, &s),
                   XS_OK);
  assert_int_equal(s->images.n, 2);
  xs_site_close(s);
  remove_dir(dir);
}

static void assert_values(const xs_site *s, const char *name, const char *const expected[3]) {
  const xs_attribute *a = xs_site_attribute(s, name);
  assert_non_null(a);
  for (int i = 0; i < 3; i++) {
    if (!expected[i]) {
      assert_int_equal(a->value[i], -1);
    } else {
      assert_string_equal(a->level[a->value[i]], expected[i]);
    }
  }
}

static void test_attributes(void **state) {
  (void)state;
  char *dir = start(), *yaml = text_format("%ssex_column: Sex\nage_column: Age\nview_column: View\n"
                                           "scanner_column: Machine\n",
                                           site);
  xs_site *s;
  put_text(dir, "labels.csv",
           "file,patient,label,Sex,Age,View,Machine\ngray.png,p1,no,Female,063Y,PA,A\n"
           "rgb.jpg,p2,yes,m,414,,B\nrgba.png,p1,,Unknown,6M,PA,A\n");
  assert_int_equal(open_site(dir, yaml, NULL, &s), XS_OK);
  assert_int_equal(s->attributes, 4);
  assert_values(s, "sex", (const char *const[]){"F", "M", NULL});
  assert_values(s, "age", (const char *const[]){"63", NULL, "0.5"});
  assert_values(s, "view", (const char *const[]){"PA", NULL, "PA"});
  assert_values(s, "scanner", (const char *const[]){"A", "B", "A"});
  assert_int_equal(xs_site_attribute(s, "view")->levels, 1);
  assert_null(xs_site_attribute(s, "height"));
  assert_string_equal(s->patient[2], "p1");
  xs_site_close(s);
  REFUSED(dir,
          "name: a\nformat: folder\nimages: images\nlabels: labels.csv\nsize: 4\n"
          "sex_column: Gender\n",
          "no column \"Gender\" (sex_column)");
  free(yaml);
  remove_dir(dir);
}

static void test_center_crop(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "images/x.png");
  const uint8_t pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; /* 2 x 6 */
  put_text(dir, "images/.keep", "");
  assert_int_equal(image_write_png(path, pixels, 2, 6, 1), 0);
  xs_site *s;
  assert_int_equal(
      open_site(dir, "name: a\nformat: folder\nimages: images\nsize: 2\ncenter_crop: true\n", NULL,
                &s),
      XS_OK);
  assert_memory_equal(s->images.pixels, ((uint8_t[]){3, 4, 9, 10}), 4);
  xs_site_close(s);
  assert_int_equal(open_site(dir,
                             "name: a\nformat: folder\nimages: images\nsize: 2\nresize: nearest\n",
                             NULL, &s),
                   XS_OK);
  assert_memory_equal(s->images.pixels, ((uint8_t[]){1, 4, 7, 10}), 4);
  xs_site_close(s);
  free(path);
  remove_dir(dir);
}

static void test_wrong_folder(void **state) {
  (void)state;
  char *dir = start();
  put_text(dir, "empty/.keep", "");
  REFUSED(dir, "name: a\nformat: folder\nimages: .\nsize: 4\n",
          "no PNG, JPEG, TIFF, BMP or DICOM images here, but in", "/images: name that folder");
  REFUSED(dir, "name: a\nformat: folder\nimages: empty\nsize: 4\n",
          "no PNG, JPEG, TIFF, BMP or DICOM images in this folder");
  REFUSED(dir, "name: a\nformat: folder\nimages: nowhere\nsize: 4\n", "there is no folder",
          "/nowhere");
  REFUSED(dir,
          "name: a\nformat: folder\nimages: .\nlabels: labels.csv\nclasses: [no, yes]\nsize: 4\n",
          "labels.csv:2: image \"gray.png\"", "it is in ", "/images: name that folder");
  REFUSED(dir, "name: a\nformat: folder\nimages: images\n", "size is missing");
  REFUSED(dir, "name: a\nformat: folder\nimages: [images, empty]\nsize: 4\n",
          "/empty: no PNG, JPEG, TIFF, BMP or DICOM images in this folder");
  REFUSED(dir, "name: a\nformat: folder\nimages: images\nlabels: [a.csv, b.csv]\nsize: 4\n",
          "at most one CSV file (labels), found 2", "mapping");
  remove_dir(dir);
}

/* Images are looked up in several folders; a name in two of them is refused, also without a table.
 */
static void test_several_folders(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  put_sample(dir, "gray.png", "more/z.png");
  assert_int_equal(
      open_site(dir, "name: a\nformat: folder\nimages: [images, more]\nsize: 4\n", NULL, &s),
      XS_OK);
  assert_int_equal(s->images.n, 4);
  xs_site_close(s);
  put_sample(dir, "gray.png", "more/gray.png");
  REFUSED(dir, "name: a\nformat: folder\nimages: [images, more]\nsize: 4\n",
          "image \"gray.png\" is in two folders", "/images/gray.png and ", "/more/gray.png");
  put_text(dir, "labels.csv", "file,patient,label\nz.png,p1,no\nrgb.jpg,p2,yes\n");
  assert_int_equal(open_site(dir,
                             "name: a\nformat: folder\nimages: [images, more]\nsize: 4\n"
                             "labels: labels.csv\nclasses: [no, yes]\n",
                             NULL, &s),
                   XS_OK);
  assert_int_equal(s->images.n, 2);
  xs_site_close(s);
  remove_dir(dir);
}

/* Images that are listed but not there: counted, the first named, left out when asked. */
static void test_missing(void **state) {
  (void)state;
  char *dir = start(), *link = file_join(dir, "images/loop.png");
  put_text(dir, "labels.csv",
           "file,patient,label\nx.png,p1,no\ngray.png,p1,no\ny.png,p1,no\nrgb.jpg,p2,yes\n");
  REFUSED(dir, site, "labels.csv:2: image \"x.png\" is not in", "2 of 4 images are not there",
          "--skip-unreadable");
  const xs_site_options o = {.skip_unreadable = true};
  xs_site *s;
  assert_int_equal(open_site(dir, site, &o, &s), XS_OK);
  assert_int_equal(s->images.n, 2);
  assert_int_equal(s->skipped, 2);
  assert_non_null(strstr(s->skipped_image[0], "labels.csv:2: image \"x.png\""));
  xs_site_close(s);
  assert_int_equal(symlink("loop.png", link), 0);
  put_text(dir, "labels.csv", "file,patient,label\nloop.png,p1,no\nrgb.jpg,p2,yes\n");
  REFUSED(dir, site, "image \"loop.png\"", "a link that leads nowhere, or in a circle");
  free(link);
  remove_dir(dir);
}

/* Names as macOS writes them (u and a diaeresis), also of a folder and a patient, and both in a CSV
 * file that writes them otherwise. */
static void test_unicode_forms(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  put_sample(dir, "gray.png", "images/mu\xcc\x88ller/o\xcc\x81 1.png");
  put_sample(dir, "gray.png", "images/\xc3\xa9.png");
  put_text(dir, "labels.csv",
           "file,patient,label\nm\xc3\xbcller/\xc3\xb3 1.png,Andr\xc3\xa9,no\n"
           "e\xcc\x81.png,Andre\xcc\x81,yes\nrgb.jpg,p2,yes\n");
  assert_int_equal(open_site(dir, site, NULL, &s), XS_OK);
  assert_int_equal(s->images.n, 3);
  assert_true(s->images.group[0] == s->images.group[1]);
  xs_site_close(s);
  put_text(dir, "labels.csv",
           "file,patient,label\ne\xcc\x81.png,p,no\n\xc3\xa9.png,p,yes\nrgb.jpg,p2,yes\n");
  REFUSED(dir, site, "labels.csv:3: image \"\xc3\xa9.png\" was already on line 2");
  put_text(dir, "labels.csv", "file,patient,label\n\xc3\xa8.png,p,no\nrgb.jpg,p2,yes\n");
  REFUSED(dir, site, "labels.csv:2: image \"\xc3\xa8.png\" is not in");
  remove_dir(dir);
}

static const char numbers_site[] =
    "name: a\nformat: folder\nimages: images\nlabels: labels.csv\ngroup_column: patient\nsize: 8\n"
    "classes: [\"0\", \"1\"]\n";

/* As a spreadsheet or pandas writes 0 and 1 beside an empty cell; never is the other class
 * proposed. */
static void test_labels_as_numbers(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  put_text(dir, "labels.csv",
           "file,patient,label\ngray.png,p1,1.0\nrgb.jpg,p2,0.0\nrgba.png,p3,\n");
  assert_int_equal(open_site(dir, numbers_site, NULL, &s), XS_OK);
  assert_int_equal(s->label[0], 1);
  assert_int_equal(s->label[1], 0);
  assert_int_equal(s->label[2], -1);
  xs_site_close(s);
  put_text(dir, "labels.csv", "file,patient,label\ngray.png,p1,2.0\nrgb.jpg,p2,0\n");
  REFUSED(dir, numbers_site, "label \"2.0\" is not a class of", "(\"0\", \"1\"); correct it");
  assert_null(strstr(fail_message(), "nearest"));
  put_text(dir, "labels.csv", "file,patient,label\ngray.png,p1,\nrgb.jpg,p2,\n");
  REFUSED(dir, numbers_site, "every cell of column \"label\" in", "labels.csv is empty",
          "take out label_column and classes to use it as an unlabelled target");
  remove_dir(dir);
}

static void assert_merged(const char *more, const int32_t *label) {
  char *dir = start(), *text = text_format("%s%s", numbers_site, more);
  xs_site *s;
  put_text(dir, "labels.csv",
           "file,patient,label,who\ngray.png,p1,1,A\ngray.png,p1,1,A\nrgb.jpg,p2,0,A\n"
           "gray.png,p1,0,B\nrgb.jpg,p2,1,B\nrgba.png,p3,0,A\nrgb.jpg,p2,1,C\ngray.png,p1,0,C\n");
  const xs_status status = open_site(dir, text, NULL, &s);
  if (status) print_error("%s: %s\n", more, fail_message());
  assert_int_equal(status, XS_OK);
  assert_int_equal(s->images.n, 3);
  for (int i = 0; i < 3; i++) assert_int_equal(s->label[i], label[i]);
  xs_site_close(s);
  free(text);
  remove_dir(dir);
}

static void test_several_rows(void **state) {
  (void)state;
  assert_merged("rows: any\n", (const int32_t[]){1, 1, 0});
  assert_merged("rows: majority\n", (const int32_t[]){-1, 1, 0});
  assert_merged("rows: majority\nreader_column: who\n", (const int32_t[]){0, 1, 0});
  char *dir = start();
  put_text(dir, "labels.csv", "file,patient,label\ngray.png,p1,1\nrgb.jpg,p2,0\ngray.png,p1,1\n");
  REFUSED(dir, numbers_site, "was already on line 2; keep one of them (1 row lists an image again)",
          "rows of an image become one label: rows: any, all or majority");
  put_text(dir, "labels.csv", "file,patient,label\ngray.png,p1,1\nrgb.jpg,p2,0\ngray.png,p3,1\n");
  char *text = text_format("%srows: all\n", numbers_site);
  REFUSED(dir, text, "labels.csv:4: image \"gray.png\" is of patient p3, on line 2 of patient p1");
  free(text);
  text = text_format("%sreader_column: who\n", numbers_site);
  REFUSED(dir, text, "reader_column is there and rows is not");
  free(text);
  REFUSED(dir,
          "name: a\nformat: folder\nimages: images\nlabels: labels.csv\nsize: 8\n"
          "classes: [a, b, c]\nrows: any\n",
          "rows: any needs two classes", "with 3 classes use rows: majority");
  remove_dir(dir);
}

static void refuse_csv(const char *text, const char *part, const char *other) {
  char *dir = start();
  put_text(dir, "labels.csv", text);
  REFUSED(dir, site, part, other);
  remove_dir(dir);
}

static void test_csv(void **state) {
  (void)state;
  refuse_csv("file,patient,label\nx.png,p,no\n", "labels.csv:2: image \"x.png\" is not in",
             "correct the row or remove it");
  refuse_csv("file,patient,lable\ngray.png,p,no\n", "no column \"label\"",
             "its columns are: file, patient, lable; did you mean label_column: lable?");
  refuse_csv("image,patient,label\ngray.png,p,no\n", "no column \"file\"", "image, patient, label");
  refuse_csv("file,patient,label\ngray.png,p,maybe\n",
             "labels.csv:2: label \"maybe\" is not a class", "(\"no\", \"yes\")");
  refuse_csv("file,patient,label\ngray.png,p,no\n", "class \"yes\" has no image", "1 labelled");
  refuse_csv("file,patient,label\n\ngray.png,p,no\nrgb.jpg,p,yes\ngray.png,p,no\n",
             "labels.csv:5: image \"gray.png\" was already on line 3", "keep one");
  refuse_csv("file,patient,label\ngray.png,no\n", "labels.csv:2: 2 cells, the header has 3",
             "quotes");
  refuse_csv("file,patient,label\ngray.png,,no\n", "labels.csv:2: \"patient\" is empty", "");
  refuse_csv("file,patient,label\n,p,no\n", "labels.csv:2: \"file\" is empty", "");
  refuse_csv("file,patient,label\ngray.png,\"p,no\nrgb.jpg,q\",yes\n",
             "labels.csv:2: \"patient\" goes over lines", "quotes");
  refuse_csv("file,patient,label\n\"gray.png\n\",p,no\n", "labels.csv:2: \"file\" goes over lines",
             "");
  refuse_csv("file,patient,label\ngray.png,p,no\n.//gray.png/,p,yes\n",
             "labels.csv:3: image \"gray.png\" was already on line 2, with another label", "");
  refuse_csv("file,patient,label\n../images/gray.png,p,no\n",
             "labels.csv:2: image \"../images/gray.png\" leads out of the folder", "");
  refuse_csv("file,patient,label\n/etc/x.png,p,no\n", "leads out of the folder", "");
  refuse_csv("file,patient,label\ngray.png,p,no\ngray.png,p,yes\n",
             "image \"gray.png\" was already on line 2, with another label", "keep one");
  refuse_csv("file,patient,label\n", "labels.csv: no rows", "header row");
  refuse_csv("", "labels.csv: no rows", "header row");
  refuse_csv("file,patient,label\n\"gray.png,p,no\n",
             "labels.csv:2: column 1 (\"file\"): its quotes do not end", "");
  refuse_csv("file,patient,label\n\"gray\"x.png,p,no\n",
             "labels.csv:2: column 1 (\"file\"): not CSV", "quotes");
}

static void test_csv_dialects(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  put_text(dir, "labels.csv",
           "\xef\xbb\xbf"
           "file;patient;label\r\n\"gray.png\";\"a;b\";no\r\nrgb.jpg;c;yes\r\n");
  assert_int_equal(open_site(dir, site, NULL, &s), XS_OK);
  assert_int_equal(s->images.n, 2);
  assert_int_equal(s->label[1], 1);
  xs_site_close(s);
  put_text(dir, "labels.csv", "label,patient,file\nyes,c,rgb.jpg\nno,c,gray.png");
  assert_int_equal(open_site(dir, site, NULL, &s), XS_OK);
  assert_int_equal(s->label[0], 1);
  xs_site_close(s);
  remove_dir(dir);
}

/* A transparent colour in a palette is dropped in a folder with gray images, too. */
static void test_transparent_palette(void **state) {
  (void)state;
  char *dir = temporary_dir();
  put_sample(dir, "palette.png", "plain/a.png");
  put_sample(dir, "gray.png", "plain/b.png");
  put_sample(dir, "palette-trns.png", "transparent/a.png");
  put_sample(dir, "gray.png", "transparent/b.png");
  xs_site *a, *b;
  assert_int_equal(open_site(dir, "name: a\nformat: folder\nimages: plain\nsize: 8\n", NULL, &a),
                   XS_OK);
  assert_int_equal(
      open_site(dir, "name: a\nformat: folder\nimages: transparent\nsize: 8\n", NULL, &b), XS_OK);
  assert_int_equal(b->images.channels, 3);
  assert_memory_equal(a->images.pixels, b->images.pixels, 2 * 8 * 8 * 3);
  xs_site_close(a);
  xs_site_close(b);
  remove_dir(dir);
}

static void test_unreadable(void **state) {
  (void)state;
  char *dir = start();
  put_text(dir, "images/rgba.png", "\x89PNG\r\n\x1a\n");
  REFUSED(dir, site, "images/rgba.png: cannot be decoded as PNG", "1 of 3", "--skip-unreadable");
  xs_site_options o = {.skip_unreadable = true};
  xs_site *s;
  assert_int_equal(open_site(dir, site, &o, &s), XS_OK);
  assert_int_equal(s->images.n, 2);
  assert_int_equal(s->skipped, 1);
  assert_non_null(strstr(s->skipped_image[0], "rgba.png: cannot be decoded"));
  xs_site_close(s);
  put_text(dir, "images/rgb.jpg", "");
  assert_int_not_equal(open_site(dir, site, &o, &s), XS_OK);
  assert_null(s);
  assert_says("class \"yes\" has no image among the 1 labelled ones; raise the limit or repair");
  put_text(dir, "images/gray.png", "x");
  assert_int_not_equal(open_site(dir, site, &o, &s), XS_OK);
  assert_says("none of the 3 images can be read");
  remove_dir(dir);
}

static void test_range(void **state) {
  (void)state;
  char *dir = start();
  put_sample(dir, "gray16.png", "deep/x.png");
  REFUSED(dir, "name: a\nformat: folder\nimages: deep\nsize: 4\nmax_value: 4095\n", "deep/x.png",
          "above max_value 4095");
  REFUSED(dir, "name: a\nformat: folder\nimages: images\nsize: 4\nmax_value: 4095\n",
          "max_value is 4095, but the images have 8 bits");
  remove_dir(dir);
}

/* Real chest X-rays, where the folder of development data is there. */
static void test_chest(void **state) {
  (void)state;
  if (!getenv("XSITE_DATA")) skip();
  char *dir = temporary_dir();
  xs_site_options o = {.limit = 40};
  xs_site *s;
  assert_int_equal(open_site(dir,
                             "name: nih\nformat: folder\nroot: data\nimages: cxr/nih\n"
                             "labels: cxr/nih/labels.csv\nclasses: [\"0\", \"1\"]\nsize: 32\n"
                             "file_column: image\nlabel_column: opacity\ngroup_column: patient\n",
                             &o, &s),
                   XS_OK);
  assert_int_equal(s->images.n, 40);
  assert_int_equal(s->images.channels, 1);
  xs_site_close(s);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_truncated),       cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_write_png),       cmocka_unit_test(test_other_files),
      cmocka_unit_test(test_labelled),        cmocka_unit_test(test_unlabelled),
      cmocka_unit_test(test_attributes),      cmocka_unit_test(test_center_crop),
      cmocka_unit_test(test_wrong_folder),    cmocka_unit_test(test_csv),
      cmocka_unit_test(test_unicode_forms),   cmocka_unit_test(test_labels_as_numbers),
      cmocka_unit_test(test_several_rows),    cmocka_unit_test(test_csv_dialects),
      cmocka_unit_test(test_several_folders), cmocka_unit_test(test_missing),
      cmocka_unit_test(test_unreadable),      cmocka_unit_test(test_preprocessing),
      cmocka_unit_test(test_near_black),      cmocka_unit_test(test_transparent_palette),
      cmocka_unit_test(test_range),           cmocka_unit_test(test_chest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
