#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "numeral.h"

static _Thread_local char message[2048];

int fail(int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  numeral_vprint(message, sizeof message, format, args);
  va_end(args);
  return status;
}

int fail_context(int status, const char *format, ...) {
  char before[sizeof message];
  memcpy(before, message, sizeof message);
  va_list args;
  va_start(args, format);
  int used = numeral_vprint(message, sizeof message, format, args);
  va_end(args);
  if (used >= 0 && (size_t)used < sizeof message) {
    snprintf(message + used, sizeof message - (size_t)used, "%s", before);
  }
  return status;
}

const char *fail_message(void) { return message; }
