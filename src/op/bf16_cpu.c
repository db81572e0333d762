/* bf16_cpu.c: see bf16_storage.h. */
#include "bf16.h"

#include <string.h>

#include "op.h"

CLONES void bf16_round_piece(int64_t n, const float *restrict x, uint16_t *restrict y) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    y[i] = (uint16_t)(x[i] == x[i] ? rounded : 0x7fc0);
  }
}

CLONES void bf16_widen_piece(int64_t n, const uint16_t *restrict x, float *restrict y) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)x[i] << 16;
    memcpy(&y[i], &bits, sizeof bits);
  }
}

void bf16_round(int64_t n, const float *x, uint16_t *y) {
  enum { PIECE = 1 << 14 };
#pragma omp parallel for schedule(static) if (n > PIECE)
  for (int64_t first = 0; first < n; first += PIECE) {
    bf16_round_piece(n - first < PIECE ? n - first : PIECE, x + first, y + first);
  }
}
