/* image.h: PNG and JPEG files. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct image {
  int height, width;
  int channels; /* 1, or 3 where any pixel is coloured; transparency is dropped */
  int bytes;    /* per value: 1 (uint8_t) or 2 (uint16_t, of 16-bit PNG) */
  void *pixels; /* [height][width][channels] */
} image;

/* Reads a file, whose content says what it is.  Release *out in any case. */
int image_read(const char *path, image *out);
void image_release(image *x);
int image_largest(const image *x); /* value */
/* Writes an 8-bit PNG.  pixels [height][width][channels], channels 1 or 3. */
int image_write_png(const char *path, const uint8_t *pixels, int height, int width, int channels);

/* Decoders of a file's bytes, behind image_read; path is for messages. */
int image_decode_png(const char *path, const void *data, size_t size, image *out);
int image_decode_jpeg(const char *path, const void *data, size_t size, image *out);
/* Refuses sizes that are surely damage, and allocates the pixels of *out. */
int image_allocate(const char *path, image *out);

#endif
