#define _GNU_SOURCE
#include "file.h"

#include "error.h"
#include "file_open.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The size to start reading with; the file may grow or, as a pipe, have no size. */
static int open_to_read(const char *path, int *fd, size_t *capacity) {
  struct stat st;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0) return fail(1, "%s: cannot open: %s", path, strerror(errno));
  if (fstat(*fd, &st) != 0) return fail(1, "%s: %s", path, strerror(errno));
  if (S_ISDIR(st.st_mode)) return fail(1, "%s: is a folder, a file is needed", path);
  *capacity = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 4096;
  return 0;
}

/* A read that a signal has broken off is repeated, but not that of a pipe, which may never end. */
static bool is_to_repeat(int fd) {
  struct stat st;
  const int error = errno;
  const bool plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  errno = error;
  return error == EINTR && plain;
}

/* Reads fd to its end into *data of capacity + 2 bytes, growing it. */
static int read_all(const char *path, int fd, size_t capacity, char **data, size_t *size) {
  size_t done = 0;
  for (;;) {
    char *bigger = realloc(*data, capacity + 2);
    if (!bigger) return fail(1, "%s: out of memory: %zu bytes wanted", path, capacity);
    *data = bigger;
    ssize_t got = 1;
    while (done <= capacity && got != 0) {
      got = read(fd, *data + done, capacity + 1 - done);
      if (got < 0 && !is_to_repeat(fd))
        return fail(1, "%s: cannot read: %s", path, strerror(errno));
      if (got > 0) done += (size_t)got;
    }
    if (got == 0) break;
    capacity *= 2;
  }
  (*data)[done] = 0;
  *size = done;
  return 0;
}

int file_read(const char *path, char **data, size_t *size) {
  int fd = -1;
  size_t capacity = 0;
  *data = NULL;
  *size = 0;
  int status = open_to_read(path, &fd, &capacity);
  if (status == 0) status = read_all(path, fd, capacity, data, size);
  if (fd >= 0) close(fd);
  if (status != 0) {
    free(*data);
    *data = NULL;
  }
  return status;
}

int file_put(int fd, const void *bytes, size_t size) {
  const char *data = bytes;
  while (size > 0) {
    ssize_t put = write(fd, data, size);
    if (put < 0 && errno != EINTR) return -1;
    if (put > 0) {
      data += put;
      size -= (size_t)put;
    }
  }
  return 0;
}

/* A file that was not there.  One that a killed process of the same number has left, or a link that
 * somebody has put there, makes way. */
static int open_new(const char *path, mode_t mode) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  const int fd = open(path, flags, mode);
  return fd >= 0 || errno != EEXIST || unlink(path) != 0 ? fd : open(path, flags, mode);
}

/* The data reaches the disk before a name does.  Closes fd. */
static int put_synced(int fd, const void *data, size_t size) {
  int status = file_put(fd, data, size);
  if (status == 0) status = fsync(fd);
  int kept = errno;
  if (close(fd) != 0) return -1;
  errno = kept;
  return status;
}

static int write_named(const char *path, const char *temporary, const void *data, size_t size,
                       mode_t mode) {
  const int fd = open_new(temporary, mode);
  if (fd < 0) return -1;
  return put_synced(fd, data, size) ? -1 : rename(temporary, path);
}

static int link_open(const char *self, const char *path) {
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* As path where nothing is there, else over it. */
static int give_name(int fd, const char *path, const char *temporary) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  if (link_open(self, path) == 0) return 0;
  if (errno != EEXIST || (unlink(temporary) != 0 && errno != ENOENT)) return -1;
  return link_open(self, temporary) ? -1 : rename(temporary, path);
}

/* The file has no name until it is whole: a killed process leaves nothing.  -1 where the file
 * system knows no such files, too. */
static int write_nameless(const char *dir, const char *path, const char *temporary,
                          const void *data, size_t size, mode_t mode) {
  const int fd = open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
  if (fd < 0) return -1;
  const int named = dup(fd); /* which closing the first, for its errors, leaves */
  int status = named < 0 || put_synced(fd, data, size) ? -1 : give_name(named, path, temporary);
  if (named >= 0) close(named);
  return status;
}

/* Some file systems cannot sync a folder; the rename is done all the same. */
static void sync_dir(const char *dir) {
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

static int write_atomic(const char *path, const void *data, size_t size, mode_t mode) {
  int status = 0;
  char *dir = file_dir(path);
  char *temporary = text_format("%s.tmp%ld", path, (long)getpid());
  if (write_nameless(dir, path, temporary, data, size, mode) &&
      write_named(path, temporary, data, size, mode)) {
    status = fail(1, "%s: cannot write: %s; nothing was changed", path, strerror(errno));
    unlink(temporary);
    goto out;
  }
  sync_dir(dir);
out:
  free(temporary);
  free(dir);
  return status;
}

int file_write_atomic(const char *path, const void *data, size_t size) {
  return write_atomic(path, data, size, FILE_OWN);
}

int file_write_public(const char *path, const void *data, size_t size) {
  return write_atomic(path, data, size, 0666);
}

int file_remove(const char *path) {
  struct stat st;
  if (unlink(path) == 0) return 0;
  const int error = errno; /* EROFS of a disk that is read only, whether the file is there or not */
  if (lstat(path, &st) != 0 && errno == ENOENT) return 0;
  return fail(1, "%s: cannot be removed: %s", path, strerror(error));
}

int file_remove_in(const char *dir, const char *name) {
  char *path = file_join(dir, name);
  const int status = file_remove(path);
  free(path);
  return status;
}

int file_copy_in(const char *from, const char *to, const char *name) {
  char *source = file_join(from, name), *copy = file_join(to, name), *data = NULL;
  size_t size;
  int status = file_read(source, &data, &size);
  if (!status) status = file_write_atomic(copy, data, size);
  free(data);
  free(copy);
  free(source);
  return status;
}

bool file_exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ELOOP);
}

bool file_is_dir(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "folder";
  if (S_ISFIFO(mode)) return "pipe";
  return S_ISSOCK(mode) ? "socket" : "device";
}

int file_check_regular(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return 0;
  return fail(1, "%s: is a %s, a file is needed", path, kind_of(st.st_mode));
}

static int make_dirs(const char *path, mode_t mode) {
  int status = 0;
  char *part = text_copy(path);
  for (char *p = part; status == 0 && *p; p++) {
    if (p[1] != '/' && p[1] != 0) continue;
    char kept = p[1];
    p[1] = 0;
    const int failure = mkdir(part, mode) == 0 ? 0 : errno; /* looking for a folder sets errno */
    if (failure && !file_is_dir(part)) {
      status = fail(1, "%s: cannot make the folder %s: %s", path, part, strerror(failure));
    }
    p[1] = kept;
  }
  free(part);
  return status;
}

int file_make_dirs(const char *path) { return make_dirs(path, 0700); }

int file_make_public_dirs(const char *path) { return make_dirs(path, 0777); }

char *file_join(const char *dir, const char *name) {
  size_t n = strlen(dir);
  if (name[0] == '/' || n == 0 || strcmp(dir, ".") == 0) return text_copy(name);
  return text_format("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *file_dir(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return text_copy(".");
  if (slash == path) return text_copy("/");
  return text_format("%.*s", (int)(slash - path), path);
}
