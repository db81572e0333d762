/* made_images.h: sets of images that are made of a site's, not read: 16-bit values, of which 65535
 * means 1.0. */
#ifndef MADE_IMAGES_H
#define MADE_IMAGES_H

#include "xsite.h"

/* Room for n images, zeroed, and their groups; how: of the images that they are made of.  name is
 * taken over.  Release with xs_images_close. */
xs_images *made_images_new(char *name, const xs_preprocessing *how, int height, int width,
                           int channels, int64_t n);
/* Values in [0,1], to which others are cut, as pixels: the product is rounded to float, then to the
 * nearest. */
void made_images_store(const float *value, int64_t n, uint16_t *pixel);
/* The same pixels with 8 bits, of which 255 means 1.0, as files have them: the nearest. */
void made_images_shorten(const uint16_t *pixel, int64_t n, uint8_t *byte);

#endif
