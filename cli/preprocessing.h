/* preprocessing.h: what eval and predict say of the way that images are read. */
#ifndef PREPROCESSING_H
#define PREPROCESSING_H

#include "xsite.h"

/* Says on stderr what the model file does not say of its images, if anything. */
void preprocessing_note_unknown(const char *model, const xs_classifier *c);
/* Says in one line on stderr where images are read otherwise than the model's record has it; file:
 * the domain file that they are read by. */
void preprocessing_note_other(const char *file, const xs_preprocessing *here,
                              const xs_classifier *c);

#endif
