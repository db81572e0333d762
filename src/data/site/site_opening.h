/* site_opening.h: the steps of opening a site that all formats share. */
#ifndef SITE_OPENING_H
#define SITE_OPENING_H

#include "domain.h"
#include "image.h"
#include "xsite.h"

/* Each fills images (all but name), label and the skipped ones of *s. */
int site_load_idx(const domain *d, const xs_site_options *o, xs_site *s);
int site_load_folder(const domain *d, const xs_site_options *o, xs_site *s);

/* The rows, ascending, of the limit first of n images by a fixed hash of their group; all of them
 * where limit is 0 or at least n.  rows [n]; returns their number. */
int64_t site_limit_rows(const uint64_t *group, int64_t n, int64_t limit, int64_t *rows);
/* Every class has an image, or no image has a label.  advice: what to do about a class without. */
int site_check_classes(const domain *d, const int32_t *label, int64_t n, const char *advice);
/* Images as their files have them become those of the size that how.size wants. */
void site_prepare(xs_images *x);
/* Refuses a max_value that 8-bit values cannot have.  largest: value of all images. */
int site_check_range(const domain *d, int bytes, int largest);
/* Refuses images that would all be near black.  largest, white: of the brightest file. */
int site_refuse_dark(const domain *d, double white, int largest);
/* The same of films that were MONOCHROME1, which would all be near white. */
int site_refuse_pale(const domain *d);
/* fault [n]: an exposure_fault of each image; all are right where there are few images. */
void site_find_faults(const xs_images *x, uint8_t *fault);
/* Notes which images of a site look unlike the others, if any. */
void site_note_unlike(const xs_watch *w, const xs_site *s);
/* Which images look unlike the others, by their names; one line, allocated, or NULL. */
char *site_name_faults(const xs_images *x, const uint8_t *fault);

#endif
