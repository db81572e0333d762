#include "syntax.h"

#include <stdint.h>
#include <string.h>

enum { PREAMBLE = 128, SHORT_HEADER = 8, LONG_HEADER = 12 };

static unsigned two(const uint8_t *p) { return (unsigned)p[1] << 8 | p[0]; }

static size_t four(const uint8_t *p) { return (size_t)two(p + 2) << 16 | two(p); }

static bool is_capital(uint8_t c) { return c >= 'A' && c <= 'Z'; }

static bool has_representation(const uint8_t *element) {
  return is_capital(element[4]) && is_capital(element[5]);
}

/* Kinds whose length has four bytes, after two that are 0. */
static bool is_long(const uint8_t *element) {
  static const char kinds[] = "OB OW OF OD OL OV SQ UT UC UR UN SV UV";
  for (const char *k = kinds; k[0] && k[1]; k += k[2] ? 3 : 2) {
    if (!memcmp(k, element + 4, 2)) return true;
  }
  return false;
}

static void keep_uid(const uint8_t *text, size_t length, char out[static 72]) {
  size_t n = length < 71 ? length : 71;
  memcpy(out, text, n);
  out[n] = 0;
  for (size_t i = strlen(out); i > 0 && out[i - 1] == ' '; i--) out[i - 1] = 0;
}

static bool is_directory(const uint8_t *class, size_t length) {
  static const char uid[] = "1.2.840.10008.1.3.10";
  return length >= sizeof uid - 1 && !memcmp(class, uid, sizeof uid - 1);
}

/* Data sets begin with a group below 256. */
static dicom_writing find_writing(const uint8_t *element) {
  bool explicit = has_representation(element);
  if (element[0] && !element[1]) return explicit ? DICOM_EXPLICIT : DICOM_IMPLICIT;
  return explicit && !element[0] && element[1] ? DICOM_BIG_ENDIAN : DICOM_UNKNOWN;
}

/* The header, group 0002, has representations in every syntax. */
void syntax_read(const void *data, size_t size, dicom_syntax *out) {
  const uint8_t *p = data;
  bool preamble = size > PREAMBLE + 4 && !memcmp(p + PREAMBLE, "DICM", 4);
  size_t at = preamble ? PREAMBLE + 4 : 0;
  *out = (dicom_syntax){0};
  while (at + LONG_HEADER <= size && two(p + at) == 2 && has_representation(p + at)) {
    out->header = true;
    size_t header = is_long(p + at) ? LONG_HEADER : SHORT_HEADER;
    size_t length = header == LONG_HEADER ? four(p + at + 8) : two(p + at + 6);
    if (length > size - at - header) return;
    if (two(p + at + 2) == 0x10) {
      out->at = at + header;
      out->length = length;
      keep_uid(p + out->at, length, out->uid);
    }
    if (two(p + at + 2) == 2) out->directory = is_directory(p + at + header, length);
    at += header + length;
  }
  if (*out->uid && at + SHORT_HEADER <= size) out->found = find_writing(p + at);
}

dicom_writing syntax_writing(const char *uid) {
  static const char family[] = "1.2.840.10008.1.2", deflated[] = "1.2.840.10008.1.2.1.99";
  size_t n = sizeof family - 1;
  if (strncmp(uid, family, n) || !strcmp(uid, deflated)) return DICOM_UNKNOWN;
  if (!uid[n]) return DICOM_IMPLICIT;
  return strcmp(uid + n, ".2") ? DICOM_EXPLICIT : DICOM_BIG_ENDIAN;
}

bool syntax_is_ht(const char *uid) {
  static const char family[] = "1.2.840.10008.1.2.4.20";
  size_t n = sizeof family - 1;
  return !strncmp(uid, family, n) && uid[n] >= '1' && uid[n] <= '3' && !uid[n + 1];
}
