/* familiar.h: what images of the site look like for which a classifier was chosen, so that others
 * are noticed: features of some of them and their looks, mean grays of 8 x 8 cells, in the model
 * file.  An adapted classifier's features are made not to tell sites apart; looks do. */
#ifndef FAMILIAR_H
#define FAMILIAR_H

#include "safetensors.h"
#include "train.h"

#define FAMILIAR_TENSOR "site.features"
#define FAMILIAR_LOOKS "site.looks"
enum { FAMILIAR_NEIGHBOURS = 5, FAMILIAR_LEAST = 20, FAMILIAR_MOST = 500 }; /* images */
enum { FAMILIAR_SIDE = 8, FAMILIAR_LOOK = FAMILIAR_SIDE * FAMILIAR_SIDE };  /* cells */

typedef struct familiar {
  char *site; /* NULL: nothing is known */
  int64_t n;
  int width, neighbours;
  float *feature;                   /* [n][width] of length 1 */
  float *look;                      /* [n][FAMILIAR_LOOK]; NULL in files of before */
  double threshold, look_threshold; /* distances that 99 % have at most from the others */
} familiar;

void familiar_release(familiar *f);
/* Of at most FAMILIAR_MOST of these rows, drawn by seed; fewer than FAMILIAR_LEAST, or rows that
 * all look alike to the classifier: nothing. */
xs_status familiar_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        uint64_t seed, familiar *f);
/* What a model file says, perhaps nothing; width: of the classifier's features. */
int familiar_load(const char *path, const json_t *metadata, int width, familiar *f);
json_t *familiar_json(const familiar *f);
safetensor familiar_tensor(const familiar *f); /* lent, as is the next */
safetensor familiar_looks(const familiar *f);
/* Distance of features x [width], which are scaled, as a multiple of the threshold; NAN: unknown.
 */
double familiar_distance(const familiar *f, float *x);
/* Likewise of the look of an image as the network sees it, [size][size][channels]. */
double familiar_look_distance(const familiar *f, const float *x, int size, int channels);

#endif
