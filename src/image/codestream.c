#include "codestream.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SOS = 0xda, EOI = 0xd9 };
enum { MOST_TILES = 65535 }; /* ISO 15444-1 B.3 */
static const char *const CUT_SHORT = "it is cut short, its end marker is missing";
static const char *const NO_SIZE = "it states no size";

static int two(const uint8_t *p) { return p[0] << 8 | p[1]; }

static int64_t four(const uint8_t *p) { return (int64_t)two(p) << 16 | two(p + 2); }

/* ---- JPEG and JPEG-LS ---- */

/* SOF0 .. SOF15 without DHT, JPG and DAC; SOF55 is JPEG-LS. */
static bool starts_frame(int marker) {
  return marker == 0xf7 ||
         (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc);
}

/* After the byte FF.  Coded values have 00 there (JPEG) or less than 80 (JPEG-LS), restart markers
 * D0 to D7 are among them, and FF fills up. */
static bool is_marker(uint8_t code) { return code >= 0x80 && code != 0xff && code >> 3 != 0x1a; }

static size_t skip_values(const uint8_t *p, size_t size, size_t at) {
  while (at + 2 <= size && !(p[at] == 0xff && is_marker(p[at + 1]))) at++;
  return at;
}

/* As libjpeg finds it: JFIF is YCbCr, Adobe's marker says 0 for RGB and 1 for YCbCr, components are
 * called R, G, B or 1, 2, 3.  segment: from its marker on. */
static bool says_colours(const uint8_t *segment, size_t there) {
  size_t length = (size_t)two(segment + 2);
  if (length + 2 > there) return false;
  if (segment[1] == 0xe0) return length >= 16 && !memcmp(segment + 4, "JFIF", 5);
  if (segment[1] == 0xee)
    return length >= 14 && !memcmp(segment + 4, "Adobe", 5) && segment[15] < 2;
  if (!starts_frame(segment[1]) || length < 17) return false;
  uint8_t id[] = {segment[10], segment[13], segment[16]};
  return !memcmp(id, "RGB", 3) || !memcmp(id, "\1\2\3", 3);
}

static void read_frame(const uint8_t *p, codestream *out) {
  out->height = two(p + 5);
  out->width = two(p + 7);
  out->channels = p[9];
  out->bits = p[4];
  out->frame = p[1];
}

/* Walks from marker to marker to the end. */
static const char *read_jpeg(const uint8_t *p, size_t size, codestream *out) {
  for (size_t at = 2; at + 2 <= size;) {
    if (p[at] != 0xff) return "it is damaged, a marker is missing";
    int marker = p[at + 1];
    if (marker == 0xff) {
      at++;
      continue;
    }
    if (marker == EOI) {
      out->end = at;
      return out->channels ? NULL : NO_SIZE;
    }
    if (at + 10 > size) return CUT_SHORT;
    if (starts_frame(marker)) read_frame(p + at, out);
    if (says_colours(p + at, size - at)) out->says_colours = true;
    at += 2 + (size_t)two(p + at + 2);
    if (marker == SOS) at = skip_values(p, size, at);
  }
  return CUT_SHORT;
}

void codestream_settle_scans(void *data, const codestream *c) {
  static const uint8_t right[] = {0, 63, 0}; /* first and last coefficient, approximation */
  uint8_t *p = data;
  if (c->frame != 0xc0 && c->frame != 0xc1 && c->frame != 0xc9) return;
  for (size_t at = 2; at + 4 <= c->end;) {
    size_t length = p[at + 1] == 0xff ? 1 : 2 + (size_t)two(p + at + 2);
    bool scan = p[at + 1] == SOS && length > 8 && at + length <= c->end;
    at += length;
    if (!scan) continue;
    memcpy(p + at - 3, right, sizeof right);
    at = skip_values(p, c->end, at);
  }
}

/* ---- JPEG 2000 (ISO 15444-1 A.4, A.5.1) ---- */

/* Walks from tile-part to tile-part to the end.  tiles: that there are to be. */
static const char *walk_tiles(const uint8_t *p, size_t size, size_t at, int64_t tiles,
                              codestream *out) {
  while (at + 12 <= size && two(p + at) == 0xff90) {
    size_t length = (size_t)four(p + at + 6);
    tiles -= p[at + 10] == 0; /* the tile's first part */
    if (length == 0) {        /* up to the end; packets have no byte beyond 8F after FF */
      at += 12;
      while (at + 2 <= size && two(p + at) != 0xffd9) at++;
    } else if (length < 12 || length > size - at) {
      return length < 12 ? "it is damaged, a tile has no length" : CUT_SHORT;
    } else {
      at += length;
    }
  }
  size_t end = at;
  while (at < size && p[at] == 0) at++; /* zeros before the end marker */
  if (at + 2 > size) return CUT_SHORT;
  if (two(p + at) != 0xffd9) return "it is damaged, a tile does not end where it is said to";
  if (tiles > 0) return "it is damaged, tiles are missing";
  out->end = end;
  return NULL;
}

static int64_t tiles_along(const uint8_t *end, const uint8_t *side, const uint8_t *first) {
  return four(side) ? (four(end) - four(first) + four(side) - 1) / four(side) : 0;
}

/* The markers of the main header: COD says whether the colours are transformed. */
static const char *read_main_header(const uint8_t *p, size_t size, size_t at, int64_t tiles,
                                    codestream *out) {
  while (at + 10 <= size && two(p + at) != 0xff90) {
    if (p[at] != 0xff) return "it is damaged, a marker is missing";
    if (two(p + at) == 0xff52) out->transformed = p[at + 8] != 0;
    at += 2 + (size_t)two(p + at + 2);
  }
  return at + 10 > size ? CUT_SHORT : walk_tiles(p, size, at, tiles, out);
}

/* SIZ follows SOC at once.  A JP2 file has boxes before. */
static const char *read_jpeg2000(const uint8_t *p, size_t size, codestream *out) {
  size_t at = 0;
  while (at + 43 <= size && memcmp(p + at, "\xff\x4f\xff\x51", 4)) at++;
  if (at + 43 > size) return NO_SIZE;
  const uint8_t *siz = p + at;
  int64_t width = four(siz + 8) - four(siz + 16), height = four(siz + 12) - four(siz + 20);
  if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX) {
    return "it states an impossible size";
  }
  int64_t across = tiles_along(siz + 8, siz + 24, siz + 32),
          down = tiles_along(siz + 12, siz + 28, siz + 36);
  if (across < 1 || down < 1) return "it has no tiles";
  if (across > MOST_TILES || down > MOST_TILES) return "it states too many tiles";
  *out = (codestream){(int)height, (int)width, two(siz + 40), (siz[42] & 0x7f) + 1, .frame = 0};
  return read_main_header(p, size, at + 4 + (size_t)two(siz + 4), across * down, out);
}

const char *codestream_read(const void *data, size_t size, codestream *out) {
  const uint8_t *p = data;
  *out = (codestream){0};
  if (size < 4) return "it is empty";
  out->fault = p[0] == 0xff && p[1] == 0xd8 ? read_jpeg(p, size, out) : read_jpeg2000(p, size, out);
  return out->channels ? NULL : out->fault;
}
