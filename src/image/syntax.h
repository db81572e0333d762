/* syntax.h: the transfer syntax that a DICOM file states, and the one that its bytes are parsed by.
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dicom_syntax {
  char uid[72]; /* as the file states it; empty: it does not */
  size_t at;    /* where it is in the file, and its length there */
  size_t length;
  bool header;    /* the file has one */
  bool directory; /* of other files: a DICOMDIR */
  bool implicit;  /* the data set has no value representations, whatever the syntax says */
} dicom_syntax;

/* Of a file's bytes, from its header (PS3.10 7.1) and the first element behind it. */
void syntax_read(const void *data, size_t size, dicom_syntax *out);
/* Is it High-Throughput JPEG 2000? */
bool syntax_is_ht(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
