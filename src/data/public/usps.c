/* usps.c: USPS as LIBSVM distributes it, text of smoothed images, into IDX files of the original
 * ones.
 *
 * The original values are -1.000 to 1.000 in steps of 0.001 (Hastie, Tibshirani, Friedman, The
 * Elements of Statistical Learning, 2001, "ZIP code").  LIBSVM's file holds them after a Gaussian
 * of deviation 0.75 pixels over 7 x 7 pixels of sum 1, with -1 around the image, to six decimals:
 * with x and y counted from -1, y = K x K' for the 16 x 16 matrix K of the Gaussian in one
 * dimension.  K is well conditioned (7.6), so x = K^-1 y K'^-1 is known to 0.02 steps, and rounding
 * gives it exactly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "catalogue.h"
#include "error.h"
#include "file.h"
#include "hash.h"
#include "memory.h"
#include "numeral.h"
#include "text.h"
#include "unpack.h"

enum { SIDE = 16, PIXELS = SIDE * SIDE, STEPS = 1000, RADIUS = 3, MOST_TEXT = 1 << 26 };
static const double deviation = 0.75, farthest = 0.25; /* pixels; steps from a whole one */

typedef struct digits {
  int n;
  uint8_t *label;  /* [n] */
  uint16_t *level; /* [n][PIXELS], 0 to 2 STEPS */
} digits;

/* ---- undoing the Gaussian ---- */

typedef double matrix[SIDE][SIDE];

static void fill_gaussian(matrix k) {
  double weight[RADIUS + 1], sum = 0;
  for (int d = 0; d <= RADIUS; d++) {
    weight[d] = exp(-d * d / (2 * deviation * deviation));
    sum += d ? 2 * weight[d] : weight[d];
  }
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) k[i][j] = abs(i - j) <= RADIUS ? weight[abs(i - j)] / sum : 0;
  }
}

static void subtract_row(double *from, const double *row, double factor) {
  for (int j = 0; j < SIDE; j++) from[j] -= factor * row[j];
}

/* Gauss and Jordan's elimination; the pivots of K, positive definite, are positive. */
static void invert(matrix k, matrix inverse) {
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) inverse[i][j] = i == j;
  }
  for (int i = 0; i < SIDE; i++) {
    double pivot = k[i][i];
    for (int j = 0; j < SIDE; j++) {
      k[i][j] /= pivot;
      inverse[i][j] /= pivot;
    }
    for (int r = 0; r < SIDE; r++) {
      double factor = k[r][i];
      if (r == i) continue;
      subtract_row(k[r], k[i], factor);
      subtract_row(inverse[r], inverse[i], factor);
    }
  }
}

static void multiply(matrix a, matrix b, matrix product) {
  for (int i = 0; i < SIDE; i++) {
    for (int j = 0; j < SIDE; j++) {
      double sum = 0;
      for (int k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
      product[i][j] = sum;
    }
  }
}

/* y: values from -1, smoothed.  False where they are not USPS'. */
static bool sharpen(matrix inverse, matrix y, uint16_t *level) {
  matrix half, x;
  multiply(inverse, y, half);
  multiply(half, inverse, x); /* K is symmetric */
  for (int i = 0; i < PIXELS; i++) {
    double steps = x[i / SIDE][i % SIDE] * STEPS, whole = rint(steps);
    if (!(fabs(steps - whole) < farthest && whole >= 0 && whole <= 2 * STEPS)) return false;
    level[i] = (uint16_t)whole;
  }
  return true;
}

/* ---- the text: "LABEL 1:VALUE ... 256:VALUE", labels 1 to 10, values that are not there 0 ---- */

/* Whether the rest of the line is pairs of index and value. */
static bool parse_pairs(char *rest, matrix y) {
  for (int i = 0; i < PIXELS; i++) y[i / SIDE][i % SIDE] = 1;
  for (char *end; *(rest += strspn(rest, " \t\r")); rest = end) {
    long index = strtol(rest, &end, 10);
    if (end == rest || *end != ':' || index < 1 || index > PIXELS) return false;
    rest = end + 1;
    y[(index - 1) / SIDE][(index - 1) % SIDE] = 1 + numeral_read(rest, &end);
    if (end == rest) return false;
  }
  return true;
}

static bool parse_line(char *line, matrix inverse, digits *d) {
  matrix y;
  char *rest;
  long label = strtol(line, &rest, 10);
  if (rest == line || label < 1 || label > 10 || !parse_pairs(rest, y)) return false;
  d->label = memory_grow(d->label, (size_t)d->n + 1);
  d->level = memory_grow(d->level, sizeof *d->level * PIXELS * ((size_t)d->n + 1));
  d->label[d->n] = (uint8_t)(label - 1);
  bool right = sharpen(inverse, y, d->level + (size_t)PIXELS * (size_t)d->n);
  d->n += right;
  return right;
}

static int parse(const char *path, char *text, digits *d) {
  matrix gaussian, inverse;
  char *rest = NULL;
  fill_gaussian(gaussian);
  invert(gaussian, inverse);
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (!parse_line(line, inverse, d)) {
      return fail(XS_FAILED,
                  "%s: image %d is not as in LIBSVM's USPS: a label 1 to 10 and 256 values "
                  "INDEX:VALUE of a smoothed image",
                  path, d->n + 1);
    }
  }
  return 0;
}

/* ---- the IDX files ---- */

typedef struct content {
  uint8_t *data;
  size_t size;
} content;

/* A header of type and dimensions, and room for the values of `bytes` each behind it. */
static content idx_of(int bytes, int rank, const int *dim, uint8_t **values) {
  size_t header = 4 + 4 * (size_t)rank, count = 1;
  for (int i = 0; i < rank; i++) count *= (size_t)dim[i];
  content c = {memory_new(header + count * (size_t)bytes), header + count * (size_t)bytes};
  c.data[2] = bytes == 1 ? 0x08 : 0x0B;
  c.data[3] = (uint8_t)rank;
  for (int i = 0; i < 4 * rank; i++) {
    c.data[4 + i] = (uint8_t)((unsigned)dim[i / 4] >> (24 - 8 * (i % 4)));
  }
  *values = c.data + header;
  return c;
}

static content images_of(const digits *d) {
  uint8_t *value;
  content c = idx_of(2, 3, (int[]){d->n, SIDE, SIDE}, &value);
  for (size_t i = 0; i < (size_t)d->n * PIXELS; i++) {
    value[2 * i] = (uint8_t)(d->level[i] >> 8);
    value[2 * i + 1] = (uint8_t)d->level[i];
  }
  return c;
}

static content labels_of(const digits *d) {
  uint8_t *value;
  content c = idx_of(1, 1, (int[]){d->n}, &value);
  if (d->n) memcpy(value, d->label, (size_t)d->n);
  return c;
}

/* No time, name or system in the header: the same content gives the same file. */
static int write_gzip(const char *path, const content *c) {
  z_stream z = {.next_in = c->data, .avail_in = (uInt)c->size};
  gz_header header = {.os = 255};
  if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
      deflateSetHeader(&z, &header) != Z_OK) {
    return fail(XS_FAILED, "%s: zlib cannot compress it", path);
  }
  uLong room = deflateBound(&z, (uLong)c->size);
  uint8_t *packed = memory_new(room);
  z.next_out = packed;
  z.avail_out = (uInt)room;
  int code = deflate(&z, Z_FINISH);
  int status = code == Z_STREAM_END ? file_write_public(path, packed, z.total_out)
                                    : fail(XS_FAILED, "%s: zlib cannot compress it", path);
  deflateEnd(&z);
  free(packed);
  return status;
}

/* ---- the row ---- */

static const char *const endings[] = {"images-idx3-short.gz", "labels-idx1-ubyte.gz"};

static char *path_of(const get_row *r, const char *data_dir, int k) {
  char *below = text_format("%s/%s-%s", r->folder, r->stem, endings[k]);
  char *path = file_join(data_dir, below);
  free(below);
  return path;
}

static bool is_right(const get_row *r, int k, const char *path) {
  char *data, hex[HASH_SHA256_TEXT];
  size_t size;
  if (unpack_stream(path, MOST_TEXT, &data, &size)) return false;
  hash_sha256_text(data, size, hex);
  free(data);
  return strcmp(hex, r->sha256[k]) == 0;
}

int usps_check(const get_row *r, const char *data_dir, bool overwrite, bool *right) {
  int status = 0;
  *right = true;
  for (int k = 0; k < 2 && !status; k++) {
    char *path = path_of(r, data_dir, k);
    bool there = file_exists(path), same = there && is_right(r, k, path);
    if (there && !same && !overwrite) {
      status =
          fail(XS_FAILED, "%s is there and holds something else; move it away, or give --overwrite",
               path);
    }
    *right = *right && same;
    free(path);
  }
  return status;
}

static int write_checked(const get_row *r, const char *data_dir, int k, const content *c) {
  char hex[HASH_SHA256_TEXT], *path = path_of(r, data_dir, k);
  hash_sha256_text(c->data, c->size, hex);
  int status = strcmp(hex, r->sha256[k]) == 0
                   ? write_gzip(path, c)
                   : fail(XS_FAILED, "%s: made from %s, its content has SHA-256 %s, expected %s",
                          path, r->file.name, hex, r->sha256[k]);
  free(path);
  return status;
}

int usps_unpack(const get_row *r, const char *data_dir, const char *path, bool overwrite) {
  (void)overwrite; /* usps_check has seen to it */
  digits d = {0};
  char *text;
  size_t size;
  if (unpack_stream(path, MOST_TEXT, &text, &size)) return XS_FAILED;
  int status = parse(path, text, &d);
  content made[2] = {images_of(&d), labels_of(&d)};
  for (int k = 0; k < 2 && !status; k++) status = write_checked(r, data_dir, k, &made[k]);
  for (int k = 0; k < 2; k++) free(made[k].data);
  free(d.label);
  free(d.level);
  free(text);
  return status;
}
