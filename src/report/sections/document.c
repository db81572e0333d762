#include "document.h"

#include <string.h>

void document_open(page *out, const char *title) {
  page_add(
      out,
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'\"/>\n"
      "<title>%s</title>\n<style>\n",
      title);
  buffer_text(&out->html, page_style);
  page_add(out, "</style>\n</head>\n<body>\n");
}

void document_close(page *out) { page_add(out, "</body>\n</html>\n"); }
