/* failing_folder.c: for LD_PRELOAD: folders whose path ends with $UNOPENABLE_FOLDER cannot be
 * opened, as if too many files were open; those that end with $FAILING_FOLDER fail after their
 * first two names, as a damaged disk does. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *path, const char *variable) {
  const char *end = getenv(variable);
  const size_t n = strlen(path), k = end ? strlen(end) : 0;
  return k && n >= k && strcmp(path + n - k, end) == 0;
}

/* POSIX's way from dlsym's object pointer to a function. */
static void find_real(const char *name, void *function) {
  void *found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

DIR *opendir(const char *path) {
  DIR *(*real)(const char *);
  find_real("opendir", &real);
  if (!ends_with(path, "UNOPENABLE_FOLDER")) return real(path);
  errno = EMFILE;
  return NULL;
}

struct dirent *readdir(DIR *d) {
  static DIR *failing;
  static int names;
  char link[64], path[4096] = "";
  struct dirent *(*real)(DIR *);
  find_real("readdir", &real);
  snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(d));
  if (readlink(link, path, sizeof path - 1) < 0 || !ends_with(path, "FAILING_FOLDER")) {
    return real(d);
  }
  names = d == failing ? names + 1 : 1;
  failing = d;
  if (names <= 2) return real(d);
  failing = NULL;
  errno = EIO;
  return NULL;
}
