/* The orientation of Exif 2.3 and TIFF 6: how a viewer must turn a picture. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "memory.h"

enum { ORIENTATION = 0x0112, SHORT = 3, ENTRY = 12 };

static unsigned number(const uint8_t *p, int bytes, bool big) {
  unsigned v = 0;
  for (int i = 0; i < bytes; i++) v = v << 8 | p[big ? i : bytes - 1 - i];
  return v;
}

int exif_orientation(const void *data, size_t size) {
  const uint8_t *p = data;
  if (size < 8 || (memcmp(p, "II*\0", 4) && memcmp(p, "MM\0*", 4))) return 1;
  bool big = p[0] == 'M';
  size_t at = number(p + 4, 4, big);
  if (at > size - 2) return 1;
  unsigned n = number(p + at, 2, big);
  at += 2;
  for (unsigned i = 0; i < n && at + ENTRY <= size; i++, at += ENTRY) {
    if (number(p + at, 2, big) != ORIENTATION || number(p + at + 2, 2, big) != SHORT) continue;
    unsigned value = number(p + at + 8, 2, big);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

/* Of orientation 5 to 8 the rows of the picture stand in the file as columns. */
void image_orient(image *x, int orientation) {
  bool swapped = orientation >= 5;
  bool right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  bool bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  if (orientation <= 1 || orientation > 8) return;
  size_t pixel = (size_t)x->channels * (size_t)x->bytes;
  int height = swapped ? x->width : x->height, width = swapped ? x->height : x->width;
  char *made = memory_new((size_t)height * (size_t)width * pixel), *to = made;
  for (int i = 0; i < height; i++) {
    for (int k = 0; k < width; k++, to += pixel) {
      int row = swapped ? k : i, column = swapped ? i : k;
      if (bottom) row = x->height - 1 - row;
      if (right) column = x->width - 1 - column;
      memcpy(to, (char *)x->pixels + ((size_t)row * (size_t)x->width + (size_t)column) * pixel,
             pixel);
    }
  }
  free(x->pixels);
  x->pixels = made;
  x->height = height;
  x->width = width;
}
