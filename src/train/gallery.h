/* gallery.h: rows of example images for the report. */
#ifndef GALLERY_H
#define GALLERY_H

#include "train.h"

/* Writes original.png, translated.png (source images and their translations) and target.png (real
 * target images) in dir. */
int gallery_write(const char *dir, train_images source, train_images target, translator *t);

#endif
