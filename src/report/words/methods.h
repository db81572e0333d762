/* methods.h: the study's settings in sentences that can stand in a paper. */
#ifndef METHODS_H
#define METHODS_H

#include "page.h"
#include "results.h"

/* Paragraphs and the list of what they cite; of settings that are not known nothing is said. */
void methods_add(page *out, const results *r);

#endif
