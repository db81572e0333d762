/* document.h: the beginning and the end of a page that needs no other file. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "page.h"

extern const char page_style[];

void document_open(page *out, const char *title); /* to <body> */
void document_close(page *out);

#endif
