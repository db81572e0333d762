/* task_tables.h: the options of each task, as tables. */
#ifndef TASK_TABLES_H
#define TASK_TABLES_H

#include "option.h"
#include "xsite/task.h"

#define TASK(id) extern const option_table task_##id##_table;
#include "tasks.def"
#undef TASK

/* The table of a task, "train"; NULL: there is no such task. */
const option_table *task_table(const char *name);

/* XS_USAGE and a message where a number is outside its range or a text is no choice.  What is
 * missing is not looked for: a file may be given as data instead. */
xs_status task_options_check(const option_table *table, const void *task);

#endif
