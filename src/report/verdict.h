/* verdict.h: one pair's outcome in words that need no statistics. */
#ifndef VERDICT_H
#define VERDICT_H

#include "results.h"

typedef enum verdict { VERDICT_HELPED, VERDICT_UNCLEAR, VERDICT_HURT, VERDICT_UNKNOWN } verdict;

/* By the 95 % interval of the gain: above 0, including 0, below 0, not known. */
verdict verdict_of(const pair *p);
const char *verdict_word(verdict v);
char *verdict_sentence(const pair *p); /* plain text, allocated */
char *verdict_overall(const results *r);

#endif
