/* search_file.h: search.json of a folder of xs_study_search. */
#ifndef SEARCH_FILE_H
#define SEARCH_FILE_H

#include <jansson.h>
#include <stdbool.h>

#define SEARCH_FILE "search.json"

typedef struct search_pair { /* numbers: NAN where they are not known, texts: NULL */
  const char *source, *target;
  const char *careful;    /* the method that is chosen */
  double value, auc;      /* by the criterion; at the target */
  const char *kept_by;    /* method whose translator is meant by */
  double keeping, struck; /* per cent of the labels; how many candidates */
} search_pair;

typedef struct search_trial {
  const char *folder, *stage, *budget;
  double number, criterion, auc;
  const json_t *settings; /* {KEY: VALUE} */
  search_pair *pair;
  int pairs;
} search_trial;

typedef struct search_part { /* a stage */
  const char *stage, *criterion;
  const char *chosen; /* folder */
  const char *oracle; /* folder that the target's labels would have chosen, or NULL */
  double oracle_auc, regret;
} search_part;

typedef struct search_results {
  json_t *root; /* owns all texts */
  const char *study, *grid;
  const json_t *chosen, *both; /* settings; names of sites that are source and target */
  search_part *part;
  int parts;
  search_trial *trial;
  int trials;
} search_results;

bool search_is_in(const char *dir);
/* Non-zero and a message where the file is none; to be freed in any case. */
int search_read(const char *dir, search_results *r);
void search_free(search_results *r);

bool search_is_measured(const search_results *r, const char *stage); /* more than one trial */
bool search_is_chosen(const search_results *r, const search_trial *t);
/* The stage of this name, or NULL; how many trials it has. */
const search_part *search_part_of(const search_results *r, const char *stage, int *trials);

#endif
