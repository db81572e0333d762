/* node_inputs.h: what a node is made from, by which it is known.
 *
 * A node's inputs are a JSON object: the options that it reads, the identity of its sites' data,
 * and for each node that it needs the SHA-256 of that node's own inputs.  They stand in its record
 * beside the weights of the nodes that it found, so that a node is never made again from the same,
 * whatever else a study has gained, lost or changed. */
#ifndef NODE_INPUTS_H
#define NODE_INPUTS_H

#include <jansson.h>

#include "nodes.h"

/* Of every node of the list; site [n_sites]: what fingerprint_site says, NULL where the data are
 * not known.  For inputs_free, also after a failure. */
xs_status inputs_list(const xs_study *s, const study_nodes *l, json_t *const *site,
                      json_t ***inputs);
void inputs_free(json_t **inputs, int n);

/* How far a node is, `results` apart.  state [node]: of those before it.  *why: of one that is to
 * be made or published again, in words, allocated, else NULL. */
node_state inputs_state(const node_files *f, json_t *const *inputs, const node_state *state,
                        int node, char **why);

/* The same of all nodes but `results`, in their order; why may be NULL, or [n]. */
void inputs_states(const node_files *f, json_t *const *inputs, node_state *state, char **why);

/* For the record of a node that has been made: {"inputs", "needs": {NODE: SHA-256 of its weights},
 * "weights"}; newly made. */
xs_status inputs_record(const node_files *f, json_t *const *inputs, int node, json_t **members);
/* What a node is made from in this folder: {"inputs", "needs"}, as its record says; newly made. */
json_t *inputs_here(const node_files *f, json_t *const *inputs, int node);
/* Notes in a node's folder what it is being made from.  A checkpoint that is there is kept only
 * where it was begun from the same. */
xs_status inputs_begin(const node_files *f, json_t *const *inputs, int node);
xs_status inputs_end(const node_files *f, int node);

/* The study with what the files hold that it names; newly made. */
xs_status study_identity(const xs_study *s, json_t **identity);

#endif
