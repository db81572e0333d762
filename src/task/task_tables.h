/* task_tables.h: the options of each task, as tables. */
#ifndef TASK_TABLES_H
#define TASK_TABLES_H

#include "option.h"
#include "xsite/task.h"

extern const option_table task_train_table, task_adapt_table, task_align_table, task_match_table,
    task_translate_table, task_shift_table, task_eval_table, task_predict_table,
    task_inspect_graph_table, task_bench_step_table, task_bench_classifier_table,
    task_bench_inference_table, task_bench_ingest_table, task_check_table, task_import_table,
    task_export_table, task_get_table, task_mnistm_table, task_labels_table, task_inspect_run_table,
    task_study_run_table, task_study_plan_table, task_study_node_table, task_study_export_table;

/* The table of a task, "train"; NULL: there is no such task. */
const option_table *task_table(const char *name);

/* XS_USAGE and a message where a number is outside its range or a text is no choice.  What is
 * missing is not looked for: a file may be given as data instead. */
xs_status task_check(const option_table *table, const void *task);

#endif
