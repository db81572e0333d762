/* node_results.h: the last node of a study: asks the finished classifiers, and has their answers
 * measured. */
#ifndef NODE_RESULTS_H
#define NODE_RESULTS_H

#include "label_seal.h"
#include "node_job.h"
#include "nodes.h"

typedef struct results_job {
  const char *name; /* of the node, which the seal is told */
  node_files files;
  seal *seal;
  const xs_watch *watch;
  const node_job *pair; /* [n_pairs] that of its choice, whose labels this node opens */
} results_job;

/* results.json; newly made, NULL where it fails. */
xs_status node_results(const results_job *job, json_t **results);
/* Writes outputs.csv: every image's answer; its hash is added to files. */
xs_status outputs_write(const results_job *job, json_t *files);

#endif
