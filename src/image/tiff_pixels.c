/* A TIFF's strips or tiles as pixels. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "tiff.h"
#include "xsite.h"

typedef struct piece { /* a strip or tile of all samples or of one plane */
  int top, left, height, width;
  int first, samples; /* of those in it */
  tmsize_t line;      /* bytes */
  const uint8_t *values;
} piece;

typedef struct palette { /* of 8 bits */
  int n;
  uint8_t *colour; /* [n][3] */
} palette;

/* Sample i of a row: 8 bits, 16 in the machine's order, or others from the high bits on. */
static unsigned sample_at(const uint8_t *line, int64_t i, int bits) {
  if (bits == 8) return line[i];
  if (bits == 16) {
    uint16_t v;
    memcpy(&v, line + 2 * i, sizeof v);
    return v;
  }
  unsigned v = 0;
  for (int64_t k = i * bits; k < (i + 1) * bits; k++) {
    v = v << 1 | ((unsigned)line[k / 8] >> (7 - k % 8) & 1u);
  }
  return v;
}

static void store(image *out, int64_t at, unsigned v) {
  if (out->bytes == 1) {
    ((uint8_t *)out->pixels)[at] = (uint8_t)v;
  } else {
    ((uint16_t *)out->pixels)[at] = (uint16_t)v;
  }
}

/* Sample k of a pixel: a channel, a colour's number, or the alpha, which must be full where the
 * colours were multiplied by it. */
static int take(const tiff *t, const palette *p, int64_t pixel, int k, unsigned v, image *out) {
  const unsigned most = (1u << t->bits) - 1;
  if (t->photometric == PHOTOMETRIC_PALETTE) {
    if (k == 0) memcpy((uint8_t *)out->pixels + 3 * pixel, p->colour + 3 * v, 3);
    return 0;
  }
  if (k == out->channels && t->premultiplied && v < most) {
    return tiff_refuse(t, "its colours were multiplied by their transparency; write it without");
  }
  if (k >= out->channels) return 0;
  if (t->photometric == PHOTOMETRIC_MINISWHITE) v = most - v;
  store(out, pixel * out->channels + k, t->bits < 8 ? v * 255 / most : v);
  return 0;
}

static int take_piece(const tiff *t, const palette *p, const piece *s, image *out) {
  int status = 0;
  for (int y = s->top; y < s->top + s->height && y < out->height; y++) {
    const uint8_t *line = s->values + (y - s->top) * s->line;
    for (int x = s->left; x < s->left + s->width && x < out->width && !status; x++) {
      const int64_t pixel = (int64_t)y * out->width + x;
      for (int k = 0; k < s->samples && !status; k++) {
        const unsigned v = sample_at(line, (int64_t)(x - s->left) * s->samples + k, t->bits);
        status = take(t, p, pixel, s->first + k, v, out);
      }
    }
  }
  return status;
}

/* libtiff's own size of a piece, or 0 where it is beyond what its rows need. */
static tmsize_t room_for(const tiff *t, const piece *s, bool tiled) {
  const uint64_t size = tiled ? TIFFTileSize64(t->file) : TIFFStripSize64(t->file);
  return size > 0 && size <= (uint64_t)IMAGE_MOST_PIXELS * 8 &&
                 size >= (uint64_t)s->line * (uint64_t)s->height
             ? (tmsize_t)size
             : 0;
}

static int read_piece(tiff *t, const palette *p, uint32_t index, bool tiled, piece *s, void *room,
                      tmsize_t size, image *out) {
  const int rows = tiled || s->top + s->height <= out->height ? s->height : out->height - s->top;
  const tmsize_t wanted = tiled ? size : rows * s->line;
  const tmsize_t got = tiled ? TIFFReadEncodedTile(t->file, index, room, wanted)
                             : TIFFReadEncodedStrip(t->file, index, room, wanted);
  if (got < wanted || *t->message) {
    return tiff_refuse(t, *t->message ? t->message : "its data end too early");
  }
  s->values = room;
  return take_piece(t, p, s, out);
}

/* All pieces, plane by plane. */
static int read_pieces(tiff *t, const palette *p, bool tiled, piece s, image *out) {
  const tmsize_t size = room_for(t, &s, tiled);
  if (!size) return tiff_refuse(t, "the size of its strips or tiles cannot be");
  void *room = memory_new((size_t)size);
  uint32_t index = 0;
  int status = 0;
  for (s.first = 0; s.first < (t->planes ? t->samples : 1) && !status; s.first++) {
    for (s.top = 0; s.top < out->height && !status; s.top += s.height) {
      for (s.left = 0; s.left < out->width && !status; s.left += s.width) {
        status = read_piece(t, p, index++, tiled, &s, room, size, out);
      }
    }
  }
  free(room);
  return status;
}

/* Entries have 16 bits; old programs wrote 8. */
static int read_palette(const tiff *t, palette *p) {
  uint16_t *entry[3];
  bool deep = false;
  if (t->bits > 8) return tiff_refuse(t, "a palette of more than 256 colours");
  if (!TIFFGetField(t->file, TIFFTAG_COLORMAP, &entry[0], &entry[1], &entry[2])) {
    return tiff_refuse(t, "it has no palette (ColorMap)");
  }
  p->n = 1 << t->bits;
  p->colour = memory_new(3 * (size_t)p->n);
  for (int i = 0; i < 3 * p->n; i++) deep = deep || entry[i % 3][i / 3] > 255;
  for (int i = 0; i < 3 * p->n; i++) {
    p->colour[i] = (uint8_t)(deep ? entry[i % 3][i / 3] >> 8 : entry[i % 3][i / 3]);
  }
  return 0;
}

int tiff_read_pixels(tiff *t, image *out) {
  const bool tiled = TIFFIsTiled(t->file) != 0;
  uint32_t height = 0, width = (uint32_t)out->width;
  palette p = {0};
  if (tiled) {
    TIFFGetField(t->file, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(t->file, TIFFTAG_TILELENGTH, &height);
  } else {
    TIFFGetFieldDefaulted(t->file, TIFFTAG_ROWSPERSTRIP, &height);
    if (height > (uint32_t)out->height) height = (uint32_t)out->height;
  }
  if (height < 1 || width < 1 || height > IMAGE_MOST_PIXELS || width > IMAGE_MOST_PIXELS) {
    return tiff_refuse(t, "the size of its strips or tiles cannot be");
  }
  const piece s = {.height = (int)height,
                   .width = (int)width,
                   .samples = t->planes ? 1 : t->samples,
                   .line = tiled ? TIFFTileRowSize(t->file) : TIFFScanlineSize(t->file)};
  int status = t->photometric == PHOTOMETRIC_PALETTE ? read_palette(t, &p) : 0;
  if (!status) status = read_pieces(t, &p, tiled, s, out);
  free(p.colour);
  return status;
}
