/* measure_training.c: how the classifiers were trained that the numbers are of. */
#include <stdlib.h>

#include "measure.h"
#include "training_run.h"

/* Of a node with a curve of epochs; an aligned one has none, a choice has a candidate's: NULL. */
static xs_status training_of(const study_run *r, int node, json_t **training) {
  const study_node *n = &r->nodes.node[node];
  const bool trains = n->kind == NODE_BASELINE || n->kind == NODE_POOLED ||
                      n->kind == NODE_LABELLED || n->kind == NODE_ADAPTED || n->kind == NODE_FOLD;
  *training = NULL;
  if (!trains) return XS_OK;
  char *dir = run_node_path(r, node, NULL);
  xs_status status = run_training(dir, training);
  free(dir);
  if (json_object_get(*training, "trained_enough")) return status;
  json_decref(*training);
  *training = NULL;
  return status;
}

/* AUCs of results.json are in per cent. */
static json_t *classifier_json(const char *node, const json_t *training) {
  static const char *const told[] = {"steps", "epochs", "best_epoch", "trained_enough", "why"};
  const json_t *auc = json_object_get(training, "train_auc");
  json_t *j = json_pack("{s:s}", "node", node);
  for (size_t k = 0; k < sizeof told / sizeof *told; k++) {
    json_t *value = json_object_get(training, told[k]);
    if (value) json_object_set(j, told[k], value);
  }
  json_object_set_new(j, "train_auc",
                      json_is_number(auc) ? per_cent_json(json_number_value(auc)) : json_null());
  return j;
}

xs_status classifiers_json(const evaluation *e, json_t **list) {
  xs_status status = XS_OK;
  *list = json_array();
  for (int i = 0; i < e->run->nodes.n && !status; i++) {
    json_t *training;
    status = training_of(e->run, i, &training);
    if (!training) continue;
    json_array_append_new(*list, classifier_json(e->run->nodes.node[i].name, training));
    json_decref(training);
  }
  return status;
}
