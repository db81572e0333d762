/* task_tables.c: the tables of tasks by name. */
#include "task_tables.h"

#include <string.h>

const option_table *task_table(const char *name) {
  static const option_table *const table[] = {
#define TASK(id) &task_##id##_table,
#include "tasks.def"
#undef TASK
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcmp(table[i]->what, name) == 0) return table[i];
  }
  return NULL;
}
