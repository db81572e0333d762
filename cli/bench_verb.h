/* bench_verb.h: a verb that times some work of the library (xsite/bench.h). */
#ifndef BENCH_VERB_H
#define BENCH_VERB_H

#include <stdlib.h>

#include "cli.h"

#define BENCH_VERB(work, words_of_it)                                                              \
  static int run(void *record, int n, const char **word) {                                         \
    (void)n, (void)word;                                                                           \
    char *text;                                                                                    \
    const xs_status status = xs_bench_##work(record, &text);                                       \
    if (text) fputs(text, stdout);                                                                 \
    free(text);                                                                                    \
    return status;                                                                                 \
  }                                                                                                \
  const cli_verb verb_bench_##work = {.name = "bench " #work,                                      \
                                      .words = "",                                                 \
                                      .summary = words_of_it,                                      \
                                      .record = sizeof(xs_bench_task),                             \
                                      .computes = true,                                            \
                                      .run = run};

#endif
