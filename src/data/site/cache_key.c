#define _DEFAULT_SOURCE /* realpath */

#include "cache_key.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "numeral.h"
#include "prepare.h"
#include "text.h"
#include "values.h"

/* To be counted up when the file, what a decoder makes of one or the rule on odd images changes. */
enum { LAYOUT = 7 };

/* ---- the folder ------------------------------------------------------------------------------ */

static const char *environment(const char *name) {
  const char *text = getenv(name);
  return text && *text ? text : NULL;
}

static char *own_folder(void) {
  const char *cache = environment("XDG_CACHE_HOME"), *home = environment("HOME");
  if (cache) return file_join(cache, "xsite");
  return home ? file_join(home, ".cache/xsite") : NULL;
}

char *cache_folder(const char *asked) {
  if (!asked) asked = environment("XSITE_CACHE");
  if (!asked) return own_folder();
  return !*asked || !strcmp(asked, "off") ? NULL : text_copy(asked);
}

/* Of the path or, where that is not there yet, of the first folder above that is. */
static char *resolve(const char *path) {
  char *at = text_copy(path), *real;
  while (!(real = realpath(at, NULL)) && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
    char *above = file_dir(at);
    free(at);
    at = above;
  }
  free(at);
  return real ? real : text_copy(path);
}

static bool is_in(const char *path, const char *folder) {
  const size_t n = strlen(folder);
  return !strncmp(path, folder, n) && (path[n] == '/' || !path[n] || folder[n - 1] == '/');
}

int cache_check_folder(const char *folder, const domain *d) {
  char *real = resolve(folder);
  int status = 0;
  for (int i = 0; i < d->images.n && !status; i++) {
    char *images = resolve(d->images.text[i]);
    if (is_in(real, images)) {
      status = fail(XS_FAILED, "%s lies in %s, where the images are; choose another folder", folder,
                    d->images.text[i]);
    }
    free(images);
  }
  free(real);
  return status;
}

/* ---- the key --------------------------------------------------------------------------------- */

static bool is_later(struct timespec a, struct timespec b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* A line that is another one once the file has changed; *changed: when it last did. */
static char *identify(const char *path, struct timespec *changed) {
  char *real = realpath(path, NULL), *line;
  struct stat st;
  if (real && !stat(path, &st)) {
    line = text_format("%s %lld %lld.%09ld %lld.%09ld\n", real, (long long)st.st_size,
                       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                       (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    *changed = st.st_ctim;
  } else {
    line = text_format("%s\n", path);
    *changed = (struct timespec){0};
  }
  free(real);
  return line;
}

/* A clock tick must lie between a file's last change and its reading: a change within the same tick
 * would not show in its times. */
static void outlast_tick(struct timespec changed) {
  const struct timespec tick = {.tv_nsec = 20000000};
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec - changed.tv_sec < 2) nanosleep(&tick, NULL);
}

static void write_settings(FILE *f, const xs_preprocessing *how) {
  const uint16_t order = 1;
  fprintf(f, "layout %d\nprepare %d\nxsite %s\norder %d\n", LAYOUT, PREPARE_VERSION, xs_version(),
          *(const uint8_t *)&order);
  numeral_put(f, "size %d\nresize %d\ncenter_crop %d\nwindow %d\nrange %s %.17g %.17g\n", how->size,
              (int)how->resize, how->center_crop, how->values.window,
              values_range_name(how->values.range), how->values.low, how->values.high);
  numeral_put(f, "max_value %.17g\n", how->max_value);
}

static void write_files(FILE *f, const ingest *g) {
  char **line = memory_new(sizeof *line * (size_t)g->n);
  struct timespec *changed = memory_new(sizeof *changed * (size_t)g->n), newest = {0};
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < g->n; i++) line[i] = identify(g->path[i], &changed[i]);
  for (int64_t i = 0; i < g->n; i++) {
    if (is_later(changed[i], newest)) newest = changed[i];
    fputs(line[i], f);
    free(line[i]);
  }
  free(line);
  free(changed);
  outlast_tick(newest);
}

void cache_key(const ingest *g, char key[HASH_SHA256_TEXT]) {
  char *text;
  size_t size;
  FILE *f = text_open(&text, &size);
  write_settings(f, &g->how);
  write_files(f, g);
  text_close(f);
  hash_sha256_text(text, size, key);
  free(text);
}
