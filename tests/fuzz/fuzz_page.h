/* fuzz_page.h: what targets share that make a page of a JSON file: gnuplot does not draw. */
#ifndef FUZZ_PAGE_H
#define FUZZ_PAGE_H

#include "figure.h"
#include "fuzz_json.h"
#include "text.h"
#include "xsite.h"

/* In place of figure.c's. */
char *figure_name(const char *text) { return text_copy(*text ? "figure" : "none"); }

int figure_draw(report_files *files, const figure *f, char **svg) {
  (void)files;
  *svg = text_format("<svg>%zu %zu</svg>", strlen(f->table), strlen(f->plot));
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return seed % 4 ? fuzz_change_json(data, size, most, seed / 4)
                  : LLVMFuzzerMutate(data, size, most);
}

#endif
