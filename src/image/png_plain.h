/* png_plain.h: PNG files of the usual kind, decoded in one go; libpng has the others. */
#ifndef PNG_PLAIN_H
#define PNG_PLAIN_H

#include "image.h"

/* Gray or RGB of 8 or 16 bits, with or without alpha, not interlaced and not turned.  False, with
 * nothing in *out, where the file is of another kind or anything about it is wrong: libpng then
 * reads it or says what is wrong. */
bool png_decode_plain(const void *data, size_t size, image *out);

#endif
