/* refused_image.h: files that cannot be decoded as an image. */
#ifndef REFUSED_IMAGE_H
#define REFUSED_IMAGE_H

#include "data_files.h"
#include "image.h"

/* The message names the file and has `part`. */
static inline void refuse_image(const char *path, bool window, const char *part) {
  image x;
  assert_int_not_equal(image_read(path, window, &x), 0);
  assert_says(path);
  assert_says(part);
  image_release(&x);
}

#endif
