/* image.h: PNG, JPEG, TIFF, BMP and DICOM files. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef IMAGE_MOST_PIXELS
#define IMAGE_MOST_PIXELS (1 << 26) /* of one image; a film has some 2^24 */
#endif

typedef struct image {
  int height, width;
  int channels;  /* 1, or 3 where any pixel is coloured; transparency is dropped */
  int bytes;     /* per value: 1 (uint8_t) or 2 (uint16_t) */
  int bits;      /* that the file says its values have: 8 or less, 10, 12, ... 16 */
  bool inverted; /* a film that was MONOCHROME1 */
  int reach;     /* of such a film: the largest value before it was inverted, without padding */
  void *pixels;  /* [height][width][channels] */
} image;

/* The machine gave no process to decode the file: nothing is known of the file. */
enum { IMAGE_UNTRIED = -1 };

/* Reads a file, whose content says what it is: DICOM in a process of its own, others as xs_isolate
 * says.  Non-zero and a message on failure, IMAGE_UNTRIED where
 * it is not the file's.  window: apply the VOI table or window of a DICOM file.  Release *out in
 * any case. */
int image_read(const char *path, bool window, image *out);
/* Whether a file that has no ending for it begins as DICOM; non-zero and a message where it cannot
 * be read. */
int image_is_dicom(const char *path, bool *is);
void image_release(image *x);
int image_largest(const image *x); /* value */
/* Value i of pixels with so many bytes each. */
static inline int image_value(const void *pixels, int bytes, int64_t i) {
  return bytes == 1 ? ((const uint8_t *)pixels)[i] : ((const uint16_t *)pixels)[i];
}
/* Writes an 8-bit PNG.  pixels [height][width][channels], channels 1 or 3. */
int image_write_png(const char *path, const uint8_t *pixels, int height, int width, int channels);

/* Decoders of a file's bytes, behind image_read; path is for messages. */
int image_decode_png(const char *path, const void *data, size_t size, image *out);
int image_decode_jpeg(const char *path, const void *data, size_t size, image *out);
/* The same, without turning the picture as its Exif block says. */
int image_decode_jpeg_unturned(const char *path, const void *data, size_t size, image *out);
int image_decode_tiff(const char *path, const void *data, size_t size, image *out);
int image_decode_bmp(const char *path, const void *data, size_t size, image *out);
int image_decode_dicom(const char *path, const void *data, size_t size, bool window, image *out);
/* By the one of these that the first bytes name, but for DICOM. */
int image_decode(const char *path, const void *data, size_t size, image *out);
bool image_begins_dicom(const char *data, size_t size);
int image_decode_apart(const char *path, const void *data, size_t size, bool window, image *out);
/* Refuses sizes that are surely damage, and allocates the pixels of *out. */
int image_allocate(const char *path, image *out);

/* The orientation, 1 to 8, that an Exif block (a TIFF header and its tags) gives; 1 without one. */
int exif_orientation(const void *data, size_t size);
/* Turns and mirrors the picture so that orientation becomes 1. */
void image_orient(image *x, int orientation);

#endif
