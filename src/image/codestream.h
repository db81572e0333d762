/* codestream.h: what a compressed image states before it is decoded, and where it ends. */
#ifndef CODESTREAM_H
#define CODESTREAM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct codestream {
  int height, width, channels, bits; /* bits: of each value */
  int frame;                         /* its marker, 0xc2: progressive; 0 of JPEG 2000 */
  bool says_colours;                 /* JPEG: whether it is RGB or YCbCr */
  bool transformed;                  /* JPEG 2000: its decoder turns the values into RGB */
  const char *fault;                 /* what is wrong behind the sizes, or NULL */
  size_t end;                        /* without fault: where its end marker, FF D9, is */
} codestream;

/* Of a JPEG, JPEG-LS or JPEG 2000 stream, or of its beginning; what follows its end marker is not
 * looked at.  NULL, or why its size cannot be told. */
const char *codestream_read(const void *data, size_t size, codestream *out);
/* Sequential JPEG has no use for the three last bytes of a scan's header.  Some encoders leave them
 * wrong, of which libjpeg warns as it does of lost data: puts right ones in. */
void codestream_settle_scans(void *data, const codestream *c);

#ifdef __cplusplus
}
#endif

#endif
