#include "rle.h"

#include <stdbool.h>

enum { HEADER = 64, MOST_SEGMENTS = 15 };

typedef struct segment { /* bytes of one significance of one sample */
  const uint8_t *at, *end;
} segment;

static uint32_t word_at(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool find_segment(const uint8_t *p, size_t size, size_t n, size_t i, segment *out) {
  size_t first = word_at(p + 4 + 4 * i), end = i + 1 < n ? word_at(p + 8 + 4 * i) : size;
  if (first < HEADER || first > end || end > size) return false;
  *out = (segment){p + first, p + end};
  return true;
}

/* What may follow the values: zeros, or one byte of any kind that makes the length even. */
static bool is_padding(segment s) {
  bool zeros = true;
  for (const uint8_t *p = s.at; p < s.end; p++) zeros = zeros && *p == 0;
  return zeros || s.end - s.at == 1;
}

/* To every step-th byte of *to.  PackBits: a count of literal bytes, or of copies of one.  Bytes
 * that are lost in the middle show by an end at the wrong place. */
static const char *unpack(segment s, size_t n, uint8_t *to, size_t step) {
  static const char too_short[] = "an RLE segment ends before the image does";
  static const char too_long[] = "an RLE segment goes on behind the image";
  for (size_t done = 0; done < n;) {
    if (s.end - s.at < 2) return too_short;
    size_t count = *s.at++;
    if (count == 128) continue;
    bool run = count > 128;
    size_t length = run ? 257 - count : count + 1, bytes = run ? 1 : length;
    if (length > n - done) return too_long;
    if ((size_t)(s.end - s.at) < bytes) return too_short;
    for (size_t i = 0; i < length; i++) to[done++ * step] = s.at[run ? 0 : i];
    s.at += bytes;
  }
  return is_padding(s) ? NULL : too_long;
}

/* The place, from the least significant byte, of this processor's byte of significance k. */
static size_t place_of(size_t k, size_t bytes) {
  const uint16_t one = 1;
  return *(const uint8_t *)&one ? k : bytes - 1 - k;
}

/* Segments: sample by sample, the most significant byte first. */
const char *rle_decode(const void *data, size_t size, size_t pixels, size_t samples, size_t bytes,
                       void *values) {
  const uint8_t *p = data;
  size_t n = samples * bytes;
  if (size < HEADER) return "its RLE header is cut short";
  if (n > MOST_SEGMENTS || word_at(p) != n) {
    return "its number of RLE segments is not that of the bytes of a pixel";
  }
  for (size_t i = 0; i < n; i++) {
    segment s;
    if (!find_segment(p, size, n, i, &s)) return "an RLE segment lies outside the image's data";
    uint8_t *to = (uint8_t *)values + i / bytes * bytes + place_of(bytes - 1 - i % bytes, bytes);
    const char *why = unpack(s, pixels, to, n);
    if (why) return why;
  }
  return NULL;
}
