#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "xsite.h"

const char words_purpose[] = "Will an image classifier work at a site that it has never seen, and "
                             "if not, can it be made to\n"
                             "work there without a label from that site?";
const char words_statuses[] = "0 done, 1 failed, 2 wrong usage,\n"
                              "3 adaptation is predicted to hurt or a data check found faults";
const char words_isolation[] =
    "decode each image file in a process of its own that can reach nothing else:\n"
    "for files that you do not trust";

static char *own; /* the message, or NULL */

static _Noreturn void end_without_memory(void) {
  fputs("xsite: out of memory\n", stderr);
  _exit(XS_FAILED);
}

void *words_new(size_t bytes) {
  void *p = calloc(1, bytes ? bytes : 1);
  if (!p) end_without_memory();
  return p;
}

static char *format_all(const char *format, va_list a) {
  va_list again;
  va_copy(again, a);
  const int size = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = words_new((size_t)size + 1);
  vsnprintf(text, (size_t)size + 1, format, a);
  return text;
}

char *words_format(const char *format, ...) {
  va_list a;
  va_start(a, format);
  char *text = format_all(format, a);
  va_end(a);
  return text;
}

int words_fail(int status, const char *format, ...) {
  va_list a;
  va_start(a, format);
  free(own);
  own = format_all(format, a);
  va_end(a);
  return status;
}

const char *words_message(void) { return own ? own : xs_message(); }
