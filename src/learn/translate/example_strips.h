/* example_strips.h: rows of example images for the report. */
#ifndef EXAMPLE_STRIPS_H
#define EXAMPLE_STRIPS_H

#include "learn.h"

enum { EXAMPLE_STRIPS_COLUMNS = 12 };

/* n images of rows (NULL: the first n) side by side as dir/name, square, of 8 bits. */
int example_strips_write_row(const char *dir, const char *name, const xs_images *images,
                             const int64_t *rows, int64_t n, const train_geometry *g);
/* Values in [0,1] of rows (NULL: the first n), [n][size][size][channels]; allocated. */
float *example_strips_values(const xs_images *images, const int64_t *rows, int64_t n,
                             const train_geometry *g);
/* The same side by side as dir/name, what is beyond [0,1] cut off. */
int example_strips_write_values(const char *dir, const char *name, const float *x, int64_t n,
                                const train_geometry *g);
/* Writes original.png, translated.png (source images and their translations), difference.png (gray:
 * no change) and target.png (real target images) in dir. */
int example_strips_write(const char *dir, train_images source, train_images target, translator *t);

/* Where a translator changes images, class by class: change.png, a square of mean absolute changes
 * for each class of `from`, and change.json with their sizes.  made: the translations of from's
 * rows. */
int example_strips_write_change(const char *dir, const train_set *from, const xs_images *made,
                                int classes, char *const *class_name, const train_geometry *g);

#endif
