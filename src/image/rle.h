/* rle.h: DICOM's run-length encoding (PS3.5 annex G). */
#ifndef RLE_H
#define RLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes one frame to values [pixels][samples] of 1 or 2 bytes, of this processor's order.  NULL,
 * or what is wrong with it. */
const char *rle_decode(const void *data, size_t size, size_t pixels, size_t samples, size_t bytes,
                       void *values);

#ifdef __cplusplus
}
#endif

#endif
