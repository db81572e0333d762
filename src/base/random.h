/* random.h: counter-based random numbers (Philox4x32-10, Salmon et al. 2011).  A number is a pure
 * function of (seed, stream name, step, index): the same for any number of threads, any device and
 * any point of resumption. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

uint64_t random_stream(const char *name); /* FNV-1a of the name */
/* The generator itself: ten rounds. */
void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Four 32-bit words of counter {step, block} under key {seed, stream}. */
void random_words(uint64_t seed, uint64_t stream, uint64_t step, uint64_t block, uint32_t out[4]);
uint32_t random_u32(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index);
/* Uniform in [0,1) with 24 bits, exact in float. */
float random_uniform(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index);
/* n of those from index `first`, a multiple of 4, on. */
void random_uniforms(uint64_t seed, uint64_t stream, uint64_t step, uint64_t first, int64_t n,
                     float *x);
/* Four numbers with mean 0 and deviation 1 of counter {step, block} (Box and Muller 1958). */
void random_normals(uint64_t seed, uint64_t stream, uint64_t step, uint64_t block, double x[4]);
/* Uniform in 0 .. n-1 (n >= 1), unbiased to 2^-32. */
uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t step, uint64_t index, uint64_t n);
/* A permutation of 0 .. n-1 into p (Fisher-Yates). */
void random_permutation(uint64_t seed, uint64_t stream, uint64_t step, int64_t n, int64_t *p);

#endif
