/* search_grid.h: the settings that a search tries: KEY=VALUE,VALUE,... of each, and their points.
 */
#ifndef SEARCH_GRID_H
#define SEARCH_GRID_H

#include <jansson.h>

#include "study_file.h"

/* The classifier's settings are searched first, then, with the best of them, all others. */
typedef enum search_stage { SEARCH_CLASSIFIER, SEARCH_ADAPTATION, SEARCH_STAGES } search_stage;

typedef struct grid_key {
  char *name; /* "adapter.cycle" */
  xs_texts value;
  search_stage stage;
} grid_key;

typedef struct search_grid {
  grid_key *key; /* [n] in the order in which they were given */
  int n;
} search_grid;

/* The most runs that a search may ask for. */
enum { SEARCH_MOST = 1000 };

/* Fails where a key is none that can be searched, or a value is not allowed.  To be freed, also
 * after a failure. */
xs_status grid_read(const xs_study *s, const char *text, bool halving, search_grid *g);
void grid_free(search_grid *g);
/* Which points of a stage are tried, ascending: all, or `random` different ones; [*n] allocated.
 * The last key changes fastest; without
 * keys the first stage has no point, the second one. */
xs_status grid_points(const search_grid *g, search_stage stage, int64_t random, uint64_t seed,
                      int64_t **point, int *n);
/* {KEY: VALUE} of a point; newly made. */
json_t *grid_settings(const search_grid *g, search_stage stage, int64_t point);

/* What halving shortens: whole numbers of the study file, [*n]. */
const char *const *search_budget(search_stage stage, int *n);

#endif
