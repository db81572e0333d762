/* effect.h: what adapting did, in words that need no statistics; all texts are allocated. */
#ifndef EFFECT_H
#define EFFECT_H

#include "results.h"

#include <stdbool.h>

typedef enum effect {
  EFFECT_HELPED,
  EFFECT_UNCLEAR,
  EFFECT_HURT,
  EFFECT_LEFT, /* nothing was adapted */
  EFFECT_UNKNOWN
} effect;
enum { EFFECTS = EFFECT_UNKNOWN + 1 };

/* By the 95 % interval of the gain: above 0, including 0, below 0, not known. */
effect effect_of(const pair *p);
bool effect_left(const pair *p); /* nothing was adapted, whatever is measured */
const char *effect_word(effect v);
char *effect_sentence(const pair *p);
/* Pairs that were measured and in which something was adapted; those that were left as they were.
 */
int effect_count_adapted(const results *r);
int effect_count_left(const results *r);
char *outlook_sentence(const pair *p); /* what was chosen and foreseen without labels */
/* How many images of the target the choice has seen; empty where that is not known. */
char *seen_sentence(const pair *p);

/* What all pairs together say, in sentences: at most CONCLUSIONS; how many. */
enum { CONCLUSIONS = 8 };
int conclusions_make(const results *r, char *sentence[CONCLUSIONS]);

#endif
