/* task_tables.c: the tables of tasks by name. */
#include "task_tables.h"

#include <string.h>

const option_table *task_table(const char *name) {
  static const option_table *const table[] = {&task_train_table,
                                              &task_adapt_table,
                                              &task_align_table,
                                              &task_match_table,
                                              &task_translate_table,
                                              &task_shift_table,
                                              &task_eval_table,
                                              &task_predict_table,
                                              &task_inspect_graph_table,
                                              &task_bench_step_table,
                                              &task_bench_classifier_table,
                                              &task_bench_inference_table,
                                              &task_bench_ingest_table,
                                              &task_check_table,
                                              &task_import_table,
                                              &task_export_table,
                                              &task_get_table,
                                              &task_mnistm_table,
                                              &task_labels_table,
                                              &task_inspect_run_table,
                                              &task_study_run_table,
                                              &task_study_plan_table,
                                              &task_study_node_table,
                                              &task_study_export_table};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcmp(table[i]->what, name) == 0) return table[i];
  }
  return NULL;
}
