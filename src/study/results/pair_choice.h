/* pair_choice.h: what was chosen for a pair, when all choices are made. */
#ifndef PAIR_CHOICE_H
#define PAIR_CHOICE_H

#include <jansson.h>

#include "nodes.h"

/* What a pair's choice node has written; to be released, also after a failure. */
typedef struct pair_choice {
  json_t *json;               /* the whole of choice.json */
  study_candidate *candidate; /* [n] */
  int n, chosen;
} pair_choice;

xs_status pair_choice_open(const node_files *f, int pair, pair_choice *c);
void pair_choice_release(pair_choice *c);
/* The node whose classifier a node has: of a choice the one that it has copied. */
xs_status choice_model(const node_files *f, int node, int *model);

/* XS_HARM and a message that names the pairs for which an adaptation is chosen that is predicted to
 * hurt. */
xs_status run_harm(const node_files *f);

#endif
