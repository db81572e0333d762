#include "error.h"
#include "fuzz.h"
#include "mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mapping m;
  if (mapping_open(fuzz_file(data, size), NULL, "", &m)) fuzz_outcome(fail_message());
  mapping_close(&m);
  return 0;
}
