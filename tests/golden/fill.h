/* fill.h: the formula that golden files name instead of storing large weights and images. */
#ifndef FILL_H
#define FILL_H

#include <stdint.h>

/* Element i of a tensor "fill/NAME" = {seed, scale, dim...}: uniform in [-scale, scale), exact in
 * float since scale is a power of two.  The mixer is murmur3's 32-bit finaliser. */
static inline float fill_value(uint32_t seed, uint32_t i, float scale) {
  uint32_t z = i * 0x9E3779B9u + seed * 0x85EBCA6Bu;
  z = (z ^ (z >> 16)) * 0x85EBCA6Bu;
  z = (z ^ (z >> 13)) * 0xC2B2AE35u;
  z ^= z >> 16;
  return ((float)(z >> 8) / 8388608.0f - 1.0f) * scale;
}

#endif
