#include "download.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "file_open.h"
#include "hash.h"
#include "http_get.h"
#include "memory.h"
#include "text.h"
#include "watch.h"

static const double longest_pause = 60; /* seconds */

typedef struct job {
  const download *d;
  const char *path;
  char *part;
  int fd; /* of part, locked */
  const xs_get_task *option;
  const xs_watch *watch;
  buffer reasons; /* of the addresses so far */
} job;

/* ---- is it the file? ---- */

static int check_gzip(const char *path) {
  enum { PIECE = 1 << 16 };
  gzFile f = gzopen(path, "rb");
  if (!f) return fail(XS_FAILED, "%s: cannot open", path);
  uint8_t *piece = memory_new(PIECE);
  int got;
  while ((got = gzread(f, piece, PIECE)) > 0) continue;
  bool plain = gzdirect(f) == 1;
  free(piece);
  if (gzclose_r(f) != Z_OK || got < 0 || plain) {
    return fail(XS_FAILED, "%s: is no whole gzip file", path);
  }
  return 0;
}

int download_check(const download *d, const char *path) {
  char md5[HASH_MD5_TEXT];
  if (!d->md5) return check_gzip(path);
  if (hash_md5_file(path, md5)) return XS_FAILED;
  if (strcmp(md5, d->md5) == 0) return 0;
  return fail(XS_FAILED, "%s: its MD5 is %s, that of %s is %s", path, md5, d->name, d->md5);
}

/* ---- what the user is told ---- */

static void remember(job *j, const char *folder, const char *reason) {
  watch_note(j->watch, "%s: %s", j->d->name, reason);
  buffer_between(&j->reasons, "; ");
  buffer_add(&j->reasons, "%s: %s", folder, reason);
}

static int give_up(const job *j, transfer_end end, const char *reason) {
  if (end == TRANSFER_STOPPED) {
    return fail(XS_FAILED, "%s: stopped; the same command goes on where it was", j->d->name);
  }
  if (end == TRANSFER_FAILED) {
    return fail(XS_FAILED,
                "%s: cannot write: %s; about %.0f kB are needed; then the same command "
                "goes on where it was",
                j->part, reason, (double)j->d->bytes * 1e-3);
  }
  return fail(
      XS_FAILED,
      "%s: not to be had: %s; try again later, name a server with --mirror, or get the file "
      "by other means and put it there as %s",
      j->d->name, j->reasons.text, j->path);
}

/* ---- one address ---- */

static bool is_stopped(const job *j) { return watch_stops(j->watch); }

/* False where the watch stops it. */
static bool pause_for(const job *j, double seconds) {
  const struct timespec tenth = {0, 100000000};
  for (double left = seconds; left > 0 && !is_stopped(j); left -= 0.1) nanosleep(&tenth, NULL);
  return !is_stopped(j);
}

/* Before try number `vain` + 1 of those that brought nothing. */
static bool pause_before(const job *j, const transfer *t, int64_t vain) {
  double seconds = j->option->pause * exp2((double)(vain > 1 ? vain - 1 : 0));
  seconds = fmin(fmax(seconds, t->wait), longest_pause);
  watch_note(j->watch, "%s: %s after %lld bytes; trying again in %.3g seconds", j->d->name,
             t->reason, (long long)t->size, seconds);
  return pause_for(j, seconds);
}

static void start_anew(const job *j, transfer *t) {
  if (t->size > 0) watch_note(j->watch, "%s: begun again, without what was there", j->d->name);
  if (ftruncate(t->fd, 0) == 0) t->size = 0;
}

static bool is_whole(const job *j, const transfer *t, transfer_end end) {
  bool may_be = end == TRANSFER_DONE || end == TRANSFER_NO_RANGE || t->size >= j->d->bytes;
  return may_be && t->size > 0 && download_check(j->d, j->part) == 0;
}

/* One transfer, and what is to be thought of it.  *anew: how often a wrong file was dropped. */
static transfer_end try_once(const job *j, transfer *t, int *anew) {
  int64_t start = t->size;
  transfer_end end = transfer_run(t);
  if (end == TRANSFER_STOPPED || end == TRANSFER_FAILED) return end;
  if (is_whole(j, t, end)) return TRANSFER_DONE;
  if (end != TRANSFER_DONE && end != TRANSFER_NO_RANGE) return end;
  if (end == TRANSFER_DONE && t->size > start && t->size < j->d->bytes) {
    snprintf(t->reason, sizeof t->reason, "the file ended early");
    return TRANSFER_BROKEN;
  }
  start_anew(j, t);
  if (end == TRANSFER_NO_RANGE && start > 0) return end;
  if (start > 0 && (*anew)++ == 0) return TRANSFER_NO_RANGE;
  snprintf(t->reason, sizeof t->reason, "it sent another file: %s", fail_message());
  return TRANSFER_REFUSED;
}

/* Until the file is whole, or the address has nothing more to give. */
static transfer_end ask(job *j, transfer *t) {
  int64_t most = t->size, vain = 0;
  int anew = 0;
  for (;;) {
    transfer_end end = try_once(j, t, &anew);
    if (end == TRANSFER_NO_RANGE) continue; /* the file is empty now */
    if (end != TRANSFER_BROKEN) return end;
    vain = t->size - most >= TRANSFER_LEAST ? 0 : vain + 1;
    most = t->size > most ? t->size : most;
    if (vain >= j->option->tries) return TRANSFER_REFUSED;
    if (!pause_before(j, t, vain)) return TRANSFER_STOPPED;
  }
}

static int64_t size_of(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 ? (int64_t)s.st_size : 0;
}

static transfer_end ask_folder(job *j, const char *folder) {
  bool slash = folder[strlen(folder) - 1] == '/';
  transfer t = {.address = text_format("%s%s%s", folder, slash ? "" : "/", j->d->name),
                .name = j->d->name,
                .fd = j->fd,
                .size = size_of(j->fd),
                .bytes = j->d->bytes,
                .option = j->option,
                .watch = j->watch};
  watch_note(j->watch, "%s: %.0f kB from %s%s", j->d->name, (double)j->d->bytes * 1e-3, t.address,
             t.size > 0 ? ", continued" : "");
  transfer_end end = ask(j, &t);
  if (end == TRANSFER_REFUSED) remember(j, folder, t.reason);
  if (end != TRANSFER_DONE) give_up(j, end, t.reason);
  free(t.address);
  return end;
}

/* ---- all of them ---- */

static int ask_all(job *j) {
  enum { FOLDERS = sizeof j->d->folder / sizeof *j->d->folder };
  const char *mirror = j->option->mirror;
  transfer_end end = mirror && *mirror ? ask_folder(j, mirror) : TRANSFER_REFUSED;
  for (int k = 0; k < FOLDERS && j->d->folder[k] && end == TRANSFER_REFUSED; k++) {
    end = ask_folder(j, j->d->folder[k]);
  }
  return end == TRANSFER_DONE ? 0 : XS_FAILED;
}

/* Another process may have finished the file between the opening and the lock. */
static bool is_same_file(const job *j) {
  struct stat a, b;
  return fstat(j->fd, &a) == 0 && stat(j->part, &b) == 0 && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev;
}

static int open_part(job *j) {
  char *dir = file_dir(j->path);
  int status = file_make_public_dirs(dir);
  free(dir);
  if (status) return XS_FAILED;
  j->fd = file_open(j->part, O_RDWR | O_CREAT, 0644);
  if (j->fd < 0) return XS_FAILED;
  if (file_check_own(j->part, j->fd, S_IWGRP | S_IWOTH)) {
    close(j->fd);
    j->fd = -1;
    return XS_FAILED;
  }
  if (flock(j->fd, LOCK_EX | LOCK_NB) != 0 || !is_same_file(j)) {
    close(j->fd);
    j->fd = -1; /* the other's file is not ours to remove */
    return fail(XS_FAILED, "%s: another process is downloading it", j->part);
  }
  return 0;
}

static int keep(const job *j) {
  if (fsync(j->fd) == 0 && rename(j->part, j->path) == 0) return 0;
  return fail(XS_FAILED, "%s: cannot write: %s", j->path, strerror(errno));
}

static int fetch(job *j) {
  int status = open_part(j);
  if (!status) status = ask_all(j);
  if (!status) status = keep(j);
  if (status && j->fd >= 0 && size_of(j->fd) == 0 && is_same_file(j)) unlink(j->part);
  if (j->fd >= 0) close(j->fd);
  return status;
}

int download_file(const download *d, const char *path, const xs_get_task *o, const xs_watch *w) {
  if (d->md5 && hash_md5_allowed()) {
    return fail_context(XS_FAILED,
                        "%s is known by its MD5 alone; get it where MD5 is allowed, and copy the "
                        "folder: ",
                        d->name);
  }
  if (file_exists(path) && download_check(d, path) == 0) return 0;
  if (file_exists(path) && !o->overwrite) {
    return fail_context(XS_FAILED,
                        "%s is there and is not what it should be; move it away, or give "
                        "--overwrite: ",
                        path);
  }
  job j = {.d = d, .path = path, .fd = -1, .option = o, .watch = w};
  j.part = text_format("%s.part", path);
  int status = fetch(&j);
  free(j.part);
  buffer_free(&j.reasons);
  return status;
}
