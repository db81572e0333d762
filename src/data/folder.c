#include "folder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "image.h"
#include "xsite.h"

/* DICOM files often have no ending, or are called by a UID of digits and dots. */
static bool may_be_dicom(const char *name) {
  const char *dot = strrchr(name, '.');
  return strcmp(name, "DICOMDIR") && (!dot || strspn(dot + 1, "0123456789") == strlen(dot + 1));
}

static bool has_ending(const char *name) {
  static const char *const endings[] = {".png", ".jpg", ".jpeg", ".dcm", ".dicom"};
  const char *dot = strrchr(name, '.');
  for (int i = 0; dot && i < 5; i++) {
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

int folder_images(const char *dir, option_texts *images) {
  option_texts names;
  int status = file_list(dir, &names);
  *images = (option_texts){0};
  for (int i = 0; i < names.n && !status; i++) {
    bool is = false;
    if (*names.text[i] != '.') status = check_image(dir, names.text[i], &is);
    if (is) file_list_append(images, text_copy(names.text[i]));
  }
  file_list_release(&names);
  return status;
}

static bool is_own_folder(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static int walk(const char *dir, option_texts *found);

/* What a name in dir adds. */
static int visit(const char *dir, const char *name, option_texts *found) {
  char *path = file_join(dir, name);
  bool is = false;
  int status = is_own_folder(path) ? walk(path, found) : 0;
  if (!status && !file_is_dir(path)) status = check_image(dir, name, &is);
  if (is) file_list_append(found, text_copy(path));
  free(path);
  return status;
}

static int walk(const char *dir, option_texts *found) {
  option_texts names;
  int status = file_list(dir, &names);
  for (int i = 0; i < names.n && !status; i++) {
    if (*names.text[i] != '.') status = visit(dir, names.text[i], found);
  }
  file_list_release(&names);
  return status;
}

int folder_walk(const char *dir, option_texts *found) {
  *found = (option_texts){0};
  return walk(dir, found);
}

static bool holds(const char *dir, const char *file) {
  if (file) {
    char *path = file_join(dir, file);
    bool found = file_exists(path);
    free(path);
    return found;
  }
  option_texts images;
  bool found = !folder_images(dir, &images) && images.n > 0;
  file_list_release(&images);
  return found;
}

char *folder_below(const char *dir, const char *file) {
  option_texts names;
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
