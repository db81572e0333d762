/* choice.h: judging a pair's candidates without target labels. */
#ifndef CHOICE_H
#define CHOICE_H

#include "model_outputs.h"
#include "node_job.h"

/* What is known of a candidate without target labels. */
typedef struct candidate_facts {
  double *value;        /* [criteria] as xs_criteria lists them, NAN: none */
  float *logit;         /* [n_rows][classes] at the target */
  double *information;  /* [n_rows] xs_information_terms */
  double *share;        /* [classes] of its answers at the target */
  xs_interval *keeping; /* [classes] labels that its translator keeps, NULL: has none */
  xs_interval *recall;  /* [classes] of its own translated images, by itself, NULL likewise */
  double predicted;     /* accuracy at the target */
  xs_temperature temperature;
  char *untrained;   /* why its training was not enough, or NULL */
  xs_strike *strike; /* [strikes] */
  int strikes;
  double agreement; /* share of the images that all candidates together give the same class */
} candidate_facts;

/* Of the images on which all candidates together contradict the classifier that is not adapted: the
 * share by which an adapted one must agree with them on more.  docs/method.md says on what this was
 * set. */
#define LEAST_SETTLED 0.4

/* A pair's candidates and the images by which they are judged. */
typedef struct chooser {
  const node_job *job;
  const xs_choice_options *options;
  uint64_t seed;
  int classes;
  const node_candidate *candidate; /* [n] */
  candidate_facts *fact;           /* [n] */
  int n, none;                     /* none: the candidate that is not adapted */
  int64_t *rows, n_rows;           /* of the target, no test images of a labelled one */
  double groups;                   /* patients among them */
  float *ensemble;                 /* [n_rows][classes] of all candidates of the portfolio */
  double *source, *em, *bbse;      /* [classes] shares; em, bbse: NULL where they are not known */
  xs_prior_mismatch shares;        /* zeros where they cannot be compared */
} chooser;

/* JUDGED_MOST images of a site: more do not change a judgement. JUDGED_LEAST of the target: fewer
 * cannot tell candidates apart. */
enum { JUDGED_MOST = 10000, JUDGED_LEAST = 50 };

/* The images of a target that decide: all of one without labels, else those that can be none of its
 * test images; *rows [*n] ascending, allocated, also after a failure. */
xs_status choice_rows(const xs_images *images, bool labelled, split_rule rule, int64_t **rows,
                      int64_t *n);

/* Finds all facts of all candidates, and who is struck out. */
xs_status facts_make(chooser *c);
void facts_release(chooser *c);
json_t *facts_json(const chooser *c, int candidate);
/* Whether an adapted candidate settles enough of what all together hold against the classifier that
 * is not adapted. */
bool facts_settle(const chooser *c, int candidate);
/* Why the careful rule does not choose a candidate, in words: text [its strikes + 1], each
 * allocated; how many. */
int facts_against(const chooser *c, int candidate, char **text);

/* The candidate that the careful or the bold rule takes; settled: by agreement, not by the
 * criterion. */
typedef struct decision {
  int chosen;
  bool settled;
  const char *reason; /* why it is the one that is not adapted, though another was best; or NULL */
} decision;
xs_status decide_boldly(const chooser *c, decision *d);
xs_status decide_carefully(const chooser *c, decision *d);

/* Labelled images of a split of a candidate's source as it was trained on them: translated where it
 * has a translator, which makes *made.  Both to be released, also after a failure. */
xs_status judged_source(const node_candidate *x, uint64_t seed, xs_split which, train_set *source,
                        xs_images **made);

/* A candidate's answers, on these images and on the target's. */
typedef struct judged {
  answers answers;
  train_set source;
  xs_images *made; /* the translated images, or NULL */
} judged;
/* which: of the source's splits; features: whether the answers shall have them.  To be released,
 * also after a failure. */
xs_status judged_open(const chooser *c, const node_candidate *x, xs_split which, bool features,
                      judged *j);
void judged_release(judged *j);
/* How many labels of each class, and overall, a candidate's translated images keep by the source's
 * classifier. */
xs_status judged_keeping(const chooser *c, const node_candidate *x, xs_interval *overall,
                         xs_interval *per_class);

/* What a choice is worth, as far as can be told without labels. */
typedef struct choice_evidence {
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
} choice_evidence;
/* To be released, also after a failure. */
xs_status choice_evidence_make(const chooser *c, int chosen, choice_evidence *f);
void choice_evidence_release(choice_evidence *f);
json_t *choice_evidence_json(const chooser *c, const choice_evidence *f);

/* choice.json of a folder, newly made, also after a failure, and the place that the chosen method
 * has among the candidates' [n]. */
xs_status choice_read(const char *dir, const char *const *method, int n, json_t **json,
                      int *chosen);

#endif
