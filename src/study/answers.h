/* answers.h: what a classifier says of the images by which it is judged without target labels. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "train.h"
#include "xsite_labelfree.h"

typedef struct answers {
  xs_outputs target;
  xs_labelled_outputs source;
} answers;

/* model: path of the classifier; target rows [n]; source: labelled images, which need not be the
 * source site's own but may be translated ones.  To be released, also after a failure. */
xs_status answers_open(const char *model, const xs_images *target, const int64_t *rows, int64_t n,
                       const train_set *source, answers *a);
void answers_release(answers *a);

/* The labelled outputs of a classifier alone; to be released with outputs_release. */
xs_status outputs_open(xs_classifier *c, const train_set *set, xs_labelled_outputs *out);
void outputs_release(xs_labelled_outputs *out);

#endif
