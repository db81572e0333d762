#include "unicode.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "unicode_pairs.h"

enum { /* Hangul syllables, composed by arithmetic (Unicode, chapter 3.12) */
       SYLLABLES = 0xac00,
       LEADS = 0x1100,
       VOWELS = 0x1161,
       TAILS = 0x11a7,
       LEAD_COUNT = 19,
       VOWEL_COUNT = 21,
       TAIL_COUNT = 28
};

/* The character at *s, which moves on; -1 where it is none, or none of the pairs' range. */
static int32_t read_character(const unsigned char **s) {
  const unsigned char *p = *s;
  const int more = p[0] < 0x80 ? 0 : p[0] < 0xc2 ? -1 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : -1;
  int32_t code = more == 0 ? p[0] : more == 1 ? p[0] & 0x1f : p[0] & 0x0f;
  *s = p + 1;
  for (int i = 1; i <= more; i++) {
    if ((p[i] & 0xc0) != 0x80) return -1;
    code = code << 6 | (p[i] & 0x3f);
  }
  if (more > 0) *s = p + 1 + more;
  return more < 0 ? -1 : code;
}

static char *write_character(char *to, int32_t code) {
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3f));
  } else {
    *to++ = (char)(0xe0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  }
  return to;
}

static int compare_pairs(const void *a, const void *b) {
  const uint16_t *p = a, *q = b;
  return p[0] != q[0] ? p[0] - q[0] : p[1] - q[1];
}

static int32_t compose_hangul(int32_t first, int32_t second) {
  if (first >= LEADS && first < LEADS + LEAD_COUNT && second >= VOWELS &&
      second < VOWELS + VOWEL_COUNT) {
    return SYLLABLES + ((first - LEADS) * VOWEL_COUNT + second - VOWELS) * TAIL_COUNT;
  }
  const bool open = first >= SYLLABLES &&
                    first < SYLLABLES + LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT &&
                    (first - SYLLABLES) % TAIL_COUNT == 0;
  if (open && second > TAILS && second < TAILS + TAIL_COUNT) return first + second - TAILS;
  return -1;
}

/* The two as one, or -1. */
static int32_t compose(int32_t first, int32_t second) {
  if (first < 0 || second < 0x300) return -1;
  const uint16_t wanted[3] = {(uint16_t)first, (uint16_t)second, 0};
  const uint16_t *found =
      bsearch(wanted, unicode_pairs, sizeof unicode_pairs / sizeof *unicode_pairs,
              sizeof *unicode_pairs, compare_pairs);
  return found ? found[2] : compose_hangul(first, second);
}

void unicode_compose(char *s) {
  const unsigned char *from = (const unsigned char *)s;
  char *to = s, *before = s; /* before: where the character before was written */
  int32_t last = -1;
  while (*from) {
    const unsigned char *start = from;
    const int32_t code = read_character(&from), both = compose(last, code);
    if (both >= 0) {
      to = write_character(before, both);
      last = both;
    } else {
      before = to;
      memmove(to, start, (size_t)(from - start));
      to += from - start;
      last = code;
    }
  }
  *to = 0;
}

int unicode_control(const char *s) {
  const unsigned char c = (unsigned char)s[0], next = c ? (unsigned char)s[1] : 0;
  if (c == 0xc2 && next >= 0x80 && next < 0xa0) return 2;
  return (c > 0 && c < 0x20) || c == 0x7f;
}

/* ---- what is not UTF-8 ---- */

/* Bytes of the UTF-8 character at s, 0 where it is none; s ends with a 0 byte. */
static int utf8_length(const unsigned char *s) {
  int more = *s < 0x80 ? 0 : *s < 0xc2 ? -1 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : *s < 0xf5 ? 3 : -1;
  for (int i = 1; i <= more; i++) {
    if ((s[i] & 0xc0) != 0x80) return 0;
  }
  bool overlong = (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xf0 && s[1] < 0x90);
  bool outside = (*s == 0xed && s[1] > 0x9f) || (*s == 0xf4 && s[1] > 0x8f);
  return overlong || outside ? 0 : more + 1;
}

const char *unicode_wrong_byte(const char *s) {
  while (*s) {
    const int length = utf8_length((const unsigned char *)s);
    if (!length) return s;
    s += length;
  }
  return NULL;
}

char *unicode_escape(const char *s) {
  char *copy = memory_new(4 * strlen(s) + 1), *to = copy;
  for (const char *wrong; (wrong = unicode_wrong_byte(s)); s = wrong + 1) {
    memcpy(to, s, (size_t)(wrong - s));
    to += wrong - s;
    to += sprintf(to, "\\x%02X", (unsigned char)*wrong);
  }
  strcpy(to, s);
  return copy;
}

int unicode_check(const char *what, const char *s) {
  if (!unicode_wrong_byte(s)) return 0;
  char *shown = unicode_escape(s);
  const int status = fail(2, "%s: '%s' is not UTF-8 text", what, shown);
  free(shown);
  return status;
}
