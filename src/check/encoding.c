#include "encoding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 1 << 16 }; /* bytes in which a JPEG's frame header is looked for */

static void name_png(const unsigned char *b, char *name) {
  static const char *const colour[] = {"gray", "", "RGB", "palette", "gray with alpha", "", "RGBA"};
  snprintf(name, ENCODING_TEXT, "PNG %d-bit %s", b[24], b[25] < 7 ? colour[b[25]] : "");
}

/* Markers that begin a frame: SOF0 to SOF15 but for tables (DHT, JPG, DAC). */
static bool is_frame(int marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static void name_jpeg(const unsigned char *b, size_t n, char *name) {
  snprintf(name, ENCODING_TEXT, "JPEG");
  for (size_t at = 2; at + 9 < n && b[at] == 0xff;) {
    if (b[at + 1] == 0xff) { /* filling */
      at++;
      continue;
    }
    if (is_frame(b[at + 1])) {
      snprintf(name, ENCODING_TEXT, "JPEG %d-bit %s%s", b[at + 4],
               b[at + 9] == 1   ? "gray"
               : b[at + 9] == 3 ? "colour"
                                : "CMYK",
               b[at + 1] == 0xc2 ? ", progressive" : "");
      return;
    }
    at += 2 + (size_t)(b[at + 2] << 8 | b[at + 3]);
  }
}

void encoding_name(const char *path, char name[ENCODING_TEXT]) {
  static _Thread_local unsigned char b[HEAD];
  FILE *f = fopen(path, "rb");
  const size_t n = f ? fread(b, 1, sizeof b, f) : 0;
  if (f) fclose(f);
  snprintf(name, ENCODING_TEXT, "unknown");
  if (n >= 26 && !memcmp(b, "\x89PNG", 4)) {
    name_png(b, name);
  } else if (n >= 3 && !memcmp(b, "\xff\xd8\xff", 3)) {
    name_jpeg(b, n, name);
  } else if (n >= 132 && !memcmp(b + 128, "DICM", 4)) {
    snprintf(name, ENCODING_TEXT, "DICOM");
  }
}
