/* tiff.h: what of libtiff's picture is read, shared by its two files. */
#ifndef TIFF_PICTURE_H
#define TIFF_PICTURE_H

#include <tiffio.h>

#include "image.h"

typedef struct tiff {
  TIFF *file;
  const char *path;
  const uint8_t *data; /* of the whole file */
  uint64_t size, at;
  char message[200]; /* libtiff's last, empty: none */
  bool strict;       /* warnings count: pixels are being read */
  int bits, samples; /* of a sample; of a pixel */
  uint16_t photometric, compression;
  bool planes, premultiplied; /* a plane a sample; the fourth sample is in the other three */
} tiff;

/* Fills the pixels of out, whose shape is set and whose pixels are allocated. */
int tiff_read_pixels(tiff *t, image *out);
int tiff_refuse(const tiff *t, const char *why);

#endif
