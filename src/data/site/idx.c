#include "idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "xsite.h"

enum { TYPE_UBYTE = 0x08, TYPE_SHORT = 0x0B };

static uint32_t read_big_endian(const uint8_t *b) {
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Reads up to size bytes; *got says how many there were.  Fails on damaged gzip data. */
static int read_some(gzFile file, const char *path, void *data, int64_t size, int64_t *got) {
  *got = 0;
  while (*got < size) {
    int64_t ask = size - *got < (1 << 24) ? size - *got : 1 << 24;
    int n = gzread(file, (uint8_t *)data + *got, (unsigned)ask);
    if (n < 0) {
      int code;
      return fail(XS_FAILED,
                  "%s: the gzip data are damaged after %lld bytes (%s); get the file again", path,
                  (long long)*got, gzerror(file, &code));
    }
    if (n == 0) break;
    *got += n;
  }
  return 0;
}

/* The longest content that a file of this size can hold: deflate reaches 1032 to 1. */
static int64_t most_content(gzFile file, const char *path) {
  struct stat s;
  return stat(path, &s) == 0 ? (int64_t)s.st_size * (gzdirect(file) ? 1 : 1032) : 0;
}

static int parse_magic(const char *path, const uint8_t *magic, idx *out) {
  int type = magic[2];
  out->rank = magic[3];
  if (magic[0] || magic[1] || (type != TYPE_UBYTE && type != TYPE_SHORT) || out->rank < 1 ||
      out->rank > IDX_MAX_RANK) {
    return fail(
        XS_FAILED,
        "%s: not an IDX file of images or labels: it starts with %02x %02x %02x %02x, expected "
        "00 00, 08 (bytes) or 0b (16 bits), and 1 to 4 dimensions",
        path, magic[0], magic[1], magic[2], magic[3]);
  }
  out->bytes = type == TYPE_UBYTE ? 1 : 2;
  return 0;
}

static int parse_dimensions(const char *path, const uint8_t *b, int64_t most, idx *out) {
  out->count = 1;
  for (int i = 0; i < out->rank; i++) {
    out->dim[i] = read_big_endian(b + 4 * i);
    if (out->dim[i] == 0) {
      return fail(XS_FAILED, "%s: dimension %d of %d is 0, expected at least 1", path, i + 1,
                  out->rank);
    }
    if (out->count > most / out->bytes / out->dim[i]) {
      return fail(
          XS_FAILED,
          "%s: truncated or damaged: dimensions up to number %d (%lld) ask for more values than "
          "a file of this size can hold; get the file again",
          path, i + 1, (long long)out->dim[i]);
    }
    out->count *= out->dim[i];
  }
  return 0;
}

static int read_header(gzFile file, const char *path, idx *out) {
  uint8_t header[4 + 4 * IDX_MAX_RANK];
  int64_t got;
  if (read_some(file, path, header, 4, &got)) return XS_FAILED;
  if (got < 4) {
    return fail(XS_FAILED, "%s: truncated: %lld bytes, an IDX file has at least 8", path,
                (long long)got);
  }
  if (parse_magic(path, header, out)) return XS_FAILED;
  if (read_some(file, path, header, 4 * out->rank, &got)) return XS_FAILED;
  if (got < 4 * out->rank) {
    return fail(XS_FAILED, "%s: truncated: the header of %d dimensions ends after %lld of %d bytes",
                path, out->rank, (long long)got + 4, 4 + 4 * out->rank);
  }
  return parse_dimensions(path, header, most_content(file, path), out);
}

/* 16-bit values come big-endian and signed. */
static int convert_short(const char *path, idx *x) {
  uint16_t *value = x->data;
  for (int64_t i = 0; i < x->count; i++) {
    const uint8_t *b = (const uint8_t *)&value[i];
    uint16_t v = (uint16_t)(b[0] << 8 | b[1]);
    if (v > INT16_MAX) {
      return fail(XS_FAILED, "%s: value %lld is negative (%d), expected 0 to %d", path,
                  (long long)i, (int)v - 65536, INT16_MAX);
    }
    value[i] = v;
  }
  return 0;
}

static int read_values(gzFile file, const char *path, idx *out) {
  int64_t size = out->count * out->bytes, got, more;
  uint8_t after;
  out->data = memory_new((size_t)size);
  if (read_some(file, path, out->data, size, &got)) return XS_FAILED;
  if (got < size) {
    return fail(
        XS_FAILED,
        "%s: truncated: the header announces %lld bytes of values, the file holds %lld; get "
        "the file again",
        path, (long long)size, (long long)got);
  }
  if (read_some(file, path, &after, 1, &more)) return XS_FAILED;
  if (more > 0) {
    return fail(
        XS_FAILED,
        "%s: more data than the header announces (%lld bytes of values); the file is damaged or "
        "not what its header says",
        path, (long long)size);
  }
  return out->bytes == 2 ? convert_short(path, out) : 0;
}

int idx_read(const char *path, idx *out) {
  memset(out, 0, sizeof *out);
  if (file_check_regular(path)) return XS_FAILED;
  gzFile file = gzopen(path, "rb");
  if (!file) return fail(XS_FAILED, "%s: cannot be opened; check the path", path);
  int status = read_header(file, path, out);
  if (!status) status = read_values(file, path, out);
  if (gzclose_r(file) == Z_BUF_ERROR && !status) {
    status =
        fail(XS_FAILED, "%s: truncated: the gzip data end too early; get the file again", path);
  }
  return status;
}

void idx_release(idx *x) {
  free(x->data);
  memset(x, 0, sizeof *x);
}

static bool holds_same(const char *path, const uint8_t *data, size_t size) {
  char *old = NULL;
  size_t old_size = 0;
  bool same = !file_read(path, &old, &old_size) && old_size == size && !memcmp(old, data, size);
  free(old);
  return same;
}

int idx_write(const char *path, const idx *x) {
  size_t header = 4 + 4 * (size_t)x->rank, size = header + (size_t)x->count;
  uint8_t *data = memory_new(size);
  data[2] = TYPE_UBYTE;
  data[3] = (uint8_t)x->rank;
  for (int i = 0; i < x->rank; i++) {
    for (int k = 0; k < 4; k++) data[4 + 4 * i + k] = (uint8_t)(x->dim[i] >> (24 - 8 * k));
  }
  memcpy(data + header, x->data, (size_t)x->count);
  int status = 0;
  if (!file_exists(path)) {
    status = file_write_public(path, data, size);
  } else if (!holds_same(path, data, size)) {
    status = fail(XS_FAILED,
                  "%s: exists and holds something else; move it away or name another folder", path);
  }
  free(data);
  return status;
}
