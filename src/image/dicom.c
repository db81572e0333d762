/* From the values that a DICOM file stores to an image: PS3.3 C.7.6.3 (pixels), C.11.1 and C.11.2
 * (look-up tables, window), C.7.5.1.1.2 (padding). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom.h"
#include "error.h"
#include "image.h"
#include "memory.h"
#include "xsite.h"

static bool is(const dicom_film *x, const char *photometric) {
  return !strcmp(x->photometric, photometric);
}

/* ---- a stored value's code: its bits_stored bits ---- */

static uint32_t word_at(const dicom_film *x, size_t i) {
  return x->bits_allocated == 8 ? ((const uint8_t *)x->values)[i]
                                : ((const uint16_t *)x->values)[i];
}

static uint32_t code_of(const dicom_film *x, uint32_t word) {
  uint32_t mask = (1u << x->bits_stored) - 1;
  return word >> (x->high_bit + 1 - x->bits_stored) & mask;
}

static int64_t value_of(const dicom_film *x, uint32_t code) {
  int64_t n = INT64_C(1) << x->bits_stored;
  return x->is_signed && (int64_t)code >= n / 2 ? (int64_t)code - n : (int64_t)code;
}

/* Bits above the stored ones are 0, or copies of the sign. */
static bool fits(const dicom_film *x, uint32_t word) {
  uint32_t above = word >> (x->high_bit + 1),
           all = (1u << (x->bits_allocated - 1 - x->high_bit)) - 1;
  return above == 0 || (x->is_signed && above == all && word >> x->high_bit & 1);
}

/* Wrong bits would fold white into black. */
static int check_bits(const char *path, const dicom_film *x) {
  size_t n = (size_t)(x->rows * x->columns * x->samples);
  if (x->overlay_in_bits) return 0;
  for (size_t i = 0; i < n; i++) {
    if (fits(x, word_at(x, i))) continue;
    return fail(XS_FAILED,
                "%s: has the value %u, but BitsStored is %lld and HighBit %lld; correct the tags",
                path, word_at(x, i), (long long)x->bits_stored, (long long)x->high_bit);
  }
  return 0;
}

/* ---- from a stored value to a share of white ---- */

static double look_up(const dicom_table *t, double input) {
  int64_t i = (int64_t)fmin(fmax(input - (double)t->first, 0), (double)(t->n - 1));
  return t->value[i];
}

static double table_white(const dicom_table *t) { return (double)((1 << t->bits) - 1); }

static double apply_window(const dicom_window *w, double x) {
  double c = w->center, width = w->width;
  if (w->function == DICOM_SIGMOID) return 1 / (1 + exp(-4 * (x - c) / width));
  if (w->function == DICOM_LINEAR) {
    c -= 0.5;
    width -= 1;
  }
  if (x <= c - width / 2) return 0;
  if (x > c + width / 2) return 1;
  return (x - c) / width + 0.5;
}

static double rescale(const dicom_film *x, double value) {
  return x->modality.n ? look_up(&x->modality, value) : value * x->slope + x->intercept;
}

static bool has_window(const dicom_film *x) { return x->voi.n || x->window.there; }

/* Without a window: the place in the range that values of these bits can have.  White of a modality
 * table is its largest entry: many state 16 bits, the standard's only choice but 8, and have
 * entries of 10 or 12. */
static double place(const dicom_film *x, int64_t value) {
  if (x->modality.n) return rescale(x, (double)value) / x->modality.largest;
  double n = (double)(INT64_C(1) << x->bits_stored), low = x->is_signed ? -n / 2 : 0;
  double y = ((double)value - low) / (n - 1);
  return x->slope < 0 ? 1 - y : y;
}

static double brightness(const dicom_film *x, bool window, int64_t value) {
  double y = place(x, value);
  if (window && x->voi.n) {
    y = look_up(&x->voi, rescale(x, (double)value)) / table_white(&x->voi);
  } else if (window && x->window.there) {
    y = apply_window(&x->window, rescale(x, (double)value));
  }
  y = fmin(fmax(y, 0), 1); /* tables may hold more than their bits */
  return is(x, "MONOCHROME1") ? 1 - y : y;
}

static bool is_padding(const dicom_film *x, int64_t value) {
  return x->padded && value >= x->padding[0] && value <= x->padding[1];
}

/* ---- pictures ---- */

static int check_tables(const char *path, const dicom_film *x, bool window) {
  if (*x->modality.fault)
    return fail(XS_FAILED, "%s: %s; correct the file", path, x->modality.fault);
  if (window && *x->voi.fault) {
    return fail(XS_FAILED, "%s: %s; correct the file or leave out `window`", path, x->voi.fault);
  }
  if (!x->modality.n || x->modality.largest) return 0;
  return fail(XS_FAILED, "%s: ModalityLUTSequence: all entries are 0; correct the file", path);
}

static int check_gray(const char *path, const dicom_film *x, bool window) {
  bool slope = fabs(x->slope) > 0 && isfinite(x->slope) && isfinite(x->intercept);
  if (!x->modality.n && !slope) {
    return fail(XS_FAILED, "%s: RescaleSlope is %g: all values would be equal; correct the tag",
                path, x->slope);
  }
  double least = x->window.function == DICOM_LINEAR ? 1 : 1e-9;
  if (window && !x->voi.n && x->window.there &&
      !(x->window.width >= least && isfinite(x->window.width) && isfinite(x->window.center))) {
    return fail(XS_FAILED,
                "%s: WindowWidth is %g, at least 1 is possible; correct the tag or leave out "
                "`window`",
                path, x->window.width);
  }
  return 0;
}

/* The bits that the values of the image have: those stored, or all where a table or a window has
 * changed them. */
static int bits_of(const dicom_film *x, bool window) {
  if (window && has_window(x)) return x->bits_stored > 8 ? 16 : 8;
  if (!x->modality.n) return (int)x->bits_stored;
  int bits = 1;
  while (x->modality.largest >> bits) bits++;
  return bits;
}

/* What every code becomes. */
static uint16_t *gray_table(const dicom_film *x, bool window, int bits) {
  uint32_t n = 1u << x->bits_stored;
  uint16_t *table = memory_new(n * sizeof *table);
  double white = (double)((1 << bits) - 1);
  for (uint32_t code = 0; code < n; code++) {
    int64_t value = value_of(x, code);
    table[code] =
        is_padding(x, value) ? 0 : (uint16_t)floor(white * brightness(x, window, value) + 0.5);
  }
  return table;
}

/* table: what every code becomes. */
static void find_reach(const dicom_film *x, const uint16_t *table, image *out) {
  int white = (1 << out->bits) - 1, least = white;
  for (size_t i = 0; i < (size_t)(x->rows * x->columns); i++) {
    uint32_t code = code_of(x, word_at(x, i));
    if (table[code] < least && !is_padding(x, value_of(x, code))) least = table[code];
  }
  out->inverted = true;
  out->reach = white - least;
}

static int make_gray(const char *path, const dicom_film *x, bool window, image *out) {
  if (check_tables(path, x, window) || check_gray(path, x, window) || check_bits(path, x)) {
    return XS_FAILED;
  }
  out->bits = bits_of(x, window);
  out->bytes = out->bits > 8 ? 2 : 1;
  out->channels = 1;
  if (image_allocate(path, out)) return XS_FAILED;
  uint16_t *table = gray_table(x, window, out->bits);
  size_t n = (size_t)(x->rows * x->columns);
  for (size_t i = 0; i < n; i++) {
    uint16_t y = table[code_of(x, word_at(x, i))];
    if (out->bytes == 1) {
      ((uint8_t *)out->pixels)[i] = (uint8_t)y;
    } else {
      ((uint16_t *)out->pixels)[i] = y;
    }
  }
  if (is(x, "MONOCHROME1")) find_reach(x, table, out);
  free(table);
  return 0;
}

static int make_palette(const char *path, const dicom_film *x, image *out) {
  for (int k = 0; k < 3; k++) {
    if (x->palette[k].n) continue;
    return fail(XS_FAILED, "%s: %s", path, x->palette[k].fault);
  }
  out->bits = 8;
  out->bytes = 1;
  out->channels = 3;
  if (check_bits(path, x) || image_allocate(path, out)) return XS_FAILED;
  size_t n = (size_t)(x->rows * x->columns);
  uint8_t *to = out->pixels;
  for (size_t i = 0; i < n; i++) {
    double value = (double)value_of(x, code_of(x, word_at(x, i)));
    for (int k = 0; k < 3; k++) {
      const dicom_table *t = &x->palette[k];
      *to++ = (uint8_t)((int)look_up(t, value) >> (t->bits > 8 ? t->bits - 8 : 0));
    }
  }
  return 0;
}

static uint8_t clip(double v) { return (uint8_t)fmin(fmax(floor(v + 0.5), 0), 255); }

/* PS3.3 C.7.6.3.1.2 */
static void to_rgb(uint8_t *p) {
  double y = p[0], blue = p[1] - 128.0, red = p[2] - 128.0;
  p[0] = clip(y + 1.402 * red);
  p[1] = clip(y - 0.344136 * blue - 0.714136 * red);
  p[2] = clip(y + 1.772 * blue);
}

static int make_colour(const char *path, const dicom_film *x, image *out) {
  size_t n = (size_t)(x->rows * x->columns), b = (size_t)x->bits_allocated / 8;
  bool ybr = is(x, "YBR_FULL") || is(x, "YBR_FULL_422");
  out->bits = (int)x->bits_stored;
  out->bytes = (int)b;
  out->channels = 3;
  if (check_bits(path, x) || image_allocate(path, out)) return XS_FAILED;
  const char *from = x->values;
  char *to = out->pixels;
  for (size_t i = 0; i < n; i++, to += 3 * b) {
    for (size_t k = 0; k < 3; k++) {
      memcpy(to + k * b, from + (x->planar ? k * n + i : 3 * i + k) * b, b);
    }
    if (ybr) to_rgb((uint8_t *)to);
  }
  return 0;
}

static int refuse_photometric(const char *path, const dicom_film *x) {
  return fail(XS_FAILED,
              "%s: a DICOM file of PhotometricInterpretation \"%s\" with %lld samples of %lld bits "
              "is not read; export it as MONOCHROME2",
              path, x->photometric, (long long)x->samples, (long long)x->bits_allocated);
}

int image_decode_dicom(const char *path, const void *data, size_t size, bool window, image *out) {
  dicom_film x;
  int status = dicom_read(path, data, size, IMAGE_MOST_PIXELS, &x);
  out->height = (int)x.rows;
  out->width = (int)x.columns;
  if (status) {
  } else if (x.samples == 1 && (is(&x, "MONOCHROME1") || is(&x, "MONOCHROME2"))) {
    status = make_gray(path, &x, window, out);
  } else if (x.samples == 1 && is(&x, "PALETTE COLOR")) {
    status = make_palette(path, &x, out);
  } else if (x.samples == 3 &&
             (is(&x, "RGB") || (x.bits_allocated == 8 && !strncmp(x.photometric, "YBR_FULL", 8)))) {
    status = make_colour(path, &x, out);
  } else {
    status = refuse_photometric(path, &x);
  }
  dicom_release(&x);
  return status;
}
