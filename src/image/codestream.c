#include "codestream.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static int two(const uint8_t *p) { return p[0] << 8 | p[1]; }

static int64_t four(const uint8_t *p) { return (int64_t)two(p) << 16 | two(p + 2); }

/* SOF0 .. SOF15 without DHT, JPG and DAC; SOF55 is JPEG-LS. */
static bool starts_frame(int marker) {
  return marker == 0xf7 ||
         (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc);
}

/* Walks from marker to marker up to the one that states the size. */
static const char *read_jpeg(const uint8_t *p, size_t size, codestream *out) {
  for (size_t at = 2; at + 10 <= size;) {
    if (p[at] != 0xff) return "a marker is missing";
    int marker = p[at + 1];
    if (marker == 0xff) {
      at++;
      continue;
    }
    if (starts_frame(marker)) {
      *out = (codestream){two(p + at + 5), two(p + at + 7), p[at + 9], p[at + 4], marker};
      return NULL;
    }
    if (marker == 0xda || marker == 0xd9) break;
    at += 2 + (size_t)two(p + at + 2);
  }
  return "it states no size";
}

/* ISO 15444-1 A.5.1: SIZ follows SOC at once.  A JP2 file has boxes before. */
static const char *read_jpeg2000(const uint8_t *p, size_t size, codestream *out) {
  size_t at = 0;
  while (at + 43 <= size && memcmp(p + at, "\xff\x4f\xff\x51", 4)) at++;
  if (at + 43 > size) return "it states no size";
  int64_t width = four(p + at + 8) - four(p + at + 16);
  int64_t height = four(p + at + 12) - four(p + at + 20);
  if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX) return "it has no size";
  *out = (codestream){(int)height, (int)width, two(p + at + 40), (p[at + 42] & 0x7f) + 1, 0};
  return NULL;
}

const char *codestream_read(const void *data, size_t size, codestream *out) {
  const uint8_t *p = data;
  if (size < 4) return "it is empty";
  return p[0] == 0xff && p[1] == 0xd8 ? read_jpeg(p, size, out) : read_jpeg2000(p, size, out);
}
