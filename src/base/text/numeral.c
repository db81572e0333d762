#include "numeral.h"

#include <locale.h>
#include <stdlib.h>

/* This thread's locale becomes C's; returns what it was. */
static locale_t enter_plain(void) { return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); }

static void leave_plain(locale_t before) { freelocale(uselocale(before)); }

double numeral_read(const char *text, char **end) {
  const locale_t before = enter_plain();
  const double value = strtod(text, end);
  leave_plain(before);
  return value;
}

int numeral_vprint(char *text, size_t size, const char *format, va_list args) {
  const locale_t before = enter_plain();
  const int length = vsnprintf(text, size, format, args);
  leave_plain(before);
  return length;
}

int numeral_print(char *text, size_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int length = numeral_vprint(text, size, format, args);
  va_end(args);
  return length;
}

int numeral_put(FILE *f, const char *format, ...) {
  const locale_t before = enter_plain();
  va_list args;
  va_start(args, format);
  const int length = vfprintf(f, format, args);
  va_end(args);
  leave_plain(before);
  return length;
}
