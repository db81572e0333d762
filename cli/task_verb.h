/* task_verb.h: a verb that is a task of the library (xsite/task.h): its options are the task's, and
 * it shows how the work goes. */
#ifndef TASK_VERB_H
#define TASK_VERB_H

#include "cli.h"

/* watch: how it is followed, cli_watch or cli_watch_plain. */
#define TASK_VERB(verb, watch_of, words_of_it)                                                     \
  static int run(void *record, int n, const char **word) {                                         \
    (void)n, (void)word;                                                                           \
    cli_progress progress;                                                                         \
    const xs_watch watch = watch_of(&progress);                                                    \
    const xs_status status = xs_##verb(record, &watch);                                            \
    cli_watch_end(&progress);                                                                      \
    return status;                                                                                 \
  }                                                                                                \
  const cli_verb verb_##verb = {.name = #verb,                                                     \
                                .words = "",                                                       \
                                .summary = words_of_it,                                            \
                                .record = sizeof(xs_##verb##_task),                                \
                                .computes = true,                                                  \
                                .run = run};

#endif
