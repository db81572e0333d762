/* gallery.h: rows of example images for the report. */
#ifndef GALLERY_H
#define GALLERY_H

#include "train.h"

enum { GALLERY_COLUMNS = 12 };

/* n images of rows (NULL: the first n) side by side as dir/name, square, of 8 bits. */
int gallery_write_row(const char *dir, const char *name, const xs_images *images,
                      const int64_t *rows, int64_t n, const train_geometry *g);
/* Writes original.png, translated.png (source images and their translations) and target.png (real
 * target images) in dir. */
int gallery_write(const char *dir, train_images source, train_images target, translator *t);

#endif
