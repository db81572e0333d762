/* seal_log.c: lines chained by their hashes. */
#include "seal_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "file_open.h"
#include "hash.h"
#include "text.h"

static char *text_of(const json_t *line) { return json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS); }

static void add_hash(json_t *line) {
  char hex[HASH_SHA256_TEXT];
  json_object_del(line, "hash");
  char *text = text_of(line);
  hash_sha256_text(text, strlen(text), hex);
  json_object_set_new(line, "hash", json_string(hex));
  free(text);
}

/* Whether the bytes are those of the n-th line, which was written after the one of that hash. */
static bool is_line(const json_t *line, const char *bytes, size_t size, const char *previous,
                    int n) {
  const char *before = json_string_value(json_object_get(line, "previous"));
  if (!before || strcmp(before, previous) != 0) return false;
  if (json_integer_value(json_object_get(line, "n")) != n) return false;
  json_t *again = json_deep_copy(line);
  add_hash(again);
  char *text = text_of(again);
  const bool same = strlen(text) == size && memcmp(text, bytes, size) == 0;
  free(text);
  json_decref(again);
  return same;
}

/* The whole lines of a text, each checked against the one before; the last may be cut off by a
 * crash, before which nothing came of it. */
static xs_status parse(const char *path, const char *text, size_t size, json_t *lines) {
  const char *previous = "", *const end = text + size, *stop;
  for (int n = 1; (stop = memchr(text, '\n', (size_t)(end - text))); n++) {
    const size_t length = (size_t)(stop - text);
    json_t *line = json_loadb(text, length, 0, NULL);
    if (!is_line(line, text, length, previous, n)) {
      json_decref(line);
      return (xs_status)fail(XS_FAILED,
                             "%s:%d: the chain is broken: this line or one before it was changed; "
                             "bring back the file, or run the study anew in another --out",
                             path, n);
    }
    json_array_append_new(lines, line);
    previous = json_string_value(json_object_get(line, "hash"));
    text = stop + 1;
  }
  return XS_OK;
}

xs_status seal_log_read(const char *path, json_t **lines) {
  char *text;
  size_t size;
  *lines = json_array();
  if (!file_exists(path)) return XS_OK;
  if (file_read(path, &text, &size)) return XS_FAILED;
  xs_status status = parse(path, text, size, *lines);
  free(text);
  return status;
}

/* Cuts off what stands behind the last line end. */
static int drop_torn_line(const char *path, int fd) {
  char *text;
  size_t size;
  if (file_read(path, &text, &size)) return 1;
  while (size && text[size - 1] != '\n') size--;
  free(text);
  return ftruncate(fd, (off_t)size) ? fail(1, "%s: %s", path, strerror(errno)) : 0;
}

/* The file is locked. */
static xs_status append(const char *path, int fd, const json_t *line) {
  json_t *lines, *mine = json_deep_copy(line);
  char time[CLOCK_TEXT];
  if (drop_torn_line(path, fd)) {
    json_decref(mine);
    return XS_FAILED;
  }
  xs_status status = seal_log_read(path, &lines);
  size_t n = json_array_size(lines);
  json_t *last = json_array_get(lines, n - 1);
  clock_date(time);
  json_object_set_new(mine, "n", json_integer((json_int_t)n + 1));
  json_object_set_new(mine, "time", json_string(time));
  json_object_set_new(mine, "previous",
                      json_string(n ? json_string_value(json_object_get(last, "hash")) : ""));
  add_hash(mine);
  char *text = text_of(mine), *whole = text_format("%s\n", text);
  size_t size = strlen(whole);
  if (!status && (file_put(fd, whole, size) || fsync(fd))) {
    status = (xs_status)fail(XS_FAILED, "%s: cannot write: %s", path, strerror(errno));
  }
  free(whole);
  free(text);
  json_decref(mine);
  json_decref(lines);
  return status;
}

xs_status seal_log_add(const char *path, const json_t *line) {
  int fd = file_open(path, O_RDWR | O_CREAT | O_APPEND, FILE_OWN);
  if (fd < 0) return XS_FAILED;
  while (flock(fd, LOCK_EX) && errno == EINTR) continue;
  xs_status status = append(path, fd, line);
  close(fd);
  return status;
}
