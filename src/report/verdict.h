/* verdict.h: outcomes in words that need no statistics; all texts are allocated. */
#ifndef VERDICT_H
#define VERDICT_H

#include "results.h"

typedef enum verdict {
  VERDICT_HELPED,
  VERDICT_UNCLEAR,
  VERDICT_HURT,
  VERDICT_LEFT, /* nothing was adapted */
  VERDICT_UNKNOWN
} verdict;
enum { VERDICTS = VERDICT_UNKNOWN + 1 };

/* By the 95 % interval of the gain: above 0, including 0, below 0, not known. */
verdict verdict_of(const pair *p);
const char *verdict_word(verdict v);
char *verdict_sentence(const pair *p);
char *verdict_outlook(const pair *p); /* what was chosen and foreseen without labels */
char *verdict_overall(const results *r);

/* What all pairs together say, in sentences: at most CONCLUSIONS; how many. */
enum { CONCLUSIONS = 8 };
int conclusions_make(const results *r, char *sentence[CONCLUSIONS]);

#endif
