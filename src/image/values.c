#include "values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const char *const names[] = {
    [XS_RANGE_FULL] = "full", [XS_RANGE_STORED] = "stored", [XS_RANGE_PERCENTILES] = "percentiles"};

const char *values_range_name(xs_range range) { return names[range]; }

bool values_range_of(const char *name, xs_range *range) {
  for (int i = XS_RANGE_FULL; i <= XS_RANGE_PERCENTILES; i++) {
    if (strcmp(name, names[i])) continue;
    *range = (xs_range)i;
    return true;
  }
  return false;
}

static double largest_of_bytes(const image *x) { return x->bytes == 1 ? 255 : 65535; }

double values_white(const xs_values *v, const image *x) {
  return v->range == XS_RANGE_STORED ? (double)((1 << x->bits) - 1) : largest_of_bytes(x);
}

static size_t count_of(const image *x) {
  return (size_t)x->height * (size_t)x->width * (size_t)x->channels;
}

static int percentile(const size_t *count, size_t n, double percent) {
  size_t seen = 0;
  for (int v = 0; v < 65536; v++) {
    seen += count[v];
    if (seen > 0 && (double)seen >= percent / 100 * (double)n) return v;
  }
  return 65535;
}

void values_stretch(const xs_values *v, image *x) {
  size_t n = count_of(x), *count = memory_new(65536 * sizeof *count);
  for (size_t i = 0; i < n; i++) count[image_value(x->pixels, x->bytes, (int64_t)i)]++;
  int low = percentile(count, n, v->low), high = percentile(count, n, v->high);
  double factor = high > low ? largest_of_bytes(x) / (high - low) : 0;
  for (size_t i = 0; i < n; i++) {
    int y = (int)floor(
        fmin(fmax(image_value(x->pixels, x->bytes, (int64_t)i) - low, 0), high - low) * factor +
        0.5);
    if (x->bytes == 1) {
      ((uint8_t *)x->pixels)[i] = (uint8_t)y;
    } else {
      ((uint16_t *)x->pixels)[i] = (uint16_t)y;
    }
  }
  free(count);
}
