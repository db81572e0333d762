#include "random.h"

#include <math.h>

#include "clones.h"

__extension__ typedef unsigned __int128 wide;

uint64_t random_stream(const char *name) {
  uint64_t h = 14695981039346656037u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 1099511628211u;
  return h;
}

/* The 64-bit seed and 64-bit stream are mixed into Philox's 64-bit key; the counter is step, block.
 */
static void make_key(uint64_t seed, uint64_t stream, uint32_t key[2]) {
  uint64_t k = seed * 0x9E3779B97F4A7C15u + stream;
  k = (k ^ (k >> 30)) * 0xBF58476D1CE4E5B9u;
  k = (k ^ (k >> 27)) * 0x94D049BB133111EBu;
  k ^= k >> 31;
  key[0] = (uint32_t)k;
  key[1] = (uint32_t)(k >> 32);
}

void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

void random_words(uint64_t seed, uint64_t stream, uint64_t step, uint64_t block, uint32_t out[4]) {
  uint32_t key[2];
  uint32_t counter[4] = {(uint32_t)step, (uint32_t)(step >> 32), (uint32_t)block,
                         (uint32_t)(block >> 32)};
  make_key(seed, stream, key);
  random_philox(counter, key, out);
}

uint32_t random_u32(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index) {
  uint32_t w[4];
  random_words(seed, stream, step, index / 4, w);
  return w[index % 4];
}

float random_uniform(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index) {
  return (float)(random_u32(seed, stream, step, index) >> 8) * 0x1p-24f;
}

enum { BLOCKS = 64 };

/* BLOCKS blocks from `block` on, side by side in vectors: word j of block b is w[j][b]. */
CLONES static void many_words(const uint32_t key[2], uint64_t step, uint64_t block,
                              uint32_t w[4][BLOCKS]) {
  uint32_t k0 = key[0], k1 = key[1];
  for (int b = 0; b < BLOCKS; b++) {
    w[0][b] = (uint32_t)step;
    w[1][b] = (uint32_t)(step >> 32);
    w[2][b] = (uint32_t)(block + (uint64_t)b);
    w[3][b] = (uint32_t)((block + (uint64_t)b) >> 32);
  }
  for (int round = 0; round < 10; round++) {
    for (int b = 0; b < BLOCKS; b++) {
      uint64_t x = (uint64_t)0xD2511F53u * w[0][b], y = (uint64_t)0xCD9E8D57u * w[2][b];
      w[0][b] = (uint32_t)(y >> 32) ^ w[1][b] ^ k0;
      w[1][b] = (uint32_t)y;
      w[2][b] = (uint32_t)(x >> 32) ^ w[3][b] ^ k1;
      w[3][b] = (uint32_t)x;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void random_uniforms(uint64_t seed, uint64_t stream, uint64_t step, uint64_t first, int64_t n,
                     float *x) {
  uint32_t key[2], w[4][BLOCKS];
  make_key(seed, stream, key);
  for (int64_t done = 0; done < n; done += 4 * BLOCKS) {
    int64_t rest = n - done < 4 * BLOCKS ? n - done : 4 * BLOCKS;
    many_words(key, step, (first + (uint64_t)done) / 4, w);
    for (int64_t i = 0; i < rest; i++) x[done + i] = (float)(w[i % 4][i / 4] >> 8) * 0x1p-24f;
  }
}

static double unit(uint32_t word) { return (word >> 8) * 0x1p-24; }

void random_normals(uint64_t seed, uint64_t stream, uint64_t step, uint64_t block, double x[4]) {
  const double turn = 6.283185307179586;
  uint32_t word[4];
  random_words(seed, stream, step, block, word);
  for (int i = 0; i < 4; i += 2) {
    double radius = sqrt(-2 * log(1 - unit(word[i]))), angle = turn * unit(word[i + 1]);
    x[i] = radius * cos(angle);
    x[i + 1] = radius * sin(angle);
  }
}

uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index, uint64_t n) {
  uint32_t w[4];
  random_words(seed, stream, step, index, w);
  uint64_t r = ((uint64_t)w[0] << 32) | w[1];
  return (uint64_t)(((wide)r * n) >> 64);
}

void random_permutation(uint64_t seed, uint64_t stream, uint64_t step, int64_t n, int64_t *p) {
  for (int64_t i = 0; i < n; i++) p[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = (int64_t)random_below(seed, stream, step, (uint64_t)i, (uint64_t)i + 1);
    int64_t t = p[i];
    p[i] = p[j];
    p[j] = t;
  }
}
