/* fourier.c: Fourier domain adaptation (Yang and Soatto 2020).  The measure of a channel is the
 * amplitude of its low frequencies, a square window of up to `beta` cycles a pixel each way; an
 * image gets the reference's amplitudes and keeps its phases.  With `mix` (match.c) this is the
 * amplitude mix of Xu et al. (2021): the transform is linear. */
#include <kiss_fftnd.h>
#include <math.h>
#include <stdlib.h>

#include "match.h"
#include "memory.h"

static kiss_fft_cpx *transform(int size, const kiss_fft_cpx *x, bool inverse) {
  const int dims[2] = {size, size};
  kiss_fft_cpx *y = memory_new((size_t)(size * size) * sizeof *y);
  kiss_fftnd_cfg plan = kiss_fftnd_alloc(dims, 2, inverse, NULL, NULL);
  if (!plan) memory_out("a Fourier transform cannot be planned");
  kiss_fftnd(plan, x, y);
  kiss_fft_free(plan);
  return y;
}

static kiss_fft_cpx *spectrum(int size, const float *x) {
  kiss_fft_cpx *complex = memory_new((size_t)(size * size) * sizeof *complex);
  for (int i = 0; i < size * size; i++) complex[i].r = x[i];
  kiss_fft_cpx *y = transform(size, complex, false);
  free(complex);
  return y;
}

/* Side of a window of so many values, 0 if it is no window: odd, or the whole spectrum. */
static int window(int size, int64_t n) {
  int side = (int)lrint(sqrt((double)n));
  bool fits = (int64_t)side * side == n && side <= size && (side % 2 || side == size);
  return fits ? side : 0;
}

/* Where value i of a window is in the spectrum: frequencies ascend from -side/2. */
static int place(int size, int side, int64_t i) {
  int row = (int)(i / side) - side / 2, column = (int)(i % side) - side / 2;
  return (row + size) % size * size + (column + size) % size;
}

static int64_t values(const xs_match_options *o, int size) {
  int side = 2 * (int)(o->beta * size) + 1;
  if (side > size) side = size;
  return (int64_t)side * side;
}

static bool possible(int size, int64_t n) { return window(size, n) > 0; }

static double most(int size) { return (double)size * size * 1.0001; /* of rounding */ }

static void measure(int size, const float *x, int64_t n, float *y) {
  kiss_fft_cpx *f = spectrum(size, x);
  int side = window(size, n);
  for (int64_t i = 0; i < n; i++) {
    kiss_fft_cpx v = f[place(size, side, i)];
    y[i] = hypotf(v.r, v.i);
  }
  free(f);
}

/* v with another amplitude; the phase of 0 is 0. */
static kiss_fft_cpx with_amplitude(kiss_fft_cpx v, float amplitude) {
  float present = hypotf(v.r, v.i);
  if (present <= 0) return (kiss_fft_cpx){amplitude, 0};
  return (kiss_fft_cpx){v.r / present * amplitude, v.i / present * amplitude};
}

static void give(int size, const float *y, int64_t n, float *x) {
  kiss_fft_cpx *f = spectrum(size, x);
  int side = window(size, n);
  for (int64_t i = 0; i < n; i++) {
    kiss_fft_cpx *v = &f[place(size, side, i)];
    *v = with_amplitude(*v, y[i]);
  }
  kiss_fft_cpx *back = transform(size, f, true);
  for (int i = 0; i < size * size; i++) x[i] = back[i].r / (float)(size * size);
  free(back);
  free(f);
}

const match_method match_fourier = {.kind = &translator_fourier,
                                    .values = values,
                                    .possible = possible,
                                    .most = most,
                                    .measure = measure,
                                    .give = give};
