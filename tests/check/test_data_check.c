#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <turbojpeg.h>

#include "check_sites.h"
#include "clustered_share.h"
#include "data_files.h"
#include "encoding.h"
#include "file.h"
#include "hash_index.h"
#include "image.h"
#include "memory.h"
#include "perceptual.h"
#include "random.h"
#include "target_encoding.h"
#include "text.h"
#include "tg.h"
#include "union_find.h"

/* ---- films that are drawn
 * ------------------------------------------------------------------------
 */

enum { FILMS = 120, SIDE = 96 };

typedef struct film { /* a view of drawing `seed` */
  uint64_t seed;
  int width, height;
  double left, top, right, bottom; /* of the drawing's unit square */
  double gain, offset;
} film;

static film whole_film(uint64_t seed) {
  return (film){.seed = seed, .width = SIDE, .height = SIDE, .right = 1, .bottom = 1, .gain = 1};
}

enum { SPOTS = 30 };

typedef struct spot {
  double x, y, width, height;
} spot;

static double draw(uint64_t seed, int k, int what) {
  return (double)random_uniform(seed, random_stream("film"), (uint64_t)k, (uint64_t)what);
}

static void draw_spots(uint64_t seed, spot s[SPOTS]) {
  for (int k = 0; k < SPOTS; k++) {
    s[k] = (spot){draw(seed, k, 0), draw(seed, k, 1), 0.03 + 0.05 * draw(seed, k, 2),
                  0.3 * (draw(seed, k, 3) - 0.5)};
  }
}

static double hill(double x, double y) {
  const double r = x * x + y * y;
  return r < 9 ? exp(-r) : 0;
}

/* Two dark lungs, the same in all, and spots of its own. */
static double tone(const film *f, const spot s[SPOTS], double x, double y) {
  double v = 0.75 - 0.4 * hill((x - 0.3) / 0.15, (y - 0.5) / 0.28) -
             0.4 * hill((x - 0.7) / 0.15, (y - 0.5) / 0.28);
  for (int k = 0; k < SPOTS; k++) {
    v += s[k].height * hill((x - s[k].x) / s[k].width, (y - s[k].y) / s[k].width);
  }
  return 255 * (f->gain * v + f->offset);
}

static uint8_t *develop(const film *f) {
  uint8_t *p = memory_new((size_t)f->width * (size_t)f->height);
  spot s[SPOTS];
  draw_spots(f->seed, s);
  for (int i = 0; i < f->width * f->height; i++) {
    const double x = f->left + (f->right - f->left) * (i % f->width + 0.5) / f->width;
    const double y = f->top + (f->bottom - f->top) * ((double)(i / f->width) + 0.5) / f->height;
    p[i] = (uint8_t)fmin(255, fmax(0, tone(f, s, x, y) + 0.5));
  }
  return p;
}

static void write_png(const char *dir, const char *name, const film *f, const uint8_t *p) {
  char *path = file_join(dir, name);
  assert_int_equal(image_write_png(path, p, f->height, f->width, 1), 0);
  free(path);
}

static void put_film(const char *dir, const char *name, film f) {
  uint8_t *p = develop(&f);
  write_png(dir, name, &f, p);
  free(p);
}

/* Whole films of the seeds that most sites begin at, 1000 and 2000, are drawn once. */
static void put_whole(const char *dir, const char *name, uint64_t seed) {
  static uint8_t *drawn[2][FILMS];
  const film f = whole_film(seed);
  uint8_t **p = &drawn[seed / 1000 - 1][seed % 1000];
  if (!*p) *p = develop(&f);
  write_png(dir, name, &f, *p);
}

static void put_jpeg(const char *dir, const char *name, film f, int quality) {
  uint8_t *p = develop(&f), *jpeg = NULL;
  unsigned long size = 0;
  tjhandle t = tjInitCompress();
  assert_int_equal(
      tjCompress2(t, p, f.width, 0, f.height, TJPF_GRAY, &jpeg, &size, TJSAMP_GRAY, quality, 0), 0);
  put(dir, name, jpeg, size);
  tjFree(jpeg);
  tjDestroy(t);
  free(p);
}

/* ---- sites
 * ---------------------------------------------------------------------------------------
 */

typedef struct site { /* a folder of films, whose rows may be changed before it is written */
  char *dir;
  const char *name;
  char file[FILMS + 8][32], patient[FILMS + 8][32], side[FILMS + 8][16], view[FILMS + 8][16];
  int label[FILMS + 8];
  int n;
} site;

static void add_row(site *s, const char *file, const char *patient, int label) {
  const int i = s->n++;
  snprintf(s->file[i], sizeof s->file[i], "%s", file);
  snprintf(s->patient[i], sizeof s->patient[i], "%s", patient);
  snprintf(s->side[i], sizeof s->side[i], "%s", i % 10 < 8 ? "train" : "test");
  snprintf(s->view[i], sizeof s->view[i], "PA");
  s->label[i] = label;
}

/* Two films a patient, two labels, nothing else. */
static site *make_site(const char *name, uint64_t first) {
  site *s = memory_new(sizeof *s);
  s->dir = temporary_dir();
  s->name = name;
  char *images = file_join(s->dir, "images");
  assert_int_equal(file_make_dirs(images), 0);
  for (int i = 0; i < FILMS; i++) {
    char file[32], patient[32];
    snprintf(file, sizeof file, "%s-%03d.png", name, i);
    snprintf(patient, sizeof patient, "%s-%d", name, i / 2);
    add_row(s, file, patient, random_u32(first, random_stream("label"), 0, (uint64_t)i) % 2 == 0);
    put_whole(images, file, first + (uint64_t)i);
  }
  free(images);
  return s;
}

static char *write_site(const site *s, const char *more) {
  char *csv = text_copy("file,patient,label,side,view\n");
  for (int i = 0; i < s->n; i++) {
    char *longer = text_format("%s%s,%s,%s,%s,%s\n", csv, s->file[i], s->patient[i],
                               s->label[i] < 0 ? ""
                               : s->label[i]   ? "sick"
                                               : "well",
                               s->side[i], s->view[i]);
    free(csv);
    csv = longer;
  }
  put_text(s->dir, "labels.csv", csv);
  char *yaml = text_format("name: %s\nformat: folder\nimages: images\nlabels: labels.csv\n"
                           "classes: [well, sick]\ngroup_column: patient\nsize: 32\n%s",
                           s->name, more);
  put_text(s->dir, "site.yaml", yaml);
  free(yaml);
  free(csv);
  return file_join(s->dir, "site.yaml");
}

static char *images_of(const site *s) { return file_join(s->dir, "images"); }

static void release(site *s) {
  remove_dir(s->dir);
  free(s);
}

static const xs_check_task plain = {.seed = 1,
                                    .near_bits = 10,
                                    .near_match = 0.9,
                                    .shortcut_auc = 0.65,
                                    .alpha = 0.05,
                                    .replicates = 100};

/* What a check says; status: what it must end with. */
static json_t *check(xs_status status, const xs_check_task *o, const char *a, const char *b) {
  const char *const path[] = {a, b};
  char *text;
  const xs_status found = check_sites(path, b ? 2 : 1, o, NULL, &text);
  if (found != status) print_error("status %d: %s\n%s\n", found, xs_message(), text ? text : "");
  assert_int_equal(found, status);
  json_t *root = json_loads(text, 0, NULL);
  assert_non_null(root);
  free(text);
  return root;
}

static const json_t *finding(const json_t *root, const char *kind) {
  size_t i;
  const json_t *f;
  json_array_foreach(json_object_get(root, "findings"), i, f) {
    if (!strcmp(json_string_value(json_object_get(f, "kind")), kind)) return f;
  }
  return NULL;
}

static int64_t count_of(const json_t *root, const char *kind) {
  return json_integer_value(json_object_get(finding(root, kind), "count"));
}

static bool names(const json_t *root, const char *kind, const char *file, const char *note) {
  size_t i;
  const json_t *x;
  json_array_foreach(json_object_get(finding(root, kind), "images"), i, x) {
    if (!strcmp(json_string_value(json_object_get(x, "file")), file)) {
      return strstr(json_string_value(json_object_get(x, "note")), note) != NULL;
    }
  }
  return false;
}

static void assert_advice(const json_t *root, const char *kind, const char *part) {
  const char *advice = json_string_value(json_object_get(finding(root, kind), "advice"));
  assert_non_null(strstr(advice, part));
}

/* A finding of the kind says so. */
static void assert_text(const json_t *root, const char *kind, const char *part) {
  bool found = false;
  size_t i;
  const json_t *f;
  json_array_foreach(json_object_get(root, "findings"), i, f) {
    if (strcmp(json_string_value(json_object_get(f, "kind")), kind) != 0) continue;
    found = found || strstr(json_string_value(json_object_get(f, "text")), part);
  }
  if (!found) print_error("no finding %s says \"%s\"\n", kind, part);
  assert_true(found);
}

/* ---- tests
 * ---------------------------------------------------------------------------------------
 */

static void test_clean(void **state) {
  (void)state;
  site *a = make_site("a", 1000), *b = make_site("b", 2000);
  char *pa = write_site(a, "view_column: view\n"), *pb = write_site(b, "");
  json_t *one = check(XS_OK, &plain, pa, NULL), *two = check(XS_OK, &plain, pa, pb);
  if (json_array_size(json_object_get(two, "findings"))) {
    json_dumpf(json_object_get(two, "findings"), stderr, 0);
  }
  assert_int_equal(json_array_size(json_object_get(one, "findings")), 0);
  assert_int_equal(json_array_size(json_object_get(two, "findings")), 0);
  json_decref(one);
  json_decref(two);
  free(pa);
  free(pb);
  release(a);
  release(b);
}

/* The same seed and any number of threads: the same bytes. */
static void test_reproducible(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *path = write_site(a, "");
  json_t *one = check(XS_OK, &plain, path, NULL);
  json_t *two = check(XS_OK, &plain, path, NULL);
  assert_true(json_equal(one, two));
  json_decref(one);
  json_decref(two);
  free(path);
  release(a);
}

static site *site_with_duplicates(void) {
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  film scaled = whole_film(1005), cropped = whole_film(1007), bright = whole_film(1009);
  scaled.width = scaled.height = 80;
  cropped.left = 0.015;
  cropped.bottom = 0.985;
  bright.gain = 0.8;
  bright.offset = 0.1;
  put_film(images, "equal.png", whole_film(1003));
  put_jpeg(images, "scaled.jpg", scaled, 70);
  put_film(images, "cropped.png", cropped);
  put_film(images, "bright.png", bright);
  add_row(a, "equal.png", "new-1", a->label[3]);
  add_row(a, "scaled.jpg", "new-2", a->label[5]);
  add_row(a, "cropped.png", "new-3", a->label[7]);
  add_row(a, "bright.png", "new-4", !a->label[9]);
  free(images);
  return a;
}

static void test_duplicates(void **state) {
  (void)state;
  site *a = site_with_duplicates(), *b = make_site("b", 2000);
  char *images = images_of(b);
  put_film(images, "other.png", whole_film(1005)); /* of the set of scaled.jpg */
  add_row(b, "other.png", "new-5", a->label[5]);
  put_film(images, "again.png", whole_film(2010));
  add_row(b, "again.png", "b-5", b->label[10]); /* of the same patient */
  char *pa = write_site(a, ""), *pb = write_site(b, "");
  json_t *root = check(XS_HARM, &plain, pa, pb);
  assert_int_equal(count_of(root, "duplicates"), 4);
  assert_text(root, "duplicates", "9 images in 4 sets show the same film as another of another");
  assert_text(root, "duplicates", "1 of the sets has equal pixels");
  assert_text(root, "duplicates", "1 cross sites");
  assert_true(names(root, "duplicates", "cropped.png", "patient new-3"));
  assert_int_equal(count_of(root, "two-labels"), 1);
  assert_true(names(root, "two-labels", "bright.png", "patient new-4"));
  assert_int_equal(count_of(root, "repeats"), 1);
  assert_int_equal(json_integer_value(json_object_get(root, "faults")), 2);
  json_decref(root);
  free(images);
  free(pa);
  free(pb);
  release(a);
  release(b);
}

/* Two labels of one film are found also where a copy without a label lies between. */
static void test_two_labels_apart(void **state) {
  (void)state;
  site *a = make_site("a", 1000), *b = make_site("b", 2000);
  char *images = images_of(b);
  put_film(images, "none.png", whole_film(1003));
  put_film(images, "other.png", whole_film(1003));
  add_row(b, "none.png", "new-1", -1);
  add_row(b, "other.png", "new-2", !a->label[3]);
  char *pa = write_site(a, ""), *pb = write_site(b, "");
  json_t *root = check(XS_HARM, &plain, pa, pb);
  assert_int_equal(count_of(root, "two-labels"), 1);
  assert_true(names(root, "two-labels", "other.png", "patient new-2"));
  json_decref(root);
  free(images);
  free(pa);
  free(pb);
  release(a);
  release(b);
}

/* A film in the middle of a black picture. */
static void put_framed(const char *dir, const char *name, uint64_t seed) {
  const film f = whole_film(seed);
  film framed = f;
  uint8_t *p = develop(&f), *all;
  framed.width = framed.height = SIDE + 16;
  all = memory_new((size_t)(framed.width * framed.height));
  for (int i = 0; i < SIDE; i++) {
    memcpy(all + (i + 8) * framed.width + 8, p + i * SIDE, (size_t)SIDE);
  }
  write_png(dir, name, &framed, all);
  free(all);
  free(p);
}

/* The frames of two films are alike, the films are not; a copy with its frame is found. */
static void test_frames(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  for (int i = 0; i < FILMS; i++) put_framed(images, a->file[i], 1000 + (uint64_t)i);
  char *path = write_site(a, "");
  json_t *root = check(XS_OK, &plain, path, NULL);
  assert_null(finding(root, "duplicates"));
  json_decref(root);
  put_framed(images, "copy.png", 1003);
  add_row(a, "copy.png", "new-1", a->label[3]);
  free(path);
  path = write_site(a, "");
  root = check(XS_HARM, &plain, path, NULL);
  assert_int_equal(count_of(root, "duplicates"), 1);
  assert_true(names(root, "duplicates", a->file[3], "patient a-1"));
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

/* With the group files duplicates are on one side, and other images stay where they were. */
static void test_groups(void **state) {
  (void)state;
  site *a = site_with_duplicates();
  char *pa = write_site(a, ""), *out = file_join(a->dir, "out");
  xs_check_task o = plain;
  xs_site *before, *after;
  o.out = out;
  o.groups = true;
  json_decref(check(XS_HARM, &o, pa, NULL));
  assert_int_equal(xs_site_open(pa, NULL, &before), XS_OK);
  free(pa);
  pa = write_site(a, "group_file: out/groups-a.csv\n");
  assert_int_equal(xs_site_open(pa, NULL, &after), XS_OK);
  const uint64_t *old = before->images.group, *new = after->images.group;
  static const int twin[4] = {3, 5, 7, 9};
  for (int k = 0; k < 4; k++) {
    assert_true(old[FILMS + k] != old[twin[k]]);
    assert_true(new[FILMS + k] == new[twin[k]]);
  }
  for (int i = 0; i < FILMS; i++) assert_true(new[i] == old[i]);
  json_t *root = check(XS_HARM, &plain, pa, NULL);
  assert_null(finding(root, "duplicates"));
  assert_int_equal(count_of(root, "repeats"), 4);
  assert_int_equal(count_of(root, "two-labels"), 1);
  json_decref(root);
  put_text(a->dir, "out/groups-a.csv", "file,group\na-000.png,x\n");
  xs_site *none;
  assert_int_equal(xs_site_open(pa, NULL, &none), XS_FAILED);
  assert_says("no group for the image \"a-001.png\"");
  xs_site_close(before);
  xs_site_close(after);
  free(out);
  free(pa);
  release(a);
}

static void test_patients(void **state) {
  (void)state;
  site *a = make_site("a", 1000), *b = make_site("b", 2000);
  for (int i = 0; i < a->n; i++) {
    strcpy(a->side[i], i / 2 % 5 ? "train" : "test");
    strcpy(b->side[i], i / 2 % 5 ? "train" : "test");
  }
  strcpy(a->side[4], "test"); /* film 5 of the patient is in train */
  strcpy(b->patient[60], "a-8");
  char *pa = write_site(a, ""), *pb = write_site(b, "");
  xs_check_task o = plain;
  o.split_column = "side";
  json_t *root = check(XS_HARM, &o, pa, pb);
  assert_int_equal(count_of(root, "patients"), 1);
  assert_true(names(root, "patients", "a-004.png", "patient a-2, test"));
  assert_true(names(root, "patients", "a-005.png", "patient a-2, train"));
  assert_int_equal(count_of(root, "patient-ids"), 1);
  assert_true(names(root, "patient-ids", "b-060.png", "patient a-8"));
  json_decref(root);
  o = plain;
  o.split_by = "image";
  root = check(XS_HARM, &o, pa, NULL);
  assert_true(count_of(root, "patients") > 5);
  json_decref(root);
  o.split_by = "group";
  json_decref(check(XS_OK, &o, pa, NULL));
  o.split_column = "fold";
  char *text;
  assert_int_equal(check_sites((const char *[]){pa}, 1, &o, NULL, &text), XS_FAILED);
  assert_says("no column \"fold\" (split_column)");
  free(pa);
  free(pb);
  release(a);
  release(b);
}

/* Of several label files each says which side its own rows are on. */
static void test_sides_of_files(void **state) {
  (void)state;
  static const char mapping[] = "mapping: m\nversion: 1\nclasses: [well, sick]\n"
                                "columns: {image: file, patient: patient}\n"
                                "labels: {cells: joined, column: label, positive: [sick], "
                                "negative: [well]}\n";
  site *a = make_site("a", 1000);
  char *text[2] = {text_copy("file,patient,label,side\n"), text_copy("side,file,patient,label\n")};
  for (int i = 0; i < a->n; i++) { /* every fourth patient in the second file */
    const bool second = i / 2 % 4 == 3;
    const char *label = a->label[i] ? "sick" : "well";
    char *longer =
        second ? text_format("%stest,%s,%s,%s\n", text[1], a->file[i], a->patient[i], label)
               : text_format("%s%s,%s,%s,train\n", text[0], a->file[i], a->patient[i], label);
    free(text[second]);
    text[second] = longer;
  }
  put_text(a->dir, "train.csv", text[0]);
  put_text(a->dir, "test.csv", text[1]);
  put_text(a->dir, "mapping.yaml", mapping);
  put_text(a->dir, "site.yaml",
           "name: a\nformat: folder\nimages: images\nlabels: [train.csv, test.csv]\n"
           "mapping: mapping.yaml\nsize: 32\n");
  char *path = file_join(a->dir, "site.yaml");
  xs_check_task o = plain;
  o.split_column = "side";
  json_decref(check(XS_OK, &o, path, NULL));
  char *crossed = text_format("%strain,a-000.png,a-3,sick\n", text[1]), *row = text[0];
  put_text(a->dir, "test.csv", crossed); /* a film of a patient whose others are tested */
  memmove(strstr(row, "a-000.png"), "a-zzz.png", 9);
  put_text(a->dir, "train.csv", row);
  o.near_bits = -1;
  json_t *root = check(XS_HARM, &o, path, NULL);
  assert_int_equal(count_of(root, "patients"), 1);
  assert_true(names(root, "patients", "a-000.png", "patient a-3, train"));
  assert_true(names(root, "patients", "a-006.png", "patient a-3, test"));
  json_decref(root);
  free(crossed);
  free(text[0]);
  free(text[1]);
  free(path);
  release(a);
}

/* What a study refuses, a check does. */
static void test_above_white(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a), *path = write_site(a, "max_value: 4095\n");
  char *from = text_format("%s/golden/images/gray16.png", TEST_DATA);
  copy_file(from, a->dir, "images/a-000.png");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_true(names(root, "unreadable", "a-000.png", "above max_value 4095"));
  json_decref(root);
  free(from);
  free(images);
  free(path);
  release(a);
}

static void test_shared_ids(void **state) {
  (void)state;
  site *a = make_site("a", 1000), *b = make_site("b", 2000);
  strcpy(b->patient[60], "a-8");
  char *pa = write_site(a, "group_prefix: town\n"), *pb = write_site(b, "group_prefix: town\n");
  json_t *root = check(XS_OK, &plain, pa, pb);
  assert_null(finding(root, "patient-ids"));
  json_decref(root);
  free(pa);
  free(pb);
  release(a);
  release(b);
}

static void test_shortcuts(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  for (int i = 0; i < FILMS; i++) {
    film f = whole_film(1000 + (uint64_t)i);
    if (a->label[i]) f.width += 20;
    uint8_t *p = develop(&f);
    for (int k = 0; k < 40 && !a->label[i]; k++) p[(10 + k % 10) * f.width + 8 + k / 10 * 3] = 255;
    write_png(images, a->file[i], &f, p);
    free(p);
  }
  char *path = write_site(a, "");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_text(root, "shortcut", "At a width alone predicts the label: AUC 100.0");
  assert_text(root, "artefact", "At a strokes, top left alone predicts the label: AUC 100.0");
  assert_advice(root, "shortcut", "crop to a square (center_crop)");
  free(path);
  json_decref(root);
  path = write_site(a, "center_crop: true\n");
  root = check(XS_HARM, &plain, path, NULL);
  assert_advice(root, "shortcut", "is hidden by center_crop");
  json_decref(root);
  xs_check_task o = plain;
  o.ignore_labels = true;
  json_decref(check(XS_OK, &o, path, NULL));
  o = plain;
  o.accept = (xs_texts){2, (char *[]){(char[]){"shortcut"}, (char[]){"artefact"}}};
  root = check(XS_OK, &o, path, NULL);
  assert_int_equal(json_integer_value(json_object_get(root, "faults")), 0);
  assert_true(json_integer_value(json_object_get(root, "accepted")) > 1);
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

static void test_exposure(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  film inverted = whole_film(1001), dark = whole_film(1011), white = whole_film(1021);
  film flat = whole_film(1031);
  inverted.gain = -1;
  inverted.offset = 1;
  dark.gain = 0.25;
  white.gain = 1.5;
  white.offset = 0.1;
  flat.gain = 0.005;
  flat.offset = 0.6;
  put_film(images, a->file[1], inverted);
  put_film(images, a->file[11], dark);
  put_film(images, a->file[21], white);
  put_film(images, a->file[31], flat);
  char *path = write_site(a, "");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_int_equal(count_of(root, "exposure"), 4);
  assert_true(names(root, "exposure", a->file[1], "inverted"));
  assert_true(names(root, "exposure", a->file[11], "dark") ||
              names(root, "exposure", a->file[11], "flat"));
  assert_true(names(root, "exposure", a->file[21], "saturated"));
  assert_true(names(root, "exposure", a->file[31], "flat"));
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

static json_t *check_inverted(int64_t inverted, xs_status status) {
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  for (int64_t i = 0; i < inverted; i++) {
    film f = whole_film(1000 + (uint64_t)i);
    f.gain = -1;
    f.offset = 1;
    put_film(images, a->file[i], f);
  }
  char *path = write_site(a, "");
  json_t *root = check(status, &plain, path, NULL);
  free(images);
  free(path);
  release(a);
  return root;
}

/* At every share negatives are named; where they are many, both groups are shown. */
static void test_inverted_in_number(void **state) {
  (void)state;
  static const int number[] = {1, 7, 12, 36, 54};
  for (size_t k = 0; k < sizeof number / sizeof *number; k++) {
    const int n = number[k];
    json_t *root = check_inverted(n, XS_HARM);
    const json_t *findings = json_object_get(root, "findings"), *f;
    size_t i;
    int named = 0;
    bool asked = false;
    json_array_foreach(findings, i, f) {
      const char *text = json_string_value(json_object_get(f, "text"));
      if (strstr(text, "which of the two groups is right?")) {
        asked = true;
        char *says =
            text_format("%d images of a look like negatives of the other %d", n, FILMS - n);
        assert_non_null(strstr(text, says));
        assert_true(json_array_size(json_object_get(f, "images")) >= 23);
        free(says);
        continue;
      }
      const json_t *x;
      size_t j;
      json_array_foreach(json_object_get(f, "images"), j, x) {
        const int at = atoi(json_string_value(json_object_get(x, "file")) + 2);
        named += at < n && strstr(json_string_value(json_object_get(x, "note")), "inverted");
        assert_true(at < n);
      }
    }
    assert_int_equal(named, n);
    assert_int_equal(asked, 5 * n >= FILMS);
    json_decref(root);
  }
}

/* Films without anything in common: that the rule did not apply is said. */
static void test_not_aligned(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  for (int i = 0; i < FILMS; i++) {
    film f = whole_film((uint64_t)i);
    uint8_t *p = develop(&f);
    const int angle = i % 8; /* a bright edge on each side in turn */
    for (int k = 0; k < SIDE * SIDE; k++) {
      const double x = k % SIDE - SIDE / 2.0, y = (double)(k / SIDE) - SIDE / 2.0;
      p[k] = cos(angle * 0.785398) * x + sin(angle * 0.785398) * y > 10 * (i % 3) ? 200 : p[k] / 4;
    }
    write_png(images, a->file[i], &f, p);
    free(p);
  }
  char *path = write_site(a, "");
  xs_check_task o = plain;
  o.near_bits = -1;
  o.ignore_labels = true;
  json_t *root = check(XS_OK, &o, path, NULL);
  assert_text(root, "exposure", "Whether images of a are inverted was not judged");
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

/* From right to left, smaller and compressed, of the same and of another patient. */
static void test_mirrored(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  film same = whole_film(1004), other = whole_film(1010);
  same.left = other.left = 1;
  same.right = other.right = 0;
  same.width = same.height = 80;
  put_jpeg(images, "same.jpg", same, 70);
  put_film(images, "other.png", other);
  add_row(a, "same.jpg", a->patient[4], a->label[4]);
  add_row(a, "other.png", "new", a->label[10]);
  char *path = write_site(a, "");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_int_equal(count_of(root, "repeats"), 1);
  assert_true(names(root, "repeats", "same.jpg", "mirrored"));
  assert_true(names(root, "repeats", a->file[4], "set 1"));
  assert_int_equal(count_of(root, "duplicates"), 1);
  assert_true(names(root, "duplicates", "other.png", "mirrored"));
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

/* A site that is near black as a whole, as 12-bit values in 16-bit files are, has no rest to stand
 * out from. */
static void test_black_site(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *images = images_of(a);
  for (int i = 1; i < FILMS; i++) {
    film black = whole_film(1000 + (uint64_t)i);
    black.gain = 1.0 / 16;
    put_film(images, a->file[i], black);
  }
  char *path = write_site(a, "");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_true(names(root, "exposure", a->file[0], "bright"));
  assert_true(names(root, "exposure", a->file[1], "near black"));
  assert_int_equal(count_of(root, "exposure"), FILMS);
  json_decref(root);
  free(images);
  free(path);
  release(a);
}

static void test_unreadable_and_views(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  put_text(a->dir, "images/a-007.png", "\x89PNG\r\n\x1a\n and no more");
  put_text(a->dir, "images/a-017.png", "");
  strcpy(a->view[20], "LATERAL");
  strcpy(a->view[21], "LL");
  strcpy(a->view[22], "LLD");
  strcpy(a->view[23], "Lat. decubitus");
  char *path = write_site(a, "view_column: view\n"), *out = file_join(a->dir, "out");
  xs_check_task o = plain;
  o.out = out;
  json_t *root = check(XS_HARM, &o, path, NULL);
  assert_text(root, "unreadable", "2 of 120 images of a cannot be read");
  assert_true(names(root, "unreadable", "a-007.png", "a-007.png"));
  assert_text(root, "laterals", "2 lateral and 118 frontal");
  json_decref(root);
  char *html, *page = file_join(out, "check.html");
  size_t size;
  assert_int_equal(file_read(page, &html, &size), 0);
  assert_non_null(strstr(html, "2 of 120 images of a cannot be read"));
  assert_non_null(strstr(html, "data:image/png;base64,"));
  assert_null(strstr(html, "http://") == strstr(html, "http://www.w3.org") ? NULL : html);
  free(html);
  free(page);
  free(out);
  free(path);
  release(a);
}

/* A spreadsheet has taken zeros from some ids; classes are named and every label is empty. */
static void test_patient_numbers(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  for (int i = 0; i < a->n; i++) {
    snprintf(a->patient[i], sizeof a->patient[i], i % 4 ? "%d" : "%06d", 100 + i / 2);
  }
  char *path = write_site(a, "");
  json_t *root = check(XS_HARM, &plain, path, NULL);
  assert_int_equal(count_of(root, "patient-numbers"), FILMS / 4);
  assert_true(names(root, "patient-numbers", a->file[0], "number 1, patient 000100"));
  assert_true(names(root, "patient-numbers", a->file[1], "number 1, patient 100"));
  assert_false(names(root, "patient-numbers", a->file[2], "patient"));
  json_decref(root);
  for (int i = 0; i < a->n; i++) {
    snprintf(a->patient[i], sizeof a->patient[i], "%d", i / 2);
    a->label[i] = -1;
  }
  free(path);
  path = write_site(a, "label_column: label\n");
  root = check(XS_HARM, &plain, path, NULL);
  assert_null(finding(root, "patient-numbers"));
  assert_text(root, "classes", "Every cell of column \"label\" in ");
  json_decref(root);
  xs_check_task o = plain;
  o.ignore_labels = true;
  json_decref(check(XS_OK, &o, path, NULL));
  free(path);
  release(a);
}

static void test_classes(void **state) {
  (void)state;
  site *a = make_site("a", 1000), *b = make_site("b", 2000);
  for (int i = 0; i < b->n; i++) b->label[i] = i % 30 == 0;
  char *pa = write_site(a, ""), *pb = write_site(b, "");
  json_t *root = check(XS_OK, &plain, pa, pb);
  assert_text(root, "prevalence", "points less common at b than at a");
  assert_text(root, "sites-differ", "share of sick");
  assert_text(root, "classes", "sick is rare at b: 4 of 120");
  for (int i = 0; i < b->n; i++) b->label[i] = 0;
  free(pb);
  pb = write_site(b, "");
  json_decref(root);
  root = check(XS_HARM, &plain, pb, NULL);
  assert_text(root, "classes", "No readable image of b has the label sick");
  json_decref(root);
  free(pa);
  free(pb);
  release(a);
  release(b);
}

static void test_refusals(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *path = write_site(a, ""), *text;
  xs_check_task o = plain;
  o.accept = (xs_texts){1, (char *[]){(char[]){"duplicate"}}};
  assert_int_equal(check_sites((const char *[]){path}, 1, &o, NULL, &text), XS_USAGE);
  assert_says("did you mean duplicates");
  o = plain;
  o.groups = true;
  assert_int_equal(check_sites((const char *[]){path}, 1, &o, NULL, &text), XS_USAGE);
  assert_int_equal(check_sites((const char *[]){path, path}, 2, &plain, NULL, &text), XS_USAGE);
  assert_says("both called a");
  assert_null(text);
  free(path);
  release(a);
}

/* ---- parts
 * ---------------------------------------------------------------------------------------
 */

enum { HASHES = 3000 };

static void count_pair(void *context, int64_t i, int64_t j, int bits) {
  uint8_t *seen = context;
  assert_true(i < j);
  assert_int_equal(seen[i * HASHES + j], 0);
  seen[i * HASHES + j] = (uint8_t)(bits + 1);
}

/* Against all pairs, on hashes that lie in clouds. */
static void test_neighbours(void **state) {
  (void)state;
  static uint64_t hash[HASHES];
  uint8_t *seen = memory_new((size_t)HASHES * HASHES);
  for (uint64_t i = 0; i < HASHES; i++) {
    hash[i] = (uint64_t)random_u32(1, 1, 0, i % 100) << 32 | random_u32(1, 2, 0, i % 100);
    for (uint64_t k = 0; k < i % 9; k++) hash[i] ^= 1ull << random_below(1, 3, i, k, 64);
  }
  hash_index x;
  hash_index_make(&x, hash, HASHES);
  for (int most = 0; most <= HASH_INDEX_MOST; most += 5) {
    memset(seen, 0, (size_t)HASHES * HASHES);
    for (int64_t i = 0; i < HASHES; i++) hash_index_near(&x, i, most, count_pair, seen);
    for (int64_t i = 0; i < HASHES; i++) {
      for (int64_t j = i + 1; j < HASHES; j++) {
        const int bits = __builtin_popcountll(hash[i] ^ hash[j]);
        assert_int_equal(seen[i * HASHES + j], bits <= most ? bits + 1 : 0);
      }
    }
  }
  hash_index_release(&x);
  free(seen);
}

static void test_sets(void **state) {
  (void)state;
  int64_t *set = sets_new(6);
  sets_join(set, 4, 2);
  sets_join(set, 5, 4);
  assert_int_equal(sets_find(set, 5), 2);
  assert_int_equal(sets_find(set, 3), 3);
  free(set);
}

/* By hand: groups {1,1} {0} {0,1}; p = 3/5, residuals 0.8, -0.6, -0.2, squares 1.04;
 * sqrt(1.04 * 3/2) / 5. */
static void test_share(void **state) {
  (void)state;
  const share s = share_of((const uint8_t[]){1, 0, 1, 1, 0}, (const uint64_t[]){7, 8, 7, 9, 9}, 5);
  assert_true(fabs(s.value - 0.6) < 1e-12);
  assert_true(fabs(s.error - sqrt(1.56) / 5) < 1e-12);
  assert_int_equal(s.groups, 3);
}

static double encoded_auc(const target_encoding *x, const int32_t *label, const uint64_t *group,
                          int64_t n) {
  float *logit = memory_new(sizeof *logit * 2 * (size_t)n);
  target_encoding_apply(x, label, group, 2, 1, logit);
  const double auc = xs_auc(logit, label, n, 2);
  free(logit);
  return auc;
}

/* Ids of patients, each with one label, predict nothing; a level that tells does; a number that
 * tells at both ends alike does too. */
static void test_levels(void **state) {
  (void)state;
  enum { N = 1000 };
  static char room[N][16];
  static const char *id[N], *machine[N];
  static double number[N];
  static int32_t label[N];
  static uint64_t group[N];
  for (int i = 0; i < N; i++) {
    const uint64_t patient = (uint64_t)i / 5;
    snprintf(room[i], sizeof room[i], "p%d", i / 5);
    id[i] = room[i];
    group[i] = patient;
    label[i] = random_u32(3, 1, 0, patient) % 2;
    machine[i] = random_u32(3, 2, 0, (uint64_t)i) % 10 < (label[i] ? 8u : 2u) ? "A" : NULL;
    number[i] = (double)random_uniform(3, 3, 0, (uint64_t)i) + (label[i] ? 1 + i % 2 * -2 : 0);
  }
  target_encoding a = target_encoding_of_texts(id, N), b = target_encoding_of_texts(machine, N);
  target_encoding c = target_encoding_of_numbers(number, N);
  assert_int_equal(a.count, N / 5);
  assert_string_equal(b.name[1], "not known");
  assert_int_equal(c.count, LEVELS_BINS);
  assert_true(fabs(encoded_auc(&a, label, group, N) - 0.5) < 0.05);
  assert_true(fabs(encoded_auc(&b, label, group, N) - 0.8) < 0.05);
  assert_true(encoded_auc(&c, label, group, N) > 0.95);
  target_encoding_release(&a);
  target_encoding_release(&b);
  target_encoding_release(&c);
}

static void test_match(void **state) {
  (void)state;
  static float x[2][SMALL_PIXELS];
  int8_t detail[2][SMALL_PIXELS];
  perceptual_view v = {{0}, {0}};
  film f = whole_film(1);
  spot spots[SPOTS];
  draw_spots(1, spots);
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < SMALL_PIXELS; i++) {
      const double u = (i % SMALL + 0.5) / SMALL, w = ((double)(i / SMALL) + 0.5) / SMALL;
      x[k][i] = (float)tone(&f, spots, k ? 0.02 + 0.96 * u : u, w);
    }
    perceptual_detail(x[k], SMALL, 7, detail[k]);
  }
  assert_true(perceptual_match(detail[0], detail[0], SMALL, &v) > 0.9999);
  assert_true(perceptual_match(detail[0], detail[1], SMALL, &v) > 0.97);
  assert_true(fabs(v.scale[0] - 0.04) < 0.01); /* b shows 0.96 of a */
  assert_true(fabs(v.scale[1]) < 0.01 && fabs(v.move[0]) < 0.01 && fabs(v.move[1]) < 0.01);
  assert_int_equal(__builtin_popcountll(perceptual_hash(x[0])), 32); /* above the median */
}

static void test_encoding(void **state) {
  (void)state;
  static const char *const expected[][2] = {{"gray.png", "PNG 8-bit gray"},
                                            {"gray16.png", "PNG 16-bit gray"},
                                            {"palette.png", "PNG 4-bit palette"},
                                            {"rgba.png", "PNG 8-bit RGBA"},
                                            {"gray.jpg", "JPEG 8-bit gray"},
                                            {"rgb.jpg", "JPEG 8-bit colour"},
                                            {"progressive.jpg", "JPEG 8-bit colour, progressive"}};
  char name[ENCODING_TEXT];
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    char *path = text_format("%s/golden/images/%s", TEST_DATA, expected[i][0]);
    assert_int_equal(encoding_name(path, name), 0);
    assert_string_equal(name, expected[i][1]);
    free(path);
  }
  assert_int_not_equal(encoding_name("/nowhere", name), 0);
}

typedef struct caller {
  pthread_t thread;
  int calls, foreign; /* foreign: from another thread */
} caller;

static bool ask(void *context) {
  caller *c = context;
  c->calls++;
  c->foreign += !pthread_equal(c->thread, pthread_self());
  return true;
}

static void test_stopped(void **state) {
  (void)state;
  site *a = make_site("a", 1000);
  char *path = write_site(a, ""), *text;
  caller c = {.thread = pthread_self()};
  const xs_watch watch = {.stop = ask, .context = &c};
  tg_set_threads(4);
  assert_int_equal(check_sites((const char *[]){path}, 1, &plain, &watch, &text), XS_FAILED);
  tg_set_threads(0);
  assert_says("stopped; nothing was written");
  assert_true(c.calls > 0 && c.foreign == 0);
  free(path);
  release(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clean),
      cmocka_unit_test(test_reproducible),
      cmocka_unit_test(test_duplicates),
      cmocka_unit_test(test_two_labels_apart),
      cmocka_unit_test(test_frames),
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_patients),
      cmocka_unit_test(test_sides_of_files),
      cmocka_unit_test(test_above_white),
      cmocka_unit_test(test_shared_ids),
      cmocka_unit_test(test_shortcuts),
      cmocka_unit_test(test_exposure),
      cmocka_unit_test(test_inverted_in_number),
      cmocka_unit_test(test_not_aligned),
      cmocka_unit_test(test_mirrored),
      cmocka_unit_test(test_black_site),
      cmocka_unit_test(test_unreadable_and_views),
      cmocka_unit_test(test_classes),
      cmocka_unit_test(test_patient_numbers),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_neighbours),
      cmocka_unit_test(test_sets),
      cmocka_unit_test(test_share),
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_match),
      cmocka_unit_test(test_encoding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
