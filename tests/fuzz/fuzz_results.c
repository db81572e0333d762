/* results.json of a run folder, as its report is made of it: all but gnuplot's drawings. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_named("results.json", data, size);
  if (xs_report_write(getenv("TMPDIR"))) fuzz_outcome(fail_message());
  return 0;
}
