/* preprocessing_notes.h: what is to be said of the way that images are read. */
#ifndef PREPROCESSING_NOTES_H
#define PREPROCESSING_NOTES_H

#include "xsite.h"

/* Notes what the model file does not say of its images, if anything. */
void preprocessing_note_unknown(const xs_watch *w, const char *model, const xs_classifier *c);
/* Notes in one line where images are read otherwise than the model's record has it; file: the
 * domain file that they are read by, or the site's name. */
void preprocessing_note_other(const xs_watch *w, const char *file, const xs_preprocessing *here,
                              const xs_classifier *c);

#endif
