/* nodes.h: a study as a graph of nodes, each of which is made once, from the files of others. */
#ifndef NODES_H
#define NODES_H

#include "study_file.h"

typedef enum node_kind {
  NODE_BASELINE,   /* baseline-SITE */
  NODE_SOURCE,     /* METHOD-SITE: trained in another way on the site's own labels */
  NODE_POOLED,     /* pooled-PERCENT */
  NODE_LABELLED,   /* labelled-SITE-COUNT */
  NODE_FOLD,       /* fold-SITE-NUMBER, from 1; fold 0 is the baseline's */
  NODE_SHARED,     /* shared-METHOD-SOURCE: a translator to all targets of the source */
  NODE_TRANSLATOR, /* translator-METHOD-SOURCE-TARGET */
  NODE_ADAPTED,    /* adapted-METHOD-SOURCE-TARGET */
  NODE_CHOICE,     /* choice-SOURCE-TARGET */
  NODE_RESULTS     /* results */
} node_kind;

typedef struct study_node {
  node_kind kind;
  char *name;
  int source, target; /* places in sites, or -1 */
  int pair;           /* whose settings hold; -1: the study's */
  char *method;       /* of a translator or adapted classifier or another training, or NULL */
  double amount;      /* per cent of the images, their number, or a fold's */
  int *needs;         /* [n_needs] places in the list, all before this one */
  int n_needs;
} study_node;

typedef struct study_nodes {
  study_node *node;
  int n;
} study_nodes;

/* Every piece of work once, after all that it needs. */
void nodes_list(const xs_study *s, study_nodes *out);
void nodes_free(study_nodes *l);
int nodes_find(const study_nodes *l, const char *name); /* -1: none */
const char *node_purpose(const study_node *n);

/* A classifier that is a candidate for a pair. */
typedef struct study_candidate {
  char *method;   /* "paper+shot"; "paper+shot via mnist" */
  int node;       /* place in the list: whose model.safetensors it is */
  int translator; /* place of its translator's node, or -1 */
  bool listed;    /* in the portfolio; the unadapted classifier is a candidate in any case */
} study_candidate;
/* The candidates of a pair in the order of the portfolio, then those by way of its third site;
 * allocated. */
study_candidate *nodes_candidates(const xs_study *s, const study_nodes *l, int pair, int *n);
void nodes_candidates_free(study_candidate *c, int n);
/* The node whose model.safetensors a classifier of this site starts from. */
int nodes_start(const xs_study *s, const study_nodes *l, int site);

int nodes_choice(const xs_study *s, const study_nodes *l, int pair); /* its choice's node */
/* The settings of its pair, or of the study. */
const study_settings *node_settings(const xs_study *s, const study_node *n);
/* Whether it makes a translator, which is generator.safetensors. */
bool node_is_translator(const study_node *n);
/* Whether its classifier's file gets an operating point and a temperature. */
bool node_is_published(const study_node *n);

typedef enum node_state {
  NODE_MISSING,     /* not made, or not to its end */
  NODE_DONE,        /* made from the same, and unharmed */
  NODE_UNPUBLISHED, /* the same but for its operating point, which is to be set anew */
  NODE_STALE        /* made from something else, or its files were changed: to be made again */
} node_state;

/* ---- where the nodes' files are
 * ------------------------------------------------------------------
 */

typedef struct node_files {
  const xs_study *study;
  const study_nodes *list;
  const char *out; /* the run folder */
} node_files;

/* OUT/nodes/NODE/FILE; file NULL: the folder; allocated. */
char *node_path(const node_files *f, int node, const char *file);

#endif
