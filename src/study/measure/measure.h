/* measure.h: the parts of results.json. */
#ifndef MEASURE_H
#define MEASURE_H

#include "choice.h"

/* What a classifier says of a site's labelled images: asked once, used by every part. */
typedef struct test_answer {
  int node, site;
  const test_set *on; /* lent */
  float *logit;       /* [n][classes] */
  xs_measure measure;
  double *replicate; /* [settings.replicates] AUCs, or NULL: nobody has asked */
} test_answer;

/* A pair's classifiers on the source's validation images, on which a threshold is chosen. */
typedef struct operating_source {
  xs_labelled_outputs external, adapted;
} operating_source;

typedef struct evaluation {
  study_run *run;
  test_set *test;              /* [n_sites]; empty where a site has no labels */
  test_set *all;               /* [n_pairs] all labelled images of the target, but those of groups
                                * that the source's classifier has learnt from; empty likewise */
  json_t **crossed;            /* [n_sites] crossed_json, as far as asked for */
  operating_source *operating; /* [n_pairs]; empty unless the study names an operating point */
  test_answer **answer;        /* [n] */
  int n;
} evaluation;

/* Opens the labels that the node may see, those of test images last.  To be released, also after a
 * failure. */
xs_status evaluation_open(study_run *r, const study_node *n, evaluation *e);
void evaluation_release(evaluation *e);
/* The answer is lent, as is the array of replicates [settings.replicates]. */
xs_status evaluation_answer(evaluation *e, int node, int site, const test_answer **answer);
/* The same on all images of a pair's target. */
xs_status evaluation_answer_all(evaluation *e, int node, int pair, const test_answer **answer);
xs_status evaluation_replicates(evaluation *e, const test_answer *a, const double **replicate);
xs_labelled_outputs answer_outputs(const evaluation *e, const test_answer *a); /* lent */
/* NAN and null of NULL. */
double answer_auc(const test_answer *a);
json_t *answer_json(const test_answer *a);
const char *evaluation_node_name(const evaluation *e, int node); /* NULL of -1 */

/* Answers are lent by the evaluation; all but internal are NULL where the target has no labels. */
typedef struct pair_result {
  int pair;
  pair_choice choice;
  const test_answer *internal, *external, *adapted, *ceiling;
  const test_answer *external_all;                 /* on all images of the target */
  const test_answer *external_test, *adapted_test; /* on the ceiling's images, the test side */
  int64_t seen; /* of the images of `adapted`: those that an adaptation sees, without labels */
  const test_answer **candidate; /* [choice.n] */
  xs_difference gain;
  double holm; /* the gain's p, adjusted for all pairs */
  double kept; /* share of source test images that keep their label, translated; or NAN */
  json_t *parts;
} pair_result;

/* To be released, also after a failure. */
xs_status measure_pair(evaluation *e, int pair, pair_result *x);
void pair_result_release(pair_result *x);
/* The candidate with the best AUC at the target, -1: the target has no labels. */
int pair_oracle(const pair_result *x);
json_t *pair_json(const evaluation *e, const pair_result *x);

/* Parts of a pair; the target has labels. */
xs_status calibration_json(const evaluation *e, const pair_result *x, json_t **out);
xs_status delong_json(const evaluation *e, const pair_result *x, json_t **out);
xs_status operating_json(const evaluation *e, const pair_result *x, json_t **out);
/* Of the target's test images, by each of its attributes. */
xs_status subgroups_json(const evaluation *e, const pair_result *x, json_t **out);
/* Whether the classifier or the adapted one can be used at the target: word, reason, label, and
 * what labels of the target would train. */
xs_status verdict_json(evaluation *e, const pair_result *x, json_t **out);
/* How many images a labelled node's classifier was trained on: a site has no more than it has. */
int64_t labelled_images(const evaluation *e, const study_node *n);
/* How many labelled target images are worth as much as the adaptation. */
xs_status equivalent_json(evaluation *e, const pair_result *x, json_t **out);

xs_status operating_open(study_run *r, const study_node *n, int pair, operating_source *o);
void operating_release(operating_source *o);

/* Parts of the study: models of all sites together, and of a part of a site's labels. */
xs_status pooled_json(evaluation *e, json_t **out);
xs_status labelled_json(evaluation *e, json_t **out);
/* The site's own classifiers, each on the fold that it has not learnt from, averaged: the ceiling
 * on all images; *out is lent, null where the site is not cross-fitted. */
xs_status crossed_json(evaluation *e, int site, json_t **out);
/* How each classifier was trained: steps, epochs, and whether that was enough. */
xs_status classifiers_json(const evaluation *e, json_t **list);
/* Of all pairs x [n] together. */
xs_status summary_json(evaluation *e, const pair_result *x, int n, json_t **out);

#endif
