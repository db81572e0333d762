#include "record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"
#include "xsite.h"

static int refuse(record_file *s, const char *what, int error) {
  s->failed = true;
  return fail(XS_FAILED, "%s: cannot %s: %s", s->path, what, strerror(error));
}

/* Where a file system cannot reserve room, a full disk shows when it is full. */
static int reserve(record_file *s, size_t size) {
  int error = posix_fallocate(s->fd, 0, s->first + s->most * (int64_t)size);
  return error && error != EOPNOTSUPP && error != EINVAL ? refuse(s, "write", error) : 0;
}

static int64_t place(const record_file *s, int64_t i, size_t size) {
  return s->first + i * (int64_t)size;
}

int record_file_write_at(record_file *s, const void *data, size_t bytes, int64_t at) {
  const char *from = data;
  while (bytes > 0) {
    ssize_t put = pwrite(s->fd, from, bytes, (off_t)at);
    if (put < 0 && errno != EINTR) return refuse(s, "write", errno);
    if (put > 0) from += put, at += put, bytes -= (size_t)put;
  }
  return 0;
}

static int read_at(record_file *s, char *data, size_t bytes, int64_t at) {
  while (bytes > 0) {
    ssize_t got = pread(s->fd, data, bytes, (off_t)at);
    if (got == 0 || (got < 0 && errno != EINTR)) return refuse(s, "read", got ? errno : EIO);
    if (got > 0) data += got, at += got, bytes -= (size_t)got;
  }
  return 0;
}

/* The last record first, as each moves to where others were. */
static int move_apart(record_file *s, size_t size) {
  char *record = memory_new(size);
  int status = 0;
  for (int64_t i = s->n - 1; i >= 0 && !status; i--) {
    status = read_at(s, record, s->size, place(s, i, s->size));
    if (!status) status = record_file_write_at(s, record, size, place(s, i, size));
  }
  free(record);
  return status;
}

static void move_to_larger(record_file *s, size_t size) {
  char *larger = memory_new((size_t)s->most * size);
  for (int64_t i = 0; i < s->n; i++) {
    memcpy(larger + (size_t)i * size, s->memory + (size_t)i * s->size, s->size);
  }
  free(s->memory);
  s->memory = larger;
}

int record_file_widen(record_file *s, size_t size) {
  int status = 0;
  if (size <= s->size) return 0;
  if (!s->path) {
    move_to_larger(s, size);
  } else {
    status = reserve(s, size);
    if (!status) status = move_apart(s, size);
  }
  s->size = size;
  return status;
}

int record_file_write(record_file *s, int64_t i, const void *record, size_t bytes) {
  if (i == s->n) s->n++;
  if (s->path) return record_file_write_at(s, record, bytes, place(s, i, s->size));
  memcpy(s->memory + (size_t)i * s->size, record, bytes);
  return 0;
}

int record_file_read(record_file *s, int64_t i, void *record, size_t bytes) {
  if (s->path) return read_at(s, record, bytes, place(s, i, s->size));
  memcpy(record, s->memory + (size_t)i * s->size, bytes);
  return 0;
}
