/* measure_training.c: how the classifiers were trained that the numbers are of. */
#include "result_parts.h"

/* AUCs of results.json are in per cent. */
json_t *training_json(const char *node, const json_t *training) {
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
