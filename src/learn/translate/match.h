/* match.h: translators that are not trained: each channel of an image takes over a measure of the
 * look of a reference image of the wanted site. */
#ifndef MATCH_H
#define MATCH_H

#include "learn.h"
#include "translator.h"

typedef struct match_method {
  const translator_kind *kind;
  int64_t (*values)(const xs_match_options *o, int size); /* of a channel's measure */
  bool (*possible)(int size, int64_t values); /* whether a file's measures can have so many */
  double (*most)(int size);                   /* no value of a measure is larger, or below 0 */
  void (*measure)(int size, const float *x, int64_t values, float *y); /* x [size][size] in [0,1] */
  /* x gets the measure y; what then lies beyond [0,1] is cut off by the caller. */
  void (*give)(int size, const float *y, int64_t values, float *x);
} match_method;

#define MATCH(id, ...) extern const match_method match_##id;
#include "xsite/methods.def"
const match_method *match_find(const char *name); /* by architecture; NULL: none */

enum { MATCH_SITES = 2 };
extern const char *const match_site[MATCH_SITES]; /* tensor names: "source", "target" */

typedef struct match {
  const match_method *method;
  train_geometry geometry; /* values in [0,1] */
  uint64_t seed;           /* of the draws of references and of shares */
  bool mix;
  int64_t values; /* of a channel's measure */
  int64_t references[MATCH_SITES];
  float *reference[MATCH_SITES]; /* [references][channels][values] */
} match;

void match_free(match *m);

#endif
