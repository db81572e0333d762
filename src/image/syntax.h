/* syntax.h: the transfer syntax that a DICOM file states, and the one that its bytes are parsed by.
 */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a data set is written, by its first element: without representations of its values, or with
 * them. */
typedef enum dicom_writing {
  DICOM_UNKNOWN, /* deflated, private or damaged */
  DICOM_IMPLICIT,
  DICOM_EXPLICIT,
  DICOM_BIG_ENDIAN
} dicom_writing;

typedef struct dicom_syntax {
  char uid[72]; /* as the file states it; empty: it does not */
  size_t at;    /* where it is in the file, and its length there */
  size_t length;
  bool header;    /* the file has one */
  bool directory; /* of other files: a DICOMDIR */
  dicom_writing found;
} dicom_syntax;

/* Of a file's bytes, from its header (PS3.10 7.1) and the first element behind it. */
void syntax_read(const void *data, size_t size, dicom_syntax *out);
/* What a syntax says of the data set; unknown where it says nothing of one that can be read. */
dicom_writing syntax_writing(const char *uid);
/* Is it High-Throughput JPEG 2000? */
bool syntax_is_ht(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
