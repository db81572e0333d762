/* verdict_words.h: what to do with a classifier at a site, in sentences; all texts are allocated.
 */
#ifndef VERDICT_WORDS_H
#define VERDICT_WORDS_H

#include "results.h"

/* "Do not use the classifier from a at b: label 160 images of b." */
char *verdict_advice(const pair *p);
/* Why; whether adapting would help; how many labelled images would tell, or do better. */
char *verdict_reasons(const pair *p);
/* How often each verdict was given, of several pairs. */
char *verdict_count(const results *r);

#endif
