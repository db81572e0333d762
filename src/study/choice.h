/* choice.h: judging a pair's candidates without target labels. */
#ifndef CHOICE_H
#define CHOICE_H

#include "answers.h"
#include "study.h"

/* A pair's candidates and the images by which they are judged. */
typedef struct chooser {
  study_run *run;
  const study_node *node;
  const choice_options *options;
  uint64_t seed;
  study_candidate *candidate; /* [n] */
  double *value;              /* [n][criteria] as xs_criteria lists them */
  int n;
  int64_t *rows, n_rows; /* the target's validation images */
  float *ensemble;       /* [n_rows][classes] of all candidates */
  double *information;   /* [n][n_rows] xs_information_terms */
} chooser;

enum { JUDGED_MOST = 10000 }; /* images of the source: more do not change a judgement */

/* The source's classifier that is not adapted, as if it were a candidate. */
study_candidate judged_unadapted(const study_run *r, int source);

/* Labelled images of a split of a candidate's source as it was trained on them: translated where it
 * has a translator, which makes *made.  n: the node that asks for the labels.  Both to be released,
 * also after a failure. */
xs_status judged_source(study_run *r, const study_node *n, int pair, const study_candidate *x,
                        xs_split which, train_set *source, xs_images **made);

/* A candidate's answers, on these images and on the target's. */
typedef struct judged {
  answers answers;
  train_set source;
  xs_images *made; /* the translated images, or NULL */
} judged;
/* which: of the source's splits; features: whether the answers shall have them.  To be released,
 * also after a failure. */
xs_status judged_open(const chooser *c, const study_candidate *x, xs_split which, bool features,
                      judged *j);
void judged_release(judged *j);

/* What a choice is worth, as far as can be told without labels. */
typedef struct findings {
  xs_interval before, after; /* predicted accuracy at the target */
  xs_interval change;        /* between them */
  double change_error;       /* mean absolute error of predicted changes on shifted source images */
  bool translated;           /* whether the chosen candidate has a translator */
  const char *kept_by;       /* the candidate whose translator keeping is of, lent; NULL: unknown */
  xs_interval keeping;
  xs_interval *class_keeping; /* [classes] */
  bool compared;              /* whether priors are known */
  xs_interval *prior_change;  /* [classes] */
  xs_prior_mismatch priors;
  char *not_compared;         /* why not */
  xs_temperature temperature; /* of the chosen candidate */
  xs_judgement judgement;
} findings;
/* To be released, also after a failure. */
xs_status findings_make(const chooser *c, int chosen, findings *f);
void findings_release(findings *f);
json_t *findings_json(const chooser *c, const findings *f);

/* ---- after the choice ---------------------------------------------------------------------------
 */

/* What a pair's choice node has written; to be released, also after a failure. */
typedef struct pair_choice {
  json_t *json;               /* the whole of choice.json */
  study_candidate *candidate; /* [n] */
  int n, chosen;
} pair_choice;
xs_status pair_choice_open(const study_run *r, int pair, pair_choice *c);
void pair_choice_release(pair_choice *c);
/* The node whose classifier a node has: of a choice the one that it has copied. */
xs_status choice_model(const study_run *r, int node, int *model);

#endif
