#include "fuzz.h"
#include "safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  safetensors *s;
  if (safetensors_open(fuzz_file(data, size), &s)) return 0;
  for (int i = 0; i < safetensors_count(s); i++) {
    const safetensor *t = safetensors_at(s, i);
    float *x = malloc((size_t)t->count * sizeof *x + 1);
    safetensors_read_f32(t, x);
    free(x);
  }
  safetensors_close(s);
  return 0;
}
