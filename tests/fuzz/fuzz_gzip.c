#include "fuzz.h"
#include "unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *content = NULL;
  size_t length;
  unpack_stream(fuzz_file(data, size), 1 << 20, &content, &length);
  free(content);
  return 0;
}
