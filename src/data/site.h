/* site.h: the steps of opening a site that all formats share. */
#ifndef SITE_H
#define SITE_H

#include "domain.h"
#include "image.h"
#include "xsite.h"

/* Each fills images (all but name and resize), label and the skipped ones of *s. */
int site_load_idx(const domain *d, int64_t limit, xs_site *s);
int site_load_folder(const domain *d, const xs_site_options *o, xs_site *s);

/* Reads an image of a folder under the site's policy of values; *white: the value that means 1. One
 * with values above it is refused.  Release *x in any case. */
int site_read_image(const domain *d, const char *path, image *x, double *white);
/* The rows, ascending, of the limit first of n images by a fixed hash of their group; all of them
 * where limit is 0 or at least n.  rows [n]; returns their number. */
int64_t site_limit_rows(const uint64_t *group, int64_t n, int64_t limit, int64_t *rows);
/* Every class has an image, or no image has a label.  advice: what to do about a class without. */
int site_check_classes(const domain *d, const int32_t *label, int64_t n, const char *advice);
/* Sets max_value from the domain file, or to white; refuses one that 8-bit values cannot have, and
 * 16-bit images that would be near black.  largest: value of all images. */
int site_set_range(const domain *d, xs_images *x, double white, int largest);
/* fault [n]: an exposure_fault of each image; all are right where there are few images. */
void site_find_faults(const xs_images *x, uint8_t *fault);
/* Which images look unlike the others, by their names; one line, allocated, or NULL. */
char *site_name_faults(const xs_images *x, const uint8_t *fault);

#endif
