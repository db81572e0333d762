#include "encoding.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "codestream.h"
#include "error.h"
#include "image.h"
#include "xsite.h"

enum { HEAD = 1 << 16 }; /* bytes in which a JPEG's frame header is looked for */

static void name_png(const unsigned char *b, char *name) {
  static const char *const colour[] = {"gray", "", "RGB", "palette", "gray with alpha", "", "RGBA"};
  snprintf(name, ENCODING_TEXT, "PNG %d-bit %s", b[24], b[25] < 7 ? colour[b[25]] : "");
}

static void name_jpeg(const unsigned char *b, size_t n, char *name) {
  codestream c;
  if (codestream_read(b, n, &c)) {
    snprintf(name, ENCODING_TEXT, "JPEG");
  } else {
    snprintf(name, ENCODING_TEXT, "JPEG %d-bit %s%s", c.bits,
             c.channels == 1   ? "gray"
             : c.channels == 3 ? "colour"
                               : "CMYK",
             c.frame == 0xc2 ? ", progressive" : "");
  }
}

static bool is_dicom(const char *path) {
  bool is;
  return !image_is_dicom(path, &is) && is;
}

static int read_head(const char *path, unsigned char b[HEAD], size_t *n) {
  FILE *f = fopen(path, "rb");
  if (!f) return fail(XS_FAILED, "%s: cannot open: %s", path, strerror(errno));
  *n = fread(b, 1, HEAD, f);
  const int status = ferror(f) ? fail(XS_FAILED, "%s: cannot read: %s", path, strerror(errno)) : 0;
  fclose(f);
  return status;
}

int encoding_name(const char *path, char name[ENCODING_TEXT]) {
  static _Thread_local unsigned char b[HEAD];
  size_t n = 0;
  snprintf(name, ENCODING_TEXT, "unknown");
  if (read_head(path, b, &n)) return XS_FAILED;
  if (n >= 26 && !memcmp(b, "\x89PNG", 4)) {
    name_png(b, name);
  } else if (n >= 3 && !memcmp(b, "\xff\xd8\xff", 3)) {
    name_jpeg(b, n, name);
  } else if (is_dicom(path)) {
    snprintf(name, ENCODING_TEXT, "DICOM");
  } else if (n >= 4 && (!memcmp(b, "II", 2) || !memcmp(b, "MM", 2))) {
    snprintf(name, ENCODING_TEXT, "TIFF");
  } else if (n >= 30 && !memcmp(b, "BM", 2)) {
    snprintf(name, ENCODING_TEXT, "BMP %d-bit", b[14] == 12 ? b[24] : b[28]);
  }
  return 0;
}
