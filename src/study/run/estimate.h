/* estimate.h: what a study's nodes will take on this machine. */
#ifndef ESTIMATE_H
#define ESTIMATE_H

#include "label_seal.h"
#include "nodes.h"

typedef struct node_cost {
  double seconds; /* NAN: not known */
  double bytes;   /* of memory: images and the largest step */
  bool at_most;   /* training may stop earlier */
} node_cost;

typedef struct estimator estimator;

/* Opens the sites; one whose data are not here is left out. */
estimator *estimator_new(const xs_study *s, const study_nodes *l, const xs_run_options *o);
void estimator_free(estimator *e);
/* Why a site was left out, lent; NULL: none was. */
const char *estimator_missing(const estimator *e);
/* Fails, with the same words, where that site's images are here: a run would refuse it. */
xs_status estimator_refused(const estimator *e);
/* The opened sites, lent; NULL where one was left out. */
const seal *estimator_sites(const estimator *e);
/* Training and answers, without reading and matching images and without statistics.  Every distinct
 * step is rehearsed once (step_timing.h).  Fails where one cannot be planned. */
xs_status estimate_node(estimator *e, int node, node_cost *cost);
/* Plans every distinct step of the nodes that are to be made, before any work: fails where one does
 * not fit.  classes: of the sites; state [nodes]. */
xs_status estimate_check(const xs_study *s, const study_nodes *l, const xs_run_options *o,
                         int classes, const node_state *state);

#endif
