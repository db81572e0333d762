#define _DEFAULT_SOURCE /* madvise, flock */

#include "image_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache_key.h"
#include "error.h"
#include "file.h"
#include "file_open.h"
#include "memory.h"
#include "site_opening.h"
#include "text.h"
#include "watch.h"

static const char magic[8] = "xsimages";
enum {
  PIXELS = 4096,                  /* where the pixels begin */
  BLOCK = 256,                    /* images between two forgettings */
  NOBODY_ELSE = S_IRWXG | S_IRWXO /* may open a file of the cache */
};

typedef struct header {
  char magic[8], key[HASH_SHA256_TEXT + 7]; /* a multiple of 8 bytes */
  int64_t n, kept, size;
  double white;
  int32_t channels, bytes, largest, tone;
  uint32_t check; /* CRC-32 of the header with 0 here, then of the table */
} header;

typedef struct cache {
  char *path, *part; /* the file, and its name while it is made */
  char key[HASH_SHA256_TEXT];
  int lock;   /* the open part, or -1 */
  bool noted; /* that the file cannot be used */
} cache;

/* The table in one piece: bad [n], fault [kept], crc [kept]. */
typedef struct table {
  size_t bytes;
  char *data;
} table;

/* ---- memory ---------------------------------------------------------------------------------- */

void images_release_pixels(xs_images *x) {
  if (x->map) {
    munmap(x->map, x->map_bytes);
  } else {
    free(x->pixels);
  }
  x->map = x->pixels = NULL;
}

void images_forget(const xs_images *x) {
  if (x->map) madvise(x->map, x->map_bytes, MADV_DONTNEED);
}

static int map(const char *path, int fd, size_t bytes, xs_images *x) {
  void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return fail(XS_FAILED, "%s: cannot be mapped: %s", path, strerror(errno));
  madvise(p, bytes, MADV_DONTFORK); /* no process that is forked needs it */
  x->map = p;
  x->map_bytes = bytes;
  x->pixels = (char *)p + PIXELS;
  return 0;
}

/* ---- notes ----------------------------------------------------------------------------------- */

static int read_without(ingest *g, xs_images *x, uint8_t *fault) {
  record_file s = {.most = g->n};
  int status = ingest_read(g, &s, x);
  x->pixels = s.memory;
  if (!status) site_find_faults(x, fault);
  return status;
}

static int go_without(ingest *g, xs_images *x, uint8_t *fault) {
  watch_note(g->watch, "site %s: its images are not cached: %s", g->d->name, fail_message());
  return read_without(g, x, fault);
}

/* ---- checksums ------------------------------------------------------------------------------- */

static size_t record_bytes(const xs_images *x) {
  return (size_t)x->height * (size_t)x->width * (size_t)(x->channels * x->bytes);
}

static uint32_t crc_of(uint32_t before, const void *data, size_t bytes) {
  return libdeflate_crc32(before, data, bytes);
}

static void find_crcs(const xs_images *x, uint32_t *crc) {
  const size_t each = record_bytes(x);
  for (int64_t first = 0; first < x->n; first += BLOCK) {
    const int64_t end = first + BLOCK < x->n ? first + BLOCK : x->n;
#pragma omp parallel for schedule(static)
    for (int64_t i = first; i < end; i++) {
      crc[i] = crc_of(0, (const char *)x->pixels + (size_t)i * each, each);
    }
    images_forget(x);
  }
}

static uint32_t check_of(header h, const table *t) {
  h.check = 0;
  return crc_of(crc_of(0, &h, sizeof h), t->data, t->bytes);
}

/* ---- a file that is there -------------------------------------------------------------------- */

static table table_new(int64_t n, int64_t kept) {
  table t = {(size_t)n + (size_t)kept * (1 + sizeof(uint32_t)), NULL};
  t.data = memory_new(t.bytes);
  return t;
}

static off_t table_place(const header *h) {
  return PIXELS + h->kept * h->size * h->size * h->channels * h->bytes;
}

static bool read_whole(int fd, void *data, size_t bytes, off_t at) {
  return pread(fd, data, bytes, at) == (ssize_t)bytes;
}

static bool is_plausible(const cache *c, const ingest *g, const header *h) {
  return !memcmp(h->magic, magic, sizeof magic) && !memcmp(h->key, c->key, sizeof c->key) &&
         h->n == g->n && h->kept > 0 && h->kept <= g->n && h->size == g->how.size &&
         (h->channels == 1 || h->channels == 3) && (h->bytes == 1 || h->bytes == 2);
}

/* What is wrong with the file, or NULL; t->data is to be freed. */
static const char *read_tables(const cache *c, const ingest *g, int fd, const struct stat *st,
                               header *h, table *t) {
  if (!read_whole(fd, h, sizeof *h, 0)) return "it is too short";
  if (!is_plausible(c, g, h)) return "its header is not what was written";
  *t = table_new(h->n, h->kept);
  if (st->st_size != table_place(h) + (off_t)t->bytes) return "its length is wrong";
  if (!read_whole(fd, t->data, t->bytes, table_place(h))) return "it cannot be read";
  return h->check == check_of(*h, t) ? NULL : "its table is not what was written";
}

static bool has_crcs(const xs_images *x, const char *wanted) {
  uint32_t *crc = memory_new(sizeof *crc * (size_t)x->n);
  find_crcs(x, crc);
  const bool same = !memcmp(crc, wanted, sizeof *crc * (size_t)x->n);
  free(crc);
  return same;
}

static const char *read_pixels(const cache *c, ingest *g, int fd, const struct stat *st,
                               const header *h, const table *t, xs_images *x) {
  g->white = h->white;
  g->largest = h->largest;
  g->tone = h->tone;
  ingest_describe(g, h->kept, h->channels, h->bytes, x);
  if (map(c->path, fd, (size_t)st->st_size, x)) return "it cannot be mapped";
  return has_crcs(x, t->data + h->n + h->kept) ? NULL : "its pixels are not what was written";
}

/* An image may have been unreadable for a reason that is gone, and its message is wanted. */
static bool are_still_bad(ingest *g, const char *bad) {
  bool still = true;
  for (int64_t i = 0; i < g->n && still; i++) {
    if (bad[i]) still = ingest_still_unreadable(g, i);
  }
  return still;
}

static const char *read_file(const cache *c, ingest *g, int fd, xs_images *x, uint8_t *fault,
                             bool *fresh) {
  struct stat st;
  header h;
  table t = {0};
  if (fstat(fd, &st)) return "it cannot be read";
  const char *wrong = read_tables(c, g, fd, &st, &h, &t);
  if (!wrong) wrong = read_pixels(c, g, fd, &st, &h, &t, x);
  *fresh = !wrong && are_still_bad(g, t.data);
  if (*fresh) memcpy(fault, t.data + h.n, (size_t)h.kept);
  free(t.data);
  return wrong;
}

static void start_again(ingest *g, xs_images *x) {
  images_release_pixels(x);
  ingest_forget_errors(g);
}

/* The file, or -1; what another user may have put there is no file of ours. */
static int open_file(cache *c, const ingest *g) {
  const int fd = file_open(c->path, O_RDONLY, 0);
  if (fd < 0 && errno == ENOENT) return -1;
  if (fd >= 0 && !file_check_own(c->path, fd, NOBODY_ELSE)) return fd;
  if (fd >= 0) close(fd);
  if (!c->noted) {
    watch_note(g->watch, "site %s: the images are read again: %s", g->d->name, fail_message());
  }
  c->noted = true;
  return -1;
}

/* Whether the images are there; a damaged file is removed. */
static bool find(cache *c, ingest *g, xs_images *x, uint8_t *fault) {
  bool fresh = false;
  int fd = open_file(c, g);
  if (fd < 0) return false;
  const char *wrong = read_file(c, g, fd, x, fault, &fresh);
  close(fd);
  if (wrong) {
    watch_note(g->watch, "site %s: the cache %s is damaged (%s): the images are read again",
               g->d->name, c->path, wrong);
    unlink(c->path);
  }
  if (!fresh) start_again(g, x);
  return fresh;
}

/* ---- making one ------------------------------------------------------------------------------ */

static void pause_for(long milliseconds) {
  nanosleep(&(struct timespec){0, milliseconds * 1000000}, NULL);
}

/* Whether fd is still the file of this name: another process may have renamed or removed it. */
static bool is_at(int fd, const char *path) {
  struct stat a, b;
  return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int wait_for_lock(const cache *c, const ingest *g, int fd) {
  bool told = false;
  while (flock(fd, LOCK_EX | LOCK_NB)) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return fail(XS_FAILED, "%s: no lock: %s", c->part, strerror(errno));
    if (ingest_is_stopped(g)) return fail(XS_FAILED, "stopped while another xsite read images");
    if (!told) {
      watch_note(g->watch, "site %s: another xsite is reading its images into %s: waiting for it",
                 g->d->name, c->path);
    }
    told = true;
    pause_for(100);
  }
  return 0;
}

static int open_part(cache *c) {
  c->lock = file_open(c->part, O_RDWR | O_CREAT, FILE_OWN);
  return c->lock < 0 ? XS_FAILED : file_check_own(c->part, c->lock, NOBODY_ELSE);
}

static void close_part(cache *c) {
  if (c->lock < 0) return;
  flock(c->lock, LOCK_UN); /* a decoder's process may still hold it */
  close(c->lock);
  c->lock = -1;
}

static int take_lock(cache *c, const ingest *g) {
  char *dir = file_dir(c->path);
  int status = file_make_dirs(dir);
  free(dir);
  while (!status) {
    status = open_part(c);
    if (!status) status = wait_for_lock(c, g, c->lock);
    if (!status && is_at(c->lock, c->part)) break;
    close_part(c);
  }
  return status;
}

static header describe(const cache *c, const ingest *g, const xs_images *x) {
  header h;
  memset(&h, 0, sizeof h);
  memcpy(h.magic, magic, sizeof magic);
  memcpy(h.key, c->key, sizeof c->key);
  h.n = g->n;
  h.kept = x->n;
  h.size = g->how.size;
  h.white = g->white;
  h.channels = x->channels;
  h.bytes = x->bytes;
  h.largest = g->largest;
  h.tone = g->tone;
  return h;
}

static int write_tables(cache *c, const ingest *g, const xs_images *x, const uint8_t *fault,
                        record_file *s) {
  header h = describe(c, g, x);
  table t = table_new(h.n, h.kept);
  for (int64_t i = 0; i < g->n; i++) t.data[i] = g->error[i] != NULL;
  memcpy(t.data + h.n, fault, (size_t)h.kept);
  uint32_t *crc = memory_new(sizeof *crc * (size_t)h.kept);
  find_crcs(x, crc);
  memcpy(t.data + h.n + h.kept, crc, sizeof *crc * (size_t)h.kept);
  h.check = check_of(h, &t);
  int status = record_file_write_at(s, t.data, t.bytes, table_place(&h));
  if (!status) status = record_file_write_at(s, &h, sizeof h, 0);
  free(crc);
  free(t.data);
  return status;
}

static int publish(const cache *c) {
  if (!fsync(c->lock) && !rename(c->part, c->path)) return 0;
  return fail(XS_FAILED, "%s: cannot write: %s", c->path, strerror(errno));
}

/* The images, in the file that is being made; it is kept where there are any. */
static int fill(cache *c, ingest *g, xs_images *x, uint8_t *fault) {
  record_file s = {.path = c->part, .fd = c->lock, .first = PIXELS, .most = g->n};
  if (ftruncate(c->lock, 0)) return fail(XS_FAILED, "%s: %s", c->part, strerror(errno));
  int status = ingest_read(g, &s, x);
  if (status || !x->n) return status;
  const size_t pixels = PIXELS + (size_t)x->n * record_bytes(x);
  if (ftruncate(c->lock, (off_t)pixels)) return fail(XS_FAILED, "%s: %s", c->part, strerror(errno));
  status = map(c->part, c->lock, pixels, x);
  if (status) return status;
  site_find_faults(x, fault);
  status = write_tables(c, g, x, fault, &s);
  return status ? status : publish(c);
}

static int make(cache *c, ingest *g, xs_images *x, uint8_t *fault) {
  int status = take_lock(c, g);
  bool made = false;
  if (!status && !find(c, g, x, fault)) { /* nobody made it meanwhile */
    status = fill(c, g, x, fault);
    made = !status && x->n;
  }
  if (c->lock >= 0 && !made) unlink(c->part);
  close_part(c);
  if (!status || ingest_is_stopped(g)) return status;
  start_again(g, x);
  return go_without(g, x, fault);
}

static int read_with(const char *folder, ingest *g, xs_images *x, uint8_t *fault) {
  cache c = {.lock = -1};
  cache_key(g, c.key);
  c.path = text_format("%s/%s.%ld.images", folder, c.key, (long)geteuid());
  c.part = text_format("%s/%s.%ld.part", folder, c.key, (long)geteuid());
  int status = find(&c, g, x, fault) ? 0 : make(&c, g, x, fault);
  free(c.path);
  free(c.part);
  return status;
}

int image_cache_read(const char *asked, ingest *g, xs_images *x, uint8_t *fault) {
  char *folder = cache_folder(asked);
  int status;
  if (!folder) {
    status = read_without(g, x, fault);
  } else if (cache_check_folder(folder, g->d)) {
    status = go_without(g, x, fault);
  } else {
    status = read_with(folder, g, x, fault);
  }
  free(folder);
  return status;
}
