#include "csv_table.h"
#include "error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  csv_table t;
  if (csv_table_read(fuzz_file(data, size), &t)) fuzz_outcome(fail_message());
  csv_table_release(&t);
  return 0;
}
