/* test_answers.h: what finished classifiers say of labelled images.  Only here, and in outputs.csv,
 * are test labels opened, after all training and choosing is done. */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include "node_results.h"
#include "result_parts.h"

typedef struct test_images {
  train_set images;
  test_set set; /* of the same images; empty where the site has no labels */
} test_images;

typedef struct evaluation {
  const results_job *job;
  measure_settings settings;
  test_images *test;    /* [n_sites] */
  test_images *all;     /* [n_pairs] all labelled images of the target, but those of groups that the
                         * source's classifier has learnt from */
  test_answer **answer; /* [n] each asked for once */
  int n;
} evaluation;

/* As yet without labels; to be released. */
evaluation evaluation_new(const results_job *job);
/* Opens the labels of test images, last of all that the node opens. */
xs_status evaluation_open(evaluation *e);
void evaluation_release(evaluation *e);
/* The answer of a node's classifier to images of `test` or `all`; lent. */
xs_status evaluation_answer(evaluation *e, int node, const test_images *t, test_answer **answer);
/* How good a site's classifier is on the fold that it has not learnt from. */
xs_status evaluation_fold(evaluation *e, int node, int site, int fold, xs_measure *m);

#endif
