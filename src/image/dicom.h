/* dicom.h: what a DICOM file says of its one image, and the values that it stores. */
#ifndef DICOM_H
#define DICOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dicom_table { /* a look-up table; n 0: none */
  int64_t first;             /* the input of value[0]; inputs outside take the nearest value */
  int64_t n;
  int bits;    /* of each value */
  int largest; /* value */
  uint16_t *value;
  char fault[160]; /* why the file's table cannot be used; n is 0 then */
} dicom_table;

typedef enum dicom_function { DICOM_LINEAR, DICOM_LINEAR_EXACT, DICOM_SIGMOID } dicom_function;

typedef struct dicom_window { /* VOI window, of values after the rescale */
  bool there;
  double center, width;
  dicom_function function;
} dicom_window;

typedef struct dicom_film {
  int64_t rows, columns, samples; /* samples per pixel: 1 or 3 */
  int64_t frames;
  int64_t bits_allocated, bits_stored, high_bit;
  bool is_signed;
  bool planar;          /* values: plane after plane */
  bool overlay_in_bits; /* the bits above the stored ones hold an overlay */
  char photometric[24]; /* of the values as decoded: "MONOCHROME2", ... */
  char syntax[72];      /* UID of the transfer syntax */
  double slope, intercept;
  dicom_table modality, voi, palette[3];
  dicom_window window;
  bool padded; /* values from padding[0] to padding[1] lie outside the picture */
  int64_t padding[2];
  void *values; /* rows x columns x samples of bits_allocated bits, of this processor's order */
  size_t size;
} dicom_film;

/* Reads tags and values with GDCM and checks that they agree; path is for messages.  most: pixels
 * that are accepted.  Release *out in any case. */
int dicom_read(const char *path, const void *data, size_t size, int64_t most, dicom_film *out);
void dicom_release(dicom_film *x);

#ifdef __cplusplus
}
#endif

#endif
