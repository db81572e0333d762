/* test_answers.h: what finished classifiers say of labelled images.  Only here, and in outputs.csv,
 * are test labels opened, after all training and choosing is done. */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include "measure.h"
#include "node_results.h"

typedef struct test_images {
  train_set images;
  test_set set; /* of the same images; empty where the site has no labels */
} test_images;

/* What a pair's classifiers say of the source's validation images, on which a threshold is chosen.
 */
typedef struct operating_source {
  xs_labelled_outputs external, adapted;
} operating_source;

typedef struct evaluation {
  const results_job *job;
  measure_settings settings;
  test_images *test; /* [n_sites] */
  test_images *all;  /* [n_pairs] all labelled images of the target, but those of groups that the
                      * source's classifier has learnt from */
  operating_source *operating; /* [n_pairs]; empty unless the study names an operating point */
  test_answer **answer;        /* [n] each asked for once */
  int n;
} evaluation;

/* Opens the labels that the node may see, those of test images last.  To be released, also after a
 * failure. */
xs_status evaluation_open(const results_job *job, evaluation *e);
void evaluation_release(evaluation *e);
/* The answer of a node's classifier to a site's test images; lent. */
xs_status evaluation_answer(evaluation *e, int node, int site, test_answer **answer);
/* The same to all images of a pair's target. */
xs_status evaluation_answer_all(evaluation *e, int node, int pair, test_answer **answer);
/* How good a site's classifier is on the fold that it has not learnt from. */
xs_status evaluation_fold(evaluation *e, int node, int site, int fold, xs_measure *m);

#endif
