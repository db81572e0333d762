/* codestream.h: the size that a compressed image states at its start, before it is decoded. */
#ifndef CODESTREAM_H
#define CODESTREAM_H

#include <stddef.h>

typedef struct codestream {
  int height, width, channels, bits; /* bits: of each value */
  int frame;                         /* its marker, 0xc2: progressive; 0 of JPEG 2000 */
} codestream;

/* Of a JPEG, JPEG-LS or JPEG 2000 stream.  NULL, or what is wrong with it. */
const char *codestream_read(const void *data, size_t size, codestream *out);

#endif
