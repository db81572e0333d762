/* run.h: a study that is being run. */
#ifndef RUN_H
#define RUN_H

#include "label_seal.h"
#include "node_job.h"
#include "nodes.h"
#include "run_log.h"

/* Of a search, which makes only what it needs to choose, and opens no label of a site that is only
 * a target. */
typedef enum run_part {
  RUN_ALL,
  RUN_SOURCES, /* the baselines of the pairs' sources */
  RUN_CHOICES  /* the choices, and what they need */
} run_part;

/* A part of the study, without results and report unless it is all. */
xs_status study_make(const xs_study *s, const xs_run_options *o, run_part part, const xs_watch *w);

typedef struct study_run {
  const xs_study *study;
  const xs_run_options *o;
  const xs_watch *watch;
  run_log *log; /* NULL where there is nothing to do */
  char *out;
  study_nodes nodes;
  seal *seal;          /* the sites */
  tg_kernels *kernels; /* of the present node's plans */
  bool restored;       /* a done node has told with what it was made */
  int lock;            /* on the run folder */
  run_part part;
  json_t *identity;  /* of the study: study_identity */
  json_t **site;     /* [n_sites] fingerprint_site of each */
  json_t **inputs;   /* [nodes] what each is made from: node_inputs.h */
  node_state *state; /* [nodes] as far as they have been looked at */
} study_run;

node_files files_of(const study_run *r); /* lent */

/* The section of the study file that says how a node, not `results`, works. */
const char *node_section(const study_node *n);

/* Where other runs' kernels are asked for: fails unless each node has recorded some there. */
xs_status node_check_kernels(const study_run *r);
/* A node of another run folder. */
typedef struct donor {
  char *out;      /* the run folder, NULL: none; an absolute path */
  char *dir;      /* the node's */
  json_t *record; /* its record.json */
} donor;
/* The first of the folders nodes_of that has made this node from the same and holds it as it sealed
 * it; notes why one that has it is not taken.  To be released. */
donor donor_find(const study_run *r, int node);
void donor_release(donor *d);
/* Fails unless all folders that are to be looked in are run folders. */
xs_status donors_check(const xs_run_options *o);
/* Runs the node at this place unless it is done and its files are as they were recorded. */
xs_status node_run(study_run *r, int node);

/* All that a node is given, and nothing more: here it is decided.  asking: in whose name the seal
 * opens labels; train: lent.  To be closed. */
void job_open(const study_run *r, const study_node *n, const char *asking, const train_job *train,
              node_job *job);
void job_close(node_job *job);

#endif
