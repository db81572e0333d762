/* unusual.h: what images of the site look like for which a classifier was chosen, so that others
 * are noticed: the appearance of some of them (classifier.h), in the model file. */
#ifndef UNUSUAL_H
#define UNUSUAL_H

#include "learn.h"
#include "mahalanobis.h"
#include "model_file.h"

#define UNUSUAL_TENSOR "site.appearance"
enum { UNUSUAL_LEAST = 20, UNUSUAL_MOST = 300 }; /* images */

typedef struct unusual_measure {
  char *site; /* NULL: nothing is known */
  int64_t n;
  int width;
  float *appearance;  /* [n][width] */
  mahalanobis *space; /* of them */
  double threshold;   /* distance that 98 % have at most, each from the others */
} unusual_measure;

void unusual_release(unusual_measure *f);
/* Of at most UNUSUAL_MOST of these rows, drawn by seed; fewer than UNUSUAL_LEAST, or rows that
 * all look alike to the classifier: nothing. */
xs_status unusual_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                       uint64_t seed, unusual_measure *f);
/* What a model file says, perhaps nothing; width: of the classifier's appearances. */
int unusual_load(const model_file *file, int width, unusual_measure *f);
json_t *unusual_json(const unusual_measure *f);
safetensor unusual_tensor(const unusual_measure *f); /* lent */
bool unusual_is_tensor(const char *name); /* of a site, also as older versions wrote them */
/* Of an appearance [width], as a multiple of the threshold; NAN: unknown. */
double unusual_distance(const unusual_measure *f, const float *appearance);

#endif
