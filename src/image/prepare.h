/* prepare.h: from a decoded file to the pixels that are kept of it: the one way that an image takes
 * for training, eval, studies and predict, so that the same film gives the same bits everywhere.
 *
 *   decoded values -> white found, percentiles stretched -> central square cut -> resized
 *   -> rounded once to the kept depth: 8 bits with white 255, or 16 bits with white 65535
 *
 * 8 bits are kept where the file has 8 and its white is 255, else 16: no step rounds more coarsely
 * than the file did.  8-bit values become 16-bit ones by 257, which is exact (255 257 = 65535), so
 * how deep the other images of a site are changes nothing. */
#ifndef PREPARE_H
#define PREPARE_H

#include "image.h"
#include "resample.h"
#include "xsite.h"

enum { PREPARE_SIZE_MOST = 4096 }; /* pixels, of the side of what a network sees */

/* Counted up when equal files and settings give other pixels; models and caches record it. */
enum { PREPARE_VERSION = 1 };

/* Decodes a file and finds its white; one with larger values is refused.  owner: whose max_value it
 * is, for messages; NULL: a model's.  Release *x in any case.  As image_read on failure. */
int prepare_read(const char *path, const xs_preprocessing *how, const char *owner, image *x,
                 double *white);
/* Would an image whose largest value is this come out nearly black because its white is not said?
 * bytes: of the file's values. */
bool prepare_is_dark(const xs_preprocessing *how, int bytes, double white, int largest);
/* The same of a decoded image; one that was MONOCHROME1 would come out nearly white by the same
 * rule. */
typedef enum prepare_tone { PREPARE_SEEN, PREPARE_NEAR_BLACK, PREPARE_NEAR_WHITE } prepare_tone;
prepare_tone prepare_tone_of(const xs_preprocessing *how, const image *x, double white);

picture prepare_whole(const image *x);      /* lent */
picture prepare_square(picture p);          /* its central square */
int prepare_bytes(int bytes, double white); /* of the kept values; bytes: of the file's */
double prepare_white(int bytes);            /* of kept values: 255 or 65535 */
/* out [size][size][p->channels]: p cut and resized to how->size, which is above 0, values of
 * prepare_bytes(p->bytes, white). */
void prepare_pixels(const picture *p, const xs_preprocessing *how, double white, void *out);
/* Kept values [pixels][from] of from_bytes as others [pixels][to] of to_bytes, no fewer of either;
 * gray is repeated. */
void prepare_widen(const void *in, int64_t pixels, int from, int from_bytes, int to, int to_bytes,
                   void *out);

#endif
