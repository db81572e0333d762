/* encoding.h: how a file stores its image, from its first bytes. */
#ifndef ENCODING_H
#define ENCODING_H

enum { ENCODING_TEXT = 48 };

/* "PNG 16-bit gray", "JPEG 8-bit colour, progressive", "DICOM", or "unknown".  Fails where the file
 * cannot be read. */
int encoding_name(const char *path, char name[ENCODING_TEXT]);

#endif
