#include "error.h"
#include "fuzz.h"
#include "image.h"

/* As the program does it, in a process of its own: what breaks GDCM must come back as a message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  image x = {0};
  int status = image_decode_dicom("input", data, size, size % 2, &x);
  fuzz_outcome(status ? fail_message() : x.channels == 1 ? "gray" : "colour");
  image_release(&x);
  return 0;
}
