/* unusual.h: what images of the site look like for which a classifier was chosen, so that others
 * are noticed: the appearance of some of them (classifier.h), in the model file. */
#ifndef UNUSUAL_H
#define UNUSUAL_H

#include "learn.h"
#include "mahalanobis.h"
#include "model_file.h"

#define FAMILIAR_TENSOR "site.appearance"
enum { FAMILIAR_LEAST = 20, FAMILIAR_MOST = 300 }; /* images */

typedef struct familiar {
  char *site; /* NULL: nothing is known */
  int64_t n;
  int width;
  float *appearance;  /* [n][width] */
  mahalanobis *space; /* of them */
  double threshold;   /* distance that 98 % have at most, each from the others */
} familiar;

void familiar_release(familiar *f);
/* Of at most FAMILIAR_MOST of these rows, drawn by seed; fewer than FAMILIAR_LEAST, or rows that
 * all look alike to the classifier: nothing. */
xs_status familiar_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        uint64_t seed, familiar *f);
/* What a model file says, perhaps nothing; width: of the classifier's appearances. */
int familiar_load(const model_file *file, int width, familiar *f);
json_t *familiar_json(const familiar *f);
safetensor familiar_tensor(const familiar *f); /* lent */
bool familiar_is_tensor(const char *name);     /* of a site, also as older versions wrote them */
/* Of an appearance [width], as a multiple of the threshold; NAN: unknown. */
double familiar_distance(const familiar *f, const float *appearance);

#endif
