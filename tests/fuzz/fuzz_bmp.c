#include "error.h"
#include "fuzz.h"
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  image x = {0};
  int status = image_decode_bmp("input", data, size, &x);
  fuzz_outcome(status ? fail_message() : x.channels == 1 ? "gray" : "colour");
  image_release(&x);
  return 0;
}
