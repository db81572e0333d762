/* node_words.h: the nodes of a run in words for people. */
#ifndef NODE_WORDS_H
#define NODE_WORDS_H

#include "results.h"

/* "classifier of a, adapted to b by paper"; the node's name where it is none of the run's.
 * Allocated. */
char *node_words(const results *r, const char *node);
bool node_is_baseline(const char *node, const char *site);
bool node_is_fold(const char *node, const char *site); /* a cross-fitted classifier of the site */

#endif
