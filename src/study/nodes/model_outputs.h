/* model_outputs.h: what a classifier says of the images by which it is judged without target
 * labels. */
#ifndef MODEL_OUTPUTS_H
#define MODEL_OUTPUTS_H

#include "learn.h"
#include "xsite.h"

typedef struct answers {
  xs_outputs target;
  xs_labelled_outputs source;
} answers;

/* Of a classifier on target rows [n] and on labelled images of the source, as they are or
 * translated; features only where asked for.  To be released, also after a failure. */
xs_status answers_open(const char *model, const xs_images *target, const int64_t *rows, int64_t n,
                       const train_set *source, bool features, answers *a);
void answers_release(answers *a);

/* On labelled images alone. */
xs_status outputs_open(xs_classifier *c, const train_set *set, bool features,
                       xs_labelled_outputs *out);
/* The same of a model file. */
xs_status outputs_of_model(const char *model, const train_set *set, xs_labelled_outputs *out);
void outputs_release(xs_labelled_outputs *out);

#endif
