/* search.h: a search for settings.  A trial is a run of the study with settings of its own; it is
 * kept as the JSON object that search.json has of it:
 *   "folder", "trial" (from 1), "stage", "budget" ("1/9": of the study's), "settings" {KEY: VALUE},
 *   "criterion" (null: none); of the first stage "sites": [{"site", "value"}]; "pairs":
 *   [{"source", "target"}], of the second stage each with "careful" (the method), "value", "struck"
 *   (how many candidates), "keeping" and "kept_by", and, once it is measured, "auc"; "auc": its
 * mean. */
#ifndef SEARCH_H
#define SEARCH_H

#include "run.h"
#include "search_grid.h"

#define SEARCH_RESULT "search.json"

typedef struct search {
  const char *path; /* of the study file */
  int n_set;
  const char *const *set; /* [n_set] */
  const xs_search_options *options;
  const xs_run_options *run;
  const xs_watch *watch;
  xs_study *study; /* without the settings of any trial */
  char *out;
  int lock;
  search_grid grid;
  int64_t *point[SEARCH_STAGES]; /* [points] which of the grid are tried */
  int points[SEARCH_STAGES];
  json_t *trials;  /* those that were run, in order */
  xs_texts donors; /* run folders to take nodes from: the user's, then the trials' */
} search;

const char *stage_name(search_stage stage);
/* A trial that is not run yet; budget: 9 is a ninth; takes settings over. */
json_t *trial_new(search_stage stage, int number, int budget, json_t *settings);
bool trial_is_of(const json_t *trial, search_stage stage);
/* A member of it, or of one of its parts; NAN: there is none. */
double trial_number(const json_t *j, const char *key);
/* The study with the trial's settings; XS_USAGE where they do not go together. */
xs_status trial_open(const search *s, const json_t *trial, xs_study **study);
/* Runs what the criterion needs, and finds it. */
xs_status trial_judge(search *s, json_t *trial);
/* Runs the results and takes the AUC from them: this opens test labels. */
xs_status trial_measure(search *s, json_t *trial);

#endif
