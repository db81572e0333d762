/* narrow_disk.c: for LD_PRELOAD: a disk without room, and calls that transfer a part only, for
 * plain files.  DISK_BYTES: after so many bytes that were written, reserved or added by ftruncate,
 * writes fail with ENOSPC; the write that meets the end is a short one, as on a real disk.
 * MOST_AT_ONCE: no call reads or writes more bytes.  COUNT_TO: the file that is told, when the
 * program ends, how many bytes were taken from the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long long room, most;
static _Atomic long long taken;
static const char *count_to;
static ssize_t (*real_write)(int, const void *, size_t), (*real_read)(int, void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_pread)(int, void *, size_t, off64_t);
static int (*real_ftruncate)(int, off64_t), (*real_fallocate)(int, off64_t, off64_t);

/* POSIX's way from dlsym's object pointer to a function. */
static void find_real(const char *name, void *function) {
  void *found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

static long long number(const char *name) {
  const char *text = getenv(name);
  return text ? atoll(text) : -1;
}

__attribute__((constructor)) static void begin(void) {
  find_real("write", &real_write);
  find_real("read", &real_read);
  find_real("pwrite64", &real_pwrite);
  find_real("pread64", &real_pread);
  find_real("ftruncate64", &real_ftruncate);
  find_real("posix_fallocate64", &real_fallocate);
  room = number("DISK_BYTES");
  most = number("MOST_AT_ONCE");
  count_to = getenv("COUNT_TO");
}

__attribute__((destructor)) static void end(void) {
  FILE *f = count_to ? fopen(count_to, "w") : NULL;
  if (!f) return;
  fprintf(f, "%lld\n", (long long)taken);
  fclose(f);
}

static bool is_plain(int fd, struct stat *st) { return !fstat(fd, st) && S_ISREG(st->st_mode); }

/* How many of n bytes there is room for; -1 and ENOSPC where there is none. */
static long long grant(long long n) {
  const long long before = taken;
  if (room >= 0 && before >= room && n > 0) {
    errno = ENOSPC;
    return -1;
  }
  if (room >= 0 && before + n > room) n = room - before;
  taken += n;
  return n;
}

static size_t at_once(size_t n) { return most > 0 && n > (size_t)most ? (size_t)most : n; }

ssize_t write(int fd, const void *data, size_t n) {
  struct stat st;
  if (!is_plain(fd, &st)) return real_write(fd, data, n);
  const long long granted = grant((long long)at_once(n));
  return granted < 0 ? -1 : real_write(fd, data, (size_t)granted);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
  struct stat st;
  if (!is_plain(fd, &st)) return real_pwrite(fd, data, n, at);
  const long long granted =
      at + (off64_t)n <= st.st_size ? (long long)at_once(n) : grant((long long)at_once(n));
  return granted < 0 ? -1 : real_pwrite(fd, data, (size_t)granted, at);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrite64(fd, data, n, at); }

ssize_t read(int fd, void *data, size_t n) {
  struct stat st;
  return real_read(fd, data, is_plain(fd, &st) ? at_once(n) : n);
}

ssize_t pread64(int fd, void *data, size_t n, off64_t at) {
  return real_pread(fd, data, at_once(n), at);
}
ssize_t pread(int fd, void *data, size_t n, off_t at) { return pread64(fd, data, n, at); }

/* A file may become longer without room being taken: such a hole is filled when it is written, by
 * which time a real disk may be full; here it is refused at once. */
int ftruncate64(int fd, off64_t size) {
  struct stat st;
  if (is_plain(fd, &st) && size > st.st_size && grant(size - st.st_size) < size - st.st_size) {
    errno = ENOSPC;
    return -1;
  }
  return real_ftruncate(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off64_t at, off64_t n) {
  struct stat st;
  if (is_plain(fd, &st) && at + n > st.st_size &&
      grant(at + n - st.st_size) < at + n - st.st_size) {
    return ENOSPC;
  }
  return real_fallocate(fd, at, n);
}
int posix_fallocate(int fd, off_t at, off_t n) { return posix_fallocate64(fd, at, n); }
