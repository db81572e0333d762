/* Must not compile: what a node gets of a target has no labels, and what has them cannot be looked
 * into. */
#include "label_seal.h"

int32_t peek(const seal *s);

#ifdef PEEK_AT_SITE
int32_t peek(const seal *s) { return s->site[1]->label[0]; }
#else
int32_t peek(const seal *s) { return seal_images(s, 1)->label[0]; }
#endif
