/* result_parts.h: how good finished classifiers are, from what they say of labelled images:
 * numbers, and the parts of results.json that hold them.  Nothing here opens a file, a label or a
 * model: whoever calls has asked the classifiers. */
#ifndef RESULT_PARTS_H
#define RESULT_PARTS_H

#include "measure_json.h"

typedef struct measure_settings {
  int replicates; /* of the bootstrap */
  uint64_t seed;
  double least_auc, margin; /* per cent, points of AUC: xs_verdict_evidence */
  const char *positive;     /* the class that operating points are to find; NULL: there are none */
  double sensitivity;       /* that they are to have, in (0,1] */
  bool oracle;              /* also say what the target's labels would have chosen */
} measure_settings;

/* ---- what is measured: all of it lent ----------------------------------------------------------
 */

/* Labelled images of a site, without the images. */
typedef struct test_set {
  const char *site;
  const char *what; /* "test": images of the test side; "all": of all sides */
  int64_t n;
  int classes;
  int32_t *label;                /* [n] */
  uint64_t *group;               /* [n] equal for the images of a patient */
  const xs_attribute *attribute; /* [attributes] by which it is divided, value [n] */
  int attributes;
} test_set;

/* Of rows [n] of a site's images, whose labels and groups these are. */
test_set test_set_of(const char *site, int classes, const int32_t *label, const uint64_t *group,
                     const int64_t *rows, int64_t n);
void test_set_release(test_set *t); /* all but the attributes */

/* What a classifier says of a test set. */
typedef struct test_answer {
  const char *node; /* what made the classifier */
  const test_set *on;
  float *logit; /* [n][classes], its own */
  xs_measure measure;
  double *replicate; /* [replicates] AUCs, or NULL: nobody has asked for them */
} test_answer;

/* Measures what the logits say. */
xs_status answer_measure(const measure_settings *s, test_answer *a);
/* How much better b is than a, on the same images. */
xs_status answer_difference(const measure_settings *s, const test_answer *a, const test_answer *b,
                            xs_difference *d);
xs_status answer_replicates(const measure_settings *s, test_answer *a, const double **replicate);
void answer_release(test_answer *a);
xs_labelled_outputs answer_outputs(const test_answer *a);
/* NAN and null of NULL. */
double answer_auc(const test_answer *a);
json_t *answer_json(const test_answer *a);

/* A classifier that may be chosen for a pair of sites. */
typedef struct pair_candidate {
  const char *method, *node;
  const char *translator; /* the node of its translator, or NULL */
  test_answer *answer;    /* NULL: the target has no labels */
} pair_candidate;

/* A classifier of a part of a site's own labels. */
typedef struct labelled_classifier {
  const char *site;
  int64_t images; /* that it was trained on */
  test_answer *answer;
} labelled_classifier;

/* A pair of sites.  All answers but internal are NULL, and numbers 0, where the target has no
 * labels. */
typedef struct pair_answers {
  const char *source, *target;
  char *const *class_name;
  json_t *choice;            /* choice.json */
  pair_candidate *candidate; /* [n] */
  int n, chosen;
  test_answer *internal; /* the source's classifier at the source; */
  /* on the images on which adapted classifiers are to be measured: it, the chosen candidate; */
  test_answer *external, *adapted;
  /* on the target's test images: it, the chosen candidate, the target's own classifier; */
  test_answer *external_test, *adapted_test, *ceiling;
  test_answer *external_all; /* and it on all images of the target from which it has not learnt. */
  json_t *crossed;           /* crossed_json of the target, or NULL */
  int64_t seen; /* of the images of `adapted`: those that an adaptation sees, without labels */
  double kept;  /* share of source test images that keep their label, translated; or NAN */
  /* The two classifiers on the source's validation images, on which thresholds are chosen. */
  xs_labelled_outputs external_source, adapted_source;
  int64_t labels;                   /* of the target, that the ceiling was trained on */
  const labelled_classifier *curve; /* [points] the target's learning curve */
  int points;
} pair_answers;

/* ---- parts of results.json ---------------------------------------------------------------------
 */

typedef struct pair_result {
  const pair_answers *of;
  xs_difference gain;
  double holm; /* the gain's p, adjusted for all pairs */
  json_t *parts;
} pair_result;

/* Of n pairs, whose gains are tested together; each result to be released, also after a failure. */
xs_status pairs_measure(const measure_settings *s, const pair_answers *x, int n, pair_result *r);
void pair_result_release(pair_result *r);
json_t *pair_json(const measure_settings *s, const pair_result *r);
/* Of all pairs together. */
xs_status summary_json(const measure_settings *s, const pair_result *r, int n, json_t **out);
/* The candidate with the best AUC at the target, -1: the target has no labels. */
int pair_oracle(const pair_answers *x);

/* Parts of a pair whose target has labels. */
xs_status calibration_json(const measure_settings *s, const pair_answers *x, json_t **out);
json_t *delong_json(const pair_answers *x); /* null where too few groups have a class */
xs_status operating_json(const measure_settings *s, const pair_answers *x, json_t **out);
xs_status subgroups_json(const measure_settings *s, const pair_answers *x, json_t **out);
/* How many labelled target images are worth as much as the adaptation. */
xs_status equivalent_json(const measure_settings *s, const pair_answers *x, json_t **out);
/* Of any pair: whether the classifier or the adapted one can be used at the target: word, reason,
 * label, and what labels of the target would train. */
xs_status verdict_json(const measure_settings *s, const pair_result *r, json_t **out);

/* Of n labelled classifiers of all sites. */
json_t *labelled_json(const labelled_classifier *x, int n);
/* Of classifiers, each on the fold that it has not learnt from: the ceiling on all images. */
json_t *crossed_json(const xs_measure *fold, int n);

/* Of a classifier that was trained on a share of all sites' labelled images: what it says of the
 * test images of each. */
typedef struct pooled_classifier {
  const char *node;
  double percent;
  int64_t images;             /* that it was trained on */
  test_answer *const *answer; /* [sites] */
  int sites;
} pooled_classifier;
xs_status pooled_json(const measure_settings *s, const pooled_classifier *x, json_t **out);

/* How a classifier was trained, of what its model file says: steps, epochs, whether that was
 * enough. */
json_t *training_json(const char *node, const json_t *training);

#endif
