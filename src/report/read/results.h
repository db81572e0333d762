/* results.h: results.json and the optional files beside it, checked. */
#ifndef RESULTS_H
#define RESULTS_H

#include "json_fields.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A number that is null or absent is NAN, a text NULL. */
typedef struct measure { /* AUC and accuracy in per cent */
  const char *images;    /* "test", "all": what part of the site */
  double auc, low, high, paper_mean, paper_low, paper_high, accuracy, accuracy_low, accuracy_high,
      n;
  const char *interval; /* "percentile", "newcombe": low and high */
} measure;

enum { INTERNAL, EXTERNAL, ADAPTED, CEILING, MEASURES };
extern const char *const report_measure_name[MEASURES];

typedef struct candidate {
  const char *method, *node; /* "paper+shot", "adapted-paper+shot-usps-mnist" */
  const char *translator;    /* its node, or NULL */
  measure m;                 /* on the target's test images */
} candidate;

typedef struct criteria_values { /* of a candidate, on unlabelled target images */
  const char *method;
  const json_t *criteria; /* by name: numbers or null */
  const char **struck;    /* [strikes] why it could not be chosen */
  int strikes;
} criteria_values;

typedef struct priors { /* class shares, in per cent */
  const char *unknown;  /* why they were not compared, or NULL */
  bool compared, differ;
  double p;
  interval distance, *change; /* [classes] target less source */
  int classes;
} priors;

typedef struct choice { /* what could be known without labels; shares in per cent */
  const char *chosen, *criterion, *predictor, *outlook;
  const char *rule;         /* "careful", "bold" */
  const char *bold;         /* what the rule bold would take, or NULL */
  const char *left;         /* why the classifier was left as it is, where a sentence says so */
  const char *uncalibrated; /* why it has no calibrated probabilities, or NULL */
  double images;            /* of the target, that decided */
  criteria_values *value;   /* [values] */
  int values;
  interval before, after, change; /* predicted accuracy */
  double change_error;            /* mean absolute, on shifts whose truth is known */
  const char **reason;            /* [reasons] sentences */
  int reasons;
  const char *settled_by;           /* the criterion that settled a tie of the first; NULL: none */
  const char *kept_by;              /* whose translator it is of; NULL: the chosen one's */
  interval keeping, *class_keeping; /* [classes] */
  int classes;
  priors priors;
} choice;

typedef struct reliability_bin {
  double confidence, accuracy, n;
} reliability_bin;

typedef struct reliability { /* plain, not per cent */
  interval ece, brier;
  reliability_bin *bin; /* [bins] */
  int bins;
} reliability;

enum { BEFORE, AFTER, SCALED, OF_CEILING, RELIABILITIES };

typedef struct carried { /* a threshold of one classifier; shares in per cent */
  const char *unknown;   /* why there is none, or NULL */
  double threshold;      /* log odds */
  interval source_sensitivity, source_specificity, sensitivity, specificity; /* last two: target */
} carried;

typedef struct operating_point {
  const char *positive; /* class; NULL: none was asked for */
  double wanted;        /* sensitivity */
  carried before, after;
} operating_point;

typedef struct oracle { /* chosen with target labels */
  const char *method;   /* NULL: not asked for */
  double auc, regret;   /* its AUC less that of the label-free choice */
} oracle;

typedef struct delong {
  interval external, adapted;
  double p;
} delong;

typedef struct subgroup { /* of the target's test images */
  const char *attribute;  /* "sex" */
  const char *value;      /* "F", ages "18-39"; NULL: unknown */
  double n, groups;
  measure external, adapted; /* NAN where there are too few images */
  interval gain;
} subgroup;

typedef struct usable {      /* whether the classifier can be used at the target */
  const char *word, *reason; /* NULL: not judged */
  double label, margin;      /* images to label; points of AUC that may be lost */
  double within;             /* half width in points to be expected with so many, or NAN */
  double better_images;      /* of the target: with their labels a better one was trained */
  const char *better_node, *better_untrained; /* why that was not trained enough, or NULL */
  measure better;
} usable;

typedef struct pair {
  const char *source, *target;
  usable verdict;
  candidate *candidate; /* [candidates] */
  int candidates;
  measure m[MEASURES];
  measure external_all, ceiling_all; /* on all labelled images of the target; by cross-fitting */
  double folds, salvage_all;         /* of ceiling_all */
  double seen_without_labels;        /* images of m[ADAPTED] that an adaptation has seen */
  const char *gain_interval;         /* of low and high, as a measure's */
  double gain, low, high, p, p_holm; /* adapted minus external, AUC points */
  double salvage, keeps_label;
  /* why the source's and the target's own classifier were not trained enough, or NULL */
  const char *source_untrained, *target_untrained;
  const char *adapted_untrained; /* likewise the chosen one */
  const char *folds_untrained;   /* likewise one of those that ceiling_all is of */
  choice choice;
  oracle oracle;
  delong delong;
  reliability reliability[RELIABILITIES];
  double temperature;
  operating_point operating;
  interval equivalent;  /* labelled images; 0: fewer than the smallest number tried */
  bool equivalent_more; /* more than the largest */
  subgroup *subgroup;   /* [subgroups] */
  int subgroups;
} pair;

typedef struct pooled_site {
  const char *site;
  measure m;
} pooled_site;

typedef struct pooled {         /* one classifier for all sites */
  const char *node, *untrained; /* why it was not trained enough, or NULL */
  double percent, images, spread;
  measure global;
  pooled_site *site; /* [sites] */
  int sites;
} pooled;

typedef struct labelled { /* a classifier from some labelled images of a site */
  const char *site;
  const char *node, *untrained; /* as of a pooled one */
  double count;
  measure m;
} labelled;

typedef struct classifier { /* how one was trained */
  const char *node, *why;   /* why not enough; NULL: it was */
  double steps, epochs, best_epoch, train_auc;
} classifier;

typedef struct left_out { /* images of a site that could not be read */
  const char *site;
  double count;
  const json_t *images; /* name and reason of each, or of the first ones */
} left_out;

typedef struct data_level {
  const char *value;
  double images;
} data_level;

typedef struct characteristic { /* of images: class, sex, view (levels), age (mean) */
  const char *name;
  double known, mean, deviation;
  data_level *level; /* [levels] */
  int levels;
} characteristic;

typedef struct data_side { /* images of a site on one side of its split, or "all" */
  const char *side;
  double images, groups;
  characteristic *known; /* [characteristics] */
  int characteristics;
} data_side;

typedef struct data_site {
  const char *site;
  data_side *side; /* [sides] */
  int sides;
} data_site;

typedef struct data_test {      /* ANOVA over the sites */
  const char *name, *value;     /* value NULL: of a number */
  double f, between, within, p; /* p NAN: not tested; f then and where it is infinite NAN */
} data_test;

typedef struct data_sets {
  data_site *site; /* [sites] */
  int sites;
  data_test *test; /* [tests] */
  int tests;
  double shared_groups; /* at more than one site */
} data_sets;

typedef struct summary {
  interval internal, external, adapted, gain; /* means */
  double gain_p, average_salvage, median_salvage, relative_gain;
  double oracle, regret, worse;
} summary;

typedef struct results {
  char *dir;
  json_t *root;
  json_t *settings; /* study.json, or NULL */
  const char *study, *precision;
  int64_t seed;
  int n;
  pair *pair; /* [n] */
  pooled *pooled;
  int pooleds;
  labelled *labelled;
  int labelleds;
  classifier *classifier;
  int classifiers;
  left_out *left_out;
  int left_outs;
  data_sets data;
  summary summary;
} results;

/* 0, or XS_FAILED with a message that names file and field. */
int report_read(const char *dir, results *out);
void report_free(results *r);
int pair_read(const json_t *j, const char *where, void *record); /* a pair */
void pair_release(pair *p);
int measure_read(const json_t *object, const char *where, const char *name, measure *m);

int data_sets_read(const json_t *j, const char *where, void *record); /* data_sets */
void data_sets_release(data_sets *d);
/* All images of a site, or NULL. */
const data_side *data_site_all(const data_site *s);
/* That of a characteristic's level; value NULL: of a number; or NULL. */
const data_test *data_test_of(const data_sets *d, const char *name, const char *value);

/* DIR/nodes/NODE/FILE; allocated. */
char *report_node_file(const results *r, const char *node, const char *file);
/* Whether anything was measured at the target: false where it has no labels. */
bool report_measured(const pair *p);
bool report_any_measured(const results *r);
/* The node of the chosen candidate's translator, else of the first that has one, else NULL. */
const char *report_translator(const pair *p);
bool report_chosen(const pair *p, const candidate *c);
/* (adapted - external) / external in per cent, or NAN. */
double report_relative_change(const pair *p);
/* A value of study.json, section NULL: at its top; NULL where it is not there. */
const json_t *report_setting(const results *r, const char *section, const char *name);
/* One JSON file; NULL with a message. */
json_t *report_json(const char *path);

#endif
