/* Shifts of intensities. */
#include <stdbool.h>

#include "random.h"
#include "shift_kind.h"

void shift_brightness(const shift_draw *d, double amount, const float *from, float *to) {
  for (int i = 0; i < shift_values(d); i++) to[i] = from[i] + (float)amount;
}

void shift_contrast(const shift_draw *d, double amount, const float *from, float *to) {
  double sum = 0;
  for (int i = 0; i < shift_values(d); i++) sum += (double)from[i];
  float mean = (float)(sum / shift_values(d));
  for (int i = 0; i < shift_values(d); i++) to[i] = mean + (float)amount * (from[i] - mean);
}

void shift_inversion(const shift_draw *d, double amount, const float *from, float *to) {
  bool inverted = (double)random_uniform(d->seed, d->stream, 0, d->row) < amount;
  for (int i = 0; i < shift_values(d); i++) to[i] = inverted ? 1 - from[i] : from[i];
}

void shift_noise(const shift_draw *d, double amount, const float *from, float *to) {
  double drawn[4];
  for (int i = 0; i < shift_values(d); i++) {
    if (i % 4 == 0) random_normals(d->seed, d->stream, d->row, (uint64_t)i / 4, drawn);
    to[i] = from[i] + (float)(amount * drawn[i % 4]);
  }
}
