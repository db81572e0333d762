#include "page.h"

#include <stdarg.h>
#include <string.h>

/* Control characters, which neither HTML nor XML allows, become spaces; line ends stay. */
static void add_escaped(buffer *out, const char *text) {
  for (; *text; text++) {
    switch (*text) {
    case '&':
      buffer_text(out, "&amp;");
      break;
    case '<':
      buffer_text(out, "&lt;");
      break;
    case '>':
      buffer_text(out, "&gt;");
      break;
    case '"':
      buffer_text(out, "&quot;");
      break;
    case '\'':
      buffer_text(out, "&#39;");
      break;
    default:
      buffer_put(out, (unsigned char)*text < ' ' && *text != '\n' ? " " : text, 1);
    }
  }
}

void page_add(page *p, const char *format, ...) {
  va_list args;
  va_start(args, format);
  for (const char *hole; (hole = strstr(format, "%s")); format = hole + 2) {
    buffer_put(&p->html, format, (size_t)(hole - format));
    add_escaped(&p->html, va_arg(args, const char *));
  }
  buffer_text(&p->html, format);
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
    buffer_put(&p->html, four, 4);
  }
}
