#include "folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "xsite.h"

/* DICOM files often have no ending, or are called by a UID of digits and dots. */
static bool may_be_dicom(const char *name) {
  const char *dot = strrchr(name, '.');
  return strcmp(name, "DICOMDIR") && (!dot || strspn(dot + 1, "0123456789") == strlen(dot + 1));
}

static bool is_image(const char *dir, const char *name) {
  static const char *const endings[] = {".png", ".jpg", ".jpeg", ".dcm", ".dicom"};
  const char *dot = strrchr(name, '.');
  for (int i = 0; dot && i < 5; i++) {
    if (!strcasecmp(dot, endings[i])) return true;
  }
  if (!may_be_dicom(name)) return false;
  char *path = file_join(dir, name);
  struct stat st; /* a pipe would never end */
  bool found = !stat(path, &st) && S_ISREG(st.st_mode) && image_is_dicom(path);
  free(path);
  return found;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in dir that begin with no dot: images, or all. */
static option_texts list_names(const char *dir, bool images) {
  option_texts t = {0};
  DIR *open = opendir(dir);
  for (struct dirent *e = open ? readdir(open) : NULL; e; e = readdir(open)) {
    if (e->d_name[0] == '.' || (images && !is_image(dir, e->d_name))) continue;
    if ((t.n & (t.n - 1)) == 0) { /* room doubles at powers of two */
      t.text = memory_grow(t.text, sizeof *t.text * (t.n ? 2 * (size_t)t.n : 1));
    }
    t.text[t.n++] = text_copy(e->d_name);
  }
  if (open) closedir(open);
  if (t.n) qsort(t.text, (size_t)t.n, sizeof *t.text, compare_names);
  return t;
}

option_texts folder_images(const char *dir) { return list_names(dir, true); }

static void append(option_texts *t, char *path) {
  t->text = memory_grow(t->text, sizeof *t->text * ((size_t)t->n + 1));
  t->text[t->n++] = path;
}

static bool is_own_folder(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static void walk(const char *dir, option_texts *found) {
  option_texts names = list_names(dir, false);
  for (int i = 0; i < names.n; i++) {
    char *path = file_join(dir, names.text[i]);
    const bool found_one = !file_is_dir(path) && is_image(dir, names.text[i]);
    if (found_one) append(found, path);
    if (is_own_folder(path)) walk(path, found);
    if (!found_one) free(path);
  }
  folder_release(&names);
}

option_texts folder_walk(const char *dir) {
  option_texts found = {0};
  walk(dir, &found);
  return found;
}

void folder_release(option_texts *names) {
  for (int i = 0; i < names->n; i++) free(names->text[i]);
  free(names->text);
}

static bool holds(const char *dir, const char *file) {
  if (file) {
    char *path = file_join(dir, file);
    bool found = file_exists(path);
    free(path);
    return found;
  }
  option_texts images = folder_images(dir);
  bool found = images.n > 0;
  folder_release(&images);
  return found;
}

char *folder_below(const char *dir, const char *file) {
  option_texts names = list_names(dir, false);
  char *found = NULL;
  for (int i = 0; i < names.n && !found; i++) {
    char *path = file_join(dir, names.text[i]);
    if (file_is_dir(path) && holds(path, file)) {
      found = path;
    } else {
      free(path);
    }
  }
  folder_release(&names);
  return found;
}

static bool leaves(const char *name) {
  if (*name == '/') return true;
  for (const char *s = name; *s; s += strcspn(s, "/"), s += *s == '/') {
    if (!strncmp(s, "..", 2) && (s[2] == '/' || !s[2])) return true;
  }
  return false;
}

/* Drops empty parts and ".". */
static void simplify(char *name) {
  char *to = name;
  for (const char *s = name; *s; s += *s == '/') {
    size_t length = strcspn(s, "/");
    if (length && (length > 1 || *s != '.')) {
      if (to > name) *to++ = '/';
      memmove(to, s, length);
      to += length;
    }
    s += length;
  }
  *to = 0;
}

int folder_read_name(const char *csv, int64_t line, char *name) {
  if (leaves(name)) {
    return fail(XS_FAILED,
                "%s:%lld: image \"%s\" leads out of the folder of images; write names below it, or "
                "name its folder in `images`",
                csv, (long long)line, name);
  }
  simplify(name);
  return 0;
}

char *folder_find(const option_texts *dirs, const char *file, int *near) {
  for (int i = 0; i < dirs->n; i++) {
    int at = (*near + i) % dirs->n;
    char *path = file_join(dirs->text[at], file);
    if (file_exists(path)) {
      *near = at;
      return path;
    }
    free(path);
  }
  return NULL;
}
