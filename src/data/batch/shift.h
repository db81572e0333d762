/* shift.h: images changed in named ways of known strength: made-up sites whose labels are known, on
 * which a prediction that needs no labels can be checked.  Kinds and strengths follow the
 * corruptions of Hendrycks and Dietterich 2019; lengths are shares of the image's shorter side. */
#ifndef SHIFT_H
#define SHIFT_H

#include "xsite.h"

int shift_count(void);
const char *shift_name(int which); /* kind and strength, "blur-2"; which below shift_count */
/* The n images of rows (NULL: the first n) under a shift, as 16-bit values of which 65535
 * means 1.0, with their groups and names.  What is drawn for an image is a pure function of (seed,
 * name of the shift, row).  Release with xs_images_close. */
xs_images *shift_images(const xs_images *x, const int64_t *rows, int64_t n, int which,
                        uint64_t seed);

#endif
