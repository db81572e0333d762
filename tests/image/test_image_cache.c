/* Sites read with a cache of their images and without are the same, whatever happens to it. */
#define _DEFAULT_SOURCE /* setrlimit's SIGXFSZ, utimensat */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache_key.h"
#include "data_files.h"
#include "exposure.h"
#include "file.h"
#include "image.h"
#include "memory.h"
#include "random.h"
#include "text.h"

static const char plain[] = "name: a\nformat: folder\nimages: images\nsize: 16\n";

typedef struct setting { /* a site with a cache folder, and what was said while it was opened */
  char *dir, *cache, notes[2000];
  xs_watch watch;
  xs_site_options o;
} setting;

static void keep_note(void *context, const char *line) {
  setting *t = context;
  const size_t n = strlen(t->notes);
  snprintf(t->notes + n, sizeof t->notes - n, "%s\n", line);
}

static void put_sample(const char *dir, const char *sample, const char *name) {
  char *path = text_format("%s/golden/images/%s", TEST_DATA, sample);
  copy_file(path, dir, name);
  free(path);
}

/* Gray, deep, coloured and DICOM images of several kinds, and one that is none. */
static setting *start(void) {
  setting *t = memory_new(sizeof *t);
  t->dir = temporary_dir();
  t->cache = file_join(t->dir, "cache");
  t->watch = (xs_watch){.note = keep_note, .context = t};
  t->o = (xs_site_options){.cache = t->cache, .skip_unreadable = true, .watch = &t->watch};
  static const char *const samples[] = {"gray.png",    "gray12.png", "rgb.jpg",
                                        "palette.png", "bits10.dcm", "rgba.png"};
  for (int i = 0; i < 6; i++) {
    char *name = text_format("images/%c-%s", 'a' + i, samples[i]);
    put_sample(t->dir, samples[i], name);
    free(name);
  }
  put_text(t->dir, "images/b-none.png", "no image");
  return t;
}

static void end(setting *t) {
  remove_dir(t->dir);
  free(t->cache);
  free(t);
}

/* A process that is forked does not have the mapped pixels. */
static void check_not_inherited(const xs_images *x) {
  int ending;
  const pid_t child = fork();
  if (child == 0) _exit(msync(x->map, 1, MS_ASYNC) == 0 || errno != ENOMEM);
  assert_int_equal(waitpid(child, &ending, 0), child);
  assert_int_equal(ending, 0);
}

/* Opens the site with the cache; its images must be those that are read without it. */
static void check(setting *t, const char *yaml, bool mapped) {
  xs_site_options off = t->o;
  xs_site *a, *b;
  off.cache = "off";
  t->notes[0] = 0;
  assert_int_equal(open_site(t->dir, yaml, &t->o, &a), XS_OK);
  assert_int_equal(open_site(t->dir, yaml, &off, &b), XS_OK);
  const xs_images *x = &a->images, *y = &b->images;
  assert_int_equal(x->map != NULL, mapped);
  if (mapped) check_not_inherited(x);
  assert_null(y->map);
  assert_int_equal(x->n, y->n);
  assert_int_equal(x->channels, y->channels);
  assert_int_equal(x->bytes, y->bytes);
  assert_float_equal(x->max_value, y->max_value, 0);
  assert_memory_equal(x->pixels, y->pixels,
                      (size_t)(x->n * x->height * x->width * x->channels * x->bytes));
  for (int64_t i = 0; i < x->n; i++) assert_string_equal(x->file[i], y->file[i]);
  assert_int_equal(a->skipped, b->skipped);
  for (int64_t i = 0; i < b->skipped; i++) {
    assert_string_equal(a->skipped_image[i], b->skipped_image[i]);
  }
  assert_int_equal(a->unlike != NULL, b->unlike != NULL);
  if (b->unlike) assert_string_equal(a->unlike, b->unlike);
  xs_site_close(a);
  xs_site_close(b);
}

static void assert_noted(const setting *t, const char *part) {
  const bool found = strstr(t->notes, part) != NULL;
  if (!found) print_error("\"%s\" does not say \"%s\"\n", t->notes, part);
  assert_true(found);
}

/* How many files the cache has. */
static int count_files(const setting *t) {
  DIR *dir = opendir(t->cache);
  int n = 0;
  for (const struct dirent *e; dir && (e = readdir(dir));) {
    if (e->d_name[0] == '.') continue;
    assert_non_null(strstr(e->d_name, ".images"));
    n++;
  }
  if (dir) closedir(dir);
  return n;
}

/* The path of the only one, allocated. */
static char *only_file(const setting *t) {
  char *path = NULL;
  DIR *dir = opendir(t->cache);
  assert_int_equal(count_files(t), 1);
  for (const struct dirent *e; !path && (e = readdir(dir));) {
    if (e->d_name[0] != '.') path = file_join(t->cache, e->d_name);
  }
  closedir(dir);
  return path;
}

/* Of the file that is made under the name of `images`; allocated. */
static char *part_of(const char *images) {
  return text_format("%.*s.part", (int)(strlen(images) - strlen(".images")), images);
}

static struct stat stat_of(const char *path) {
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  return st;
}

/* ---- hits and misses ------------------------------------------------------------------------- */

static void test_hit(void **state) {
  (void)state;
  setting *t = start();
  check(t, plain, true);
  char *path = only_file(t);
  const struct stat made = stat_of(path);
  check(t, plain, true);
  assert_string_equal(t->notes, "");
  assert_int_equal(stat_of(path).st_ino, made.st_ino);
  assert_int_equal(count_files(t), 1);
  assert_int_equal(made.st_mode & 077, 0); /* films are private */
  free(path);
  end(t);
}

/* Where all are gray and of 8 bits, a pixel takes one byte. */
static void test_size(void **state) {
  (void)state;
  setting *t = start();
  for (int i = 0; i < 9; i++) {
    char *name = text_format("gray/%d.png", i);
    put_sample(t->dir, "gray.png", name);
    free(name);
  }
  check(t, "name: a\nformat: folder\nimages: gray\nsize: 224\n", true);
  char *path = only_file(t);
  assert_in_range(stat_of(path).st_size, 9 * 224 * 224, 9 * 224 * 224 + 4096 + 9 * 16);
  free(path);
  end(t);
}

static void test_options(void **state) {
  (void)state;
  static const char *const rows[] = {"",
                                     "resize: nearest\n",
                                     "center_crop: true\n",
                                     "window: true\n",
                                     "range: full\n",
                                     "range: percentiles\n",
                                     "range: percentiles\nlow_percentile: 1\n",
                                     "range: percentiles\nhigh_percentile: 99\n",
                                     "max_value: 65535\n"};
  setting *t = start();
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 9; i++) {
      char *yaml = text_format("%s%s", plain, rows[i]);
      check(t, yaml, true);
      assert_int_equal(count_files(t), round ? 9 : i + 1);
      free(yaml);
    }
  }
  check(t, "name: a\nformat: folder\nimages: images\nsize: 17\n", true);
  assert_int_equal(count_files(t), 10);
  check(t, "name: b\nformat: folder\nimages: images\nsize: 17\n", true);
  assert_int_equal(count_files(t), 10); /* the name decides no pixel */
  t->o.limit = 3;
  check(t, plain, true);
  assert_int_equal(count_files(t), 11);
  end(t);
}

/* Other pixels of the same size under the same name and time are seen. */
static void test_changed_file(void **state) {
  (void)state;
  setting *t = start();
  char *path = file_join(t->dir, "images/g.png");
  uint8_t pixels[64 * 64];
  for (int i = 0; i < 4096; i++) pixels[i] = (uint8_t)(i % 251);
  assert_int_equal(image_write_png(path, pixels, 64, 64, 1), 0);
  check(t, plain, true);
  const struct stat before = stat_of(path);
  char *data;
  size_t size;
  assert_int_equal(file_read(path, &data, &size), 0);
  put_text(t->dir, "images/g.png", "");
  data[40] ^= 1; /* in the compressed pixels: damaged */
  put(t->dir, "images/g.png", data, size);
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
  check(t, plain, true);
  assert_int_equal(count_files(t), 2);
  data[40] ^= 1;
  put(t->dir, "images/g.png", data, size);
  check(t, plain, true);
  assert_int_equal(count_files(t), 3);
  assert_int_equal(unlink(path), 0);
  check(t, plain, true);
  assert_int_equal(count_files(t), 4);
  free(data);
  free(path);
  end(t);
}

/* An unreadable image is tried again, for the reason may be gone without a change of the file. */
static void test_unreadable(void **state) {
  (void)state;
  setting *t = start();
  xs_site *s;
  check(t, plain, true);
  for (int i = 0; i < 2; i++) {
    t->o.skip_unreadable = false;
    assert_int_not_equal(open_site(t->dir, plain, &t->o, &s), XS_OK);
    assert_says("b-none.png: not a PNG, JPEG, TIFF, BMP or DICOM file (8 bytes)");
    assert_says("1 of 7 images cannot be read");
    t->o.skip_unreadable = true;
  }
  assert_int_equal(count_files(t), 1);
  put_text(t->dir, "none/a.png", "no image");
  put_text(t->dir, "none/b.png", "no image");
  assert_int_not_equal(
      open_site(t->dir, "name: a\nformat: folder\nimages: none\nsize: 8\n", &t->o, &s), XS_OK);
  assert_says("none of the 2 images can be read");
  assert_int_equal(count_files(t), 1);
  end(t);
}

static void test_unlike(void **state) {
  (void)state;
  setting *t = start();
  uint8_t pixels[32 * 32];
  char *dir = file_join(t->dir, "many");
  assert_int_equal(file_make_dirs(dir), 0);
  for (int i = 0; i < EXPOSURE_LEAST; i++) {
    char *path = text_format("%s/%d.png", dir, i);
    for (int k = 0; k < 1024; k++) pixels[k] = (uint8_t)(i == 4 ? 100 : k % (37 + i));
    assert_int_equal(image_write_png(path, pixels, 32, 32, 1), 0);
    free(path);
  }
  const char yaml[] = "name: a\nformat: folder\nimages: many\nsize: 16\n";
  check(t, yaml, true);
  check(t, yaml, true);
  xs_site *s;
  assert_int_equal(open_site(t->dir, yaml, &t->o, &s), XS_OK);
  assert_non_null(strstr(s->unlike, "1 flat (4.png)"));
  xs_site_close(s);
  free(dir);
  end(t);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void change(const char *path, long at) {
  FILE *f = fopen(path, "r+b");
  assert_non_null(f);
  assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
  const int c = fgetc(f);
  assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
  fputc(c ^ 4, f);
  assert_int_equal(fclose(f), 0);
}

static void check_repaired(setting *t) {
  check(t, plain, true);
  assert_noted(t, "is damaged (");
  check(t, plain, true);
  assert_string_equal(t->notes, "");
  assert_int_equal(count_files(t), 1);
}

static void test_damaged(void **state) {
  (void)state;
  setting *t = start();
  check(t, plain, true);
  char *path = only_file(t);
  const long size = (long)stat_of(path).st_size;
  /* the magic, the key, the counts, pixels, the table */
  const long at[] = {0, 20, 80, 88, 4096, 4096 + 16 * 16 * 3, size - 60, -5, -1};
  for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
    change(path, at[i]);
    check_repaired(t);
  }
  const long length[] = {0, 1, 100, 4096, 5000, size - 1, size + 1};
  for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
    assert_int_equal(truncate(path, length[i]), 0);
    check_repaired(t);
  }
  free(path);
  end(t);
}

/* One bit at random, and the file's times put back. */
static void test_flips(void **state) {
  (void)state;
  enum { FLIPS = 100 };
  setting *t = start();
  char *data;
  size_t size;
  check(t, plain, true);
  char *path = only_file(t), *name = strrchr(path, '/') + 1;
  const struct stat made = stat_of(path);
  const struct timespec times[2] = {made.st_atim, made.st_mtim};
  assert_int_equal(file_read(path, &data, &size), 0);
  int noticed = 0;
  for (uint64_t i = 0; i < FLIPS; i++) {
    uint32_t w[4];
    random_words(1, random_stream("flips"), i, 0, w);
    const size_t bit = w[0] % (8 * size);
    data[bit / 8] ^= (char)(1 << bit % 8);
    put(t->cache, name, data, size);
    data[bit / 8] ^= (char)(1 << bit % 8);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    check(t, plain, true); /* the pixels are right in any case */
    noticed += strstr(t->notes, "is damaged (") != NULL;
  }
  /* the rest lies between header and pixels, where nothing is */
  assert_in_range(noticed, FLIPS / 2, FLIPS);
  free(data);
  free(path);
  end(t);
}

static void test_zeros_in_old_file(void **state) {
  (void)state;
  setting *t = start();
  const char large[] = "name: a\nformat: folder\nimages: images\nsize: 128\n";
  static const char zeros[40000];
  check(t, large, true);
  char *path = only_file(t);
  const struct stat made = stat_of(path);
  const struct timespec times[2] = {made.st_atim, made.st_mtim};
  const int fd = open(path, O_WRONLY);
  assert_int_equal(pwrite(fd, zeros, sizeof zeros, 4096 + 1000), sizeof zeros);
  assert_int_equal(futimens(fd, times), 0);
  close(fd);
  check(t, large, true);
  assert_noted(t, "is damaged (its pixels are not what was written): the images are read again");
  check(t, large, true);
  assert_string_equal(t->notes, "");
  free(path);
  end(t);
}

/* A file of another site under this one's name. */
static void test_foreign(void **state) {
  (void)state;
  setting *t = start(), *other = start();
  put_sample(other->dir, "gray.png", "images/b-none.png");
  check(t, plain, true);
  check(other, plain, true);
  char *mine = only_file(t), *theirs = only_file(other), *name = text_copy(strrchr(mine, '/') + 1);
  copy_file(theirs, t->cache, name);
  check_repaired(t);
  put_text(t->cache, name, "something else altogether");
  check_repaired(t);
  free(name);
  free(mine);
  free(theirs);
  end(other);
  end(t);
}

/* As a file that is copied to another machine is. */
static void test_copied(void **state) {
  (void)state;
  setting *t = start();
  char *data;
  size_t size;
  check(t, plain, true);
  char *path = only_file(t);
  assert_int_equal(file_read(path, &data, &size), 0);
  assert_int_equal(unlink(path), 0);
  put(t->cache, strrchr(path, '/') + 1, data, size);
  assert_int_equal(chmod(path, 0600), 0);
  const struct stat made = stat_of(path);
  check(t, plain, true);
  assert_string_equal(t->notes, "");
  assert_int_equal(stat_of(path).st_ino, made.st_ino);
  free(data);
  free(path);
  end(t);
}

/* What a killed process has left is written over. */
static void test_abandoned(void **state) {
  (void)state;
  setting *t = start();
  check(t, plain, true);
  char *path = only_file(t);
  char *part = part_of(path);
  assert_int_equal(rename(path, part), 0);
  change(part, 4096);
  check(t, plain, true);
  assert_int_equal(count_files(t), 1);
  free(part);
  free(path);
  end(t);
}

/* ---- other users ----------------------------------------------------------------------------- */

/* What is planted as a part is not written to: the films are read into memory. */
static void check_part_refused(setting *t, const char *part, const char *why) {
  const struct stat before = stat_of(part);
  check(t, plain, false);
  assert_noted(t, "site a: its images are not cached: ");
  assert_noted(t, part);
  assert_noted(t, why);
  assert_int_equal(stat_of(part).st_ino, before.st_ino);
  assert_int_equal(stat_of(part).st_size, before.st_size);
  assert_int_equal(unlink(part), 0);
}

static void test_planted_part(void **state) {
  (void)state;
  setting *t = start();
  check(t, plain, true);
  char *path = only_file(t), *part = part_of(path), *name = strrchr(part, '/') + 1;
  char *victim = file_join(t->dir, "victim");
  char *user = text_format(".%ld.images", (long)geteuid());
  assert_non_null(strstr(path, user));
  assert_int_equal(unlink(path), 0);
  put_text(t->cache, name, "");
  assert_int_equal(chmod(part, 0666), 0);
  check_part_refused(t, part, "others may read or change it (mode 666)");
  put_text(t->dir, "victim", "mine");
  assert_int_equal(symlink(victim, part), 0);
  check_part_refused(t, part, "is a symbolic link, and is not followed");
  assert_int_equal(chmod(victim, 0600), 0);
  assert_int_equal(link(victim, part), 0);
  check_part_refused(t, part, "has another name elsewhere");
  if (geteuid() == 0) {
    put_text(t->cache, name, "");
    assert_int_equal(chmod(part, 0600), 0);
    assert_int_equal(chown(part, 65534, 65534), 0);
    check_part_refused(t, part, "(user 65534), not to root (user 0)");
  }
  check(t, plain, true);
  assert_string_equal(t->notes, "");
  free(user);
  free(victim);
  free(part);
  free(path);
  end(t);
}

/* Pixels of another's under the key make way for those of the films. */
static void check_replaced(setting *t, const char *path, const char *why) {
  check(t, plain, true);
  assert_noted(t, "site a: the images are read again: ");
  assert_noted(t, why);
  assert_null(strstr(strstr(t->notes, why) + 1, why)); /* said once */
  assert_int_equal(stat_of(path).st_mode & 07777, 0600);
  assert_int_equal(stat_of(path).st_uid, geteuid());
  check(t, plain, true);
  assert_string_equal(t->notes, "");
}

static void test_planted_images(void **state) {
  (void)state;
  setting *t = start();
  check(t, plain, true);
  char *path = only_file(t), *elsewhere = file_join(t->dir, "elsewhere");
  assert_int_equal(stat_of(t->cache).st_mode & 07777, 0700);
  assert_int_equal(chmod(path, 0644), 0);
  check_replaced(t, path, "others may read or change it (mode 644)");
  assert_int_equal(rename(path, elsewhere), 0);
  assert_int_equal(symlink(elsewhere, path), 0);
  check_replaced(t, path, "is a symbolic link, and is not followed");
  if (geteuid() == 0) {
    assert_int_equal(chown(path, 65534, 65534), 0);
    check_replaced(t, path, "(user 65534), not to root (user 0)");
  }
  free(elsewhere);
  free(path);
  end(t);
}

/* ---- no cache -------------------------------------------------------------------------------- */

static void test_off(void **state) {
  (void)state;
  setting *t = start();
  t->o.cache = "off";
  check(t, plain, false);
  assert_string_equal(t->notes, "");
  assert_int_equal(setenv("XSITE_CACHE", "off", 1), 0);
  t->o.cache = NULL;
  check(t, plain, false);
  assert_string_equal(t->notes, "");
  assert_int_equal(setenv("XSITE_CACHE", t->cache, 1), 0);
  check(t, plain, true);
  assert_int_equal(count_files(t), 1);
  assert_int_equal(setenv("XSITE_CACHE", "off", 1), 0);
  end(t);
}

static void test_own_folder(void **state) {
  (void)state;
  assert_int_equal(unsetenv("XSITE_CACHE"), 0);
  assert_int_equal(setenv("XDG_CACHE_HOME", "/somewhere", 1), 0);
  char *folder = cache_folder(NULL);
  assert_string_equal(folder, "/somewhere/xsite");
  free(folder);
  assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
  assert_int_equal(setenv("HOME", "/home/me", 1), 0);
  folder = cache_folder(NULL);
  assert_string_equal(folder, "/home/me/.cache/xsite");
  free(folder);
  assert_int_equal(unsetenv("HOME"), 0);
  assert_null(cache_folder(NULL));
  assert_int_equal(setenv("XSITE_CACHE", "off", 1), 0);
}

static void test_unusable(void **state) {
  (void)state;
  setting *t = start();
  char *kept = t->cache;
  put_text(t->dir, "file", "in the way");
  t->o.cache = t->cache = file_join(t->dir, "file/cache");
  check(t, plain, false);
  assert_noted(t, "site a: its images are not cached: ");
  assert_noted(t, "cannot make the folder");
  free(t->cache);
  t->o.cache = t->cache = file_join(t->dir, "images/cache");
  check(t, plain, false);
  assert_noted(t, "where the images are; choose another folder");
  assert_false(file_exists(t->cache));
  free(t->cache);
  t->cache = kept;
  end(t);
}

static void test_full_disk(void **state) {
  (void)state;
  setting *t = start();
  struct rlimit before, small;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  for (rlim_t most = 0; most < 8192; most += 4500) {
    small = (struct rlimit){most, before.rlim_max};
    put_text(t->dir, "site.yaml", plain);
    xs_site *s = NULL;
    char *path = file_join(t->dir, "site.yaml");
    t->notes[0] = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const xs_status status = xs_site_open(path, &t->o, &s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, XS_OK);
    assert_noted(t, ".part: cannot write: File too large");
    assert_null(s->images.map);
    assert_int_equal(s->images.n, 6);
    assert_int_equal(count_files(t), 0);
    xs_site_close(s);
    free(path);
  }
  end(t);
}

/* ---- two processes --------------------------------------------------------------------------- */

static void open_and_tell(const setting *t, int to) {
  char *path = file_join(t->dir, "site.yaml");
  xs_site *s = NULL;
  uint64_t h = 0;
  if (!xs_site_open(path, &t->o, &s) && s->images.map) {
    const xs_images *x = &s->images;
    h = fnv1a(x->pixels, (size_t)(x->n * x->height * x->width * x->channels * x->bytes));
  }
  if (write(to, &h, sizeof h) != sizeof h) _exit(1);
  _exit(0);
}

/* Runs first: OpenMP's threads do not live on in a child. */
static void test_two_processes(void **state) {
  (void)state;
  enum { PROCESSES = 4 };
  setting *t = start();
  uint64_t h[PROCESSES];
  int ends[2];
  put_text(t->dir, "site.yaml", plain);
  assert_int_equal(pipe(ends), 0);
  for (int i = 0; i < PROCESSES; i++) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) open_and_tell(t, ends[1]);
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &h[i], sizeof h[i]), sizeof h[i]);
    assert_true(h[i] && h[i] == h[0]);
  }
  assert_int_equal(count_files(t), 1);
  check(t, plain, true);
  close(ends[0]);
  close(ends[1]);
  end(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_processes),
      cmocka_unit_test(test_hit),
      cmocka_unit_test(test_size),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_changed_file),
      cmocka_unit_test(test_unreadable),
      cmocka_unit_test(test_unlike),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_foreign),
      cmocka_unit_test(test_copied),
      cmocka_unit_test(test_abandoned),
      cmocka_unit_test(test_off),
      cmocka_unit_test(test_own_folder),
      cmocka_unit_test(test_unusable),
      cmocka_unit_test(test_full_disk),
      cmocka_unit_test(test_flips),
      cmocka_unit_test(test_zeros_in_old_file),
      cmocka_unit_test(test_planted_part),
      cmocka_unit_test(test_planted_images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
