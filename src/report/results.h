/* results.h: results.json and the optional files beside it, checked. */
#ifndef RESULTS_H
#define RESULTS_H

#include <jansson.h>
#include <stdint.h>

/* A number that is null or absent is NAN. */
typedef struct measure { /* AUC and accuracy in per cent */
  double auc, low, high, paper_mean, paper_low, paper_high, accuracy, n;
} measure;

enum { INTERNAL, EXTERNAL, ADAPTED, CEILING, MEASURES };
extern const char *const report_measure_name[MEASURES];

typedef struct candidate {
  const char *method, *node; /* "paper+shot", "adapted-paper+shot-usps-mnist" */
  const char *translator;    /* its node, or NULL */
  measure m;                 /* on the target's test images */
} candidate;

typedef struct pair {
  const char *source, *target;
  candidate *candidate; /* [candidates] */
  int candidates;
  measure m[MEASURES];
  double gain, low, high, p; /* adapted minus external, AUC points */
  double salvage, keeps_label;
} pair;

typedef struct summary {
  double internal, external, adapted, average_salvage, median_salvage, relative_gain;
} summary;

typedef struct results {
  char *dir;
  json_t *root;
  json_t *settings; /* study.json, or NULL */
  const char *study, *precision;
  int64_t seed;
  int n;
  pair *pair; /* [n] */
  summary summary;
} results;

/* 0, or XS_FAILED with a message that names file and field. */
int report_read(const char *dir, results *out);
void report_free(results *r);
/* DIR/nodes/NODE/FILE; allocated. */
char *report_node_file(const results *r, const char *node, const char *file);
/* The node of the first candidate's translator, or NULL where no candidate has one. */
const char *report_translator(const pair *p);
/* One JSON file; NULL with a message. */
json_t *report_json(const char *path);

#endif
