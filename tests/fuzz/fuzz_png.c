#include <string.h>
#include <zlib.h>

#include "error.h"
#include "fuzz.h"
#include "image.h"

static uint32_t big_endian(const uint8_t *b) {
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Makes the checksums of all chunks right, or hardly an input would come further. */
static void mend(uint8_t *data, size_t size) {
  for (size_t at = 8; size - at >= 12;) {
    size_t length = big_endian(data + at);
    if (length > size - at - 12) return;
    uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)length + 4);
    uint8_t *end = data + at + 8 + length;
    for (int i = 0; i < 4; i++) end[i] = (uint8_t)(sum >> (24 - 8 * i));
    at += 12 + length;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  image x = {0};
  uint8_t *copy = malloc(size + 1);
  memcpy(copy, data, size);
  if (size > 8) mend(copy, size);
  int status = image_decode_png("input", copy, size, &x);
  fuzz_outcome(status ? fail_message() : x.channels == 1 ? "gray" : "colour");
  image_release(&x);
  free(copy);
  return 0;
}
