#include "image_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "image.h"
#include "memory.h"
#include "text.h"
#include "unicode.h"
#include "xsite.h"

/* DICOM files often have no ending, or are called by a UID of digits and dots. */
static bool may_be_dicom(const char *name) {
  const char *dot = strrchr(name, '.');
  return strcmp(name, "DICOMDIR") && (!dot || strspn(dot + 1, "0123456789") == strlen(dot + 1));
}

static bool has_ending(const char *name) {
  static const char *const endings[] = {".png",   ".jpg", ".jpeg", ".dcm",
                                        ".dicom", ".tif", ".tiff", ".bmp"};
  const char *dot = strrchr(name, '.');
  for (int i = 0; dot && i < 8; i++) {
    if (!strcasecmp(dot, endings[i])) return true;
  }
  return false;
}

/* By the name, or by the first bytes. */
static int check_image(const char *dir, const char *name, bool *is) {
  *is = has_ending(name);
  if (*is || !may_be_dicom(name)) return 0;
  char *path = file_join(dir, name);
  struct stat st; /* a pipe would never end */
  int status = !stat(path, &st) && S_ISREG(st.st_mode) ? image_is_dicom(path, is) : 0;
  free(path);
  return status;
}

int folder_images(const char *dir, xs_texts *images) {
  xs_texts names;
  int status = file_list(dir, &names);
  *images = (xs_texts){0};
  for (int i = 0; i < names.n && !status; i++) {
    bool is = false;
    if (*names.text[i] != '.') status = check_image(dir, names.text[i], &is);
    if (is) file_list_append(images, text_copy(names.text[i]));
  }
  file_list_release(&names);
  return status;
}

static int walk(const char *dir, xs_texts *found);

/* What a name in dir adds.  Links to folders are not walked: they may lead round. */
static int visit(const char *dir, const char *name, xs_texts *found) {
  char *path = file_join(dir, name);
  bool is = false;
  struct stat st;
  int status = 0;
  if (lstat(path, &st)) {
    status = fail(XS_FAILED, "%s: cannot be looked at: %s", path, strerror(errno));
  } else if (S_ISDIR(st.st_mode)) {
    status = walk(path, found);
  } else if (!file_is_dir(path)) {
    status = check_image(dir, name, &is);
  }
  if (is) file_list_append(found, text_copy(path));
  free(path);
  return status;
}

static int walk(const char *dir, xs_texts *found) {
  xs_texts names;
  int status = file_list(dir, &names);
  for (int i = 0; i < names.n && !status; i++) {
    if (*names.text[i] != '.') status = visit(dir, names.text[i], found);
  }
  file_list_release(&names);
  return status;
}

int folder_walk(const char *dir, xs_texts *found) {
  *found = (xs_texts){0};
  return walk(dir, found);
}

static bool holds(const char *dir, const char *file) {
  if (file) {
    char *path = file_join(dir, file);
    bool found = file_exists(path);
    free(path);
    return found;
  }
  xs_texts images;
  bool found = !folder_images(dir, &images) && images.n > 0;
  file_list_release(&images);
  return found;
}

char *folder_below(const char *dir, const char *file) {
  xs_texts names;
  char *found = NULL;
  int status = file_list(dir, &names);
  for (int i = 0; i < names.n && !found && !status; i++) {
    char *path = file_join(dir, names.text[i]);
    if (*names.text[i] != '.' && file_is_dir(path) && holds(path, file)) {
      found = path;
    } else {
      free(path);
    }
  }
  file_list_release(&names);
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

/* ---- looking a file up ---- */

struct folder_forms {
  text_set composed; /* names of a folder, composed */
  xs_texts real; /* as they are, under the same number; of two that are composed alike the first */
};

/* Lists a folder once; *number: of its forms. */
static int list_forms(folder_finder *f, const char *dir, int64_t *number) {
  const int64_t before = f->listed.n;
  *number = text_set_add(&f->listed, dir);
  if (*number < before) return 0;
  f->forms = memory_grow(f->forms, sizeof *f->forms * (size_t)f->listed.n);
  struct folder_forms *forms = &f->forms[*number];
  *forms = (struct folder_forms){0};
  xs_texts names;
  const int status = file_list(dir, &names);
  for (int i = 0; i < names.n; i++) {
    char *name = text_copy(names.text[i]);
    unicode_compose(name);
    if (text_set_add(&forms->composed, name) == forms->real.n) {
      file_list_append(&forms->real, text_copy(names.text[i]));
    }
    free(name);
  }
  file_list_release(&names);
  return status;
}

/* Part by part: a folder's name may differ as well. */
static int find_form(folder_finder *f, const char *dir, const char *file, char **path) {
  char *at = text_copy(dir);
  int status = 0;
  for (const char *s = file; *s && at && !status; s += strcspn(s, "/"), s += *s == '/') {
    int64_t number = -1, found = -1;
    char *part = text_format("%.*s", (int)strcspn(s, "/"), s);
    unicode_compose(part);
    if (file_is_dir(at)) status = list_forms(f, at, &number);
    if (!status && number >= 0) found = text_set_find(&f->forms[number].composed, part);
    char *next = found < 0 ? NULL : file_join(at, f->forms[number].real.text[found]);
    free(part);
    free(at);
    at = next;
  }
  *path = at;
  return status;
}

static bool is_ascii(const char *s) {
  while (*s && (unsigned char)*s < 0x80) s++;
  return !*s;
}

int folder_find(folder_finder *f, const char *file, char **path) {
  const int n = f->dirs->n;
  *path = NULL;
  for (int i = 0; i < n; i++) {
    const int at = (f->near + i) % n;
    *path = file_join(f->dirs->text[at], file);
    if (file_exists(*path)) {
      f->near = at;
      return 0;
    }
    free(*path);
    *path = NULL;
  }
  int status = 0;
  for (int i = 0; i < n && !is_ascii(file) && !*path && !status; i++) {
    status = find_form(f, f->dirs->text[i], file, path);
  }
  return status;
}

void folder_finder_release(folder_finder *f) {
  for (int64_t i = 0; i < f->listed.n; i++) {
    text_set_release(&f->forms[i].composed);
    file_list_release(&f->forms[i].real);
  }
  free(f->forms);
  text_set_release(&f->listed);
}
