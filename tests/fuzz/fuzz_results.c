/* results.json of a run folder, as its report is made of it: all but gnuplot's drawings. */
#include "fuzz_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_named("results.json", data, size);
  if (xs_report_write(getenv("TMPDIR"))) fuzz_outcome(fail_message());
  return 0;
}
