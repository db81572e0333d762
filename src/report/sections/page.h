/* page.h: a page of HTML, in which whatever is put is escaped. */
#ifndef PAGE_H
#define PAGE_H

#include "buffer.h"

typedef struct page {
  buffer html;
  int tables, figures; /* numbered so far */
} page;

/* format is markup and may hold %s only; each argument is text, escaped. */
void page_add(page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_base64(page *p, const void *data, size_t size);

#endif
