#include "page.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void page_markup(page *p, const char *markup, size_t size) {
  if (p->size + size + 1 > p->room) {
    p->room = 2 * (p->size + size + 1);
    p->text = memory_grow(p->text, p->room);
  }
  memcpy(p->text + p->size, markup, size);
  p->size += size;
  p->text[p->size] = 0;
}

static void add_markup(page *p, const char *markup) { page_markup(p, markup, strlen(markup)); }

/* Control characters, which neither HTML nor XML allows, become spaces; line ends stay. */
static void add_escaped(page *p, const char *text) {
  for (; *text; text++) {
    switch (*text) {
    case '&':
      add_markup(p, "&amp;");
      break;
    case '<':
      add_markup(p, "&lt;");
      break;
    case '>':
      add_markup(p, "&gt;");
      break;
    case '"':
      add_markup(p, "&quot;");
      break;
    case '\'':
      add_markup(p, "&#39;");
      break;
    default:
      page_markup(p, (unsigned char)*text < ' ' && *text != '\n' ? " " : text, 1);
    }
  }
}

void page_add(page *p, const char *format, ...) {
  va_list args;
  va_start(args, format);
  for (const char *hole; (hole = strstr(format, "%s")); format = hole + 2) {
    page_markup(p, format, (size_t)(hole - format));
    add_escaped(p, va_arg(args, const char *));
  }
  add_markup(p, format);
  va_end(args);
}

void page_raw(page *p, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int size = vsnprintf(NULL, 0, format, args);
  char *text = memory_new((size_t)size + 1);
  vsnprintf(text, (size_t)size + 1, format, again);
  page_markup(p, text, (size_t)size);
  free(text);
  va_end(again);
  va_end(args);
}

void page_base64(page *p, const void *data, size_t size) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *b = data;
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i < 3 ? size - i : 3;
    unsigned long v = (unsigned long)b[i] << 16;
    if (left > 1) v |= (unsigned long)b[i + 1] << 8;
    if (left > 2) v |= b[i + 2];
    char four[4] = {digit[v >> 18], digit[v >> 12 & 63], left > 1 ? digit[v >> 6 & 63] : '=',
                    left > 2 ? digit[v & 63] : '='};
    page_markup(p, four, 4);
  }
}

void page_free(page *p) {
  free(p->text);
  *p = (page){0};
}
