#include "fuzz.h"
#include "idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  idx x;
  idx_read(fuzz_file(data, size), &x);
  idx_release(&x);
  return 0;
}
