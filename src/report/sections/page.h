/* page.h: text that grows, mostly HTML, in which whatever is put is escaped. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

typedef struct page {
  char *text; /* [size], ends with 0 */
  size_t size, room;
  int tables, figures; /* numbered so far */
} page;

/* format is markup and may hold %s only; each argument is text, escaped. */
void page_add(page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_markup(page *p, const char *markup, size_t size); /* as it is */
void page_raw(page *p, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* as it is */
void page_base64(page *p, const void *data, size_t size);
void page_free(page *p);

#endif
