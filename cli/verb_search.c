#include <stdlib.h>

#include "study_options.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  const xs_study_task *t = record;
  const xs_search_options how = {.grid = t->grid, .random = t->random, .halving = t->halving};
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  char *chosen = NULL;
  const xs_status status = xs_study_search(word[0], t->set.n, (const char *const *)t->set.text,
                                           &how, &t->run, &watch, &chosen);
  cli_watch_end(&progress);
  if (chosen) fputs(chosen, stdout);
  free(chosen);
  return status;
}

const cli_verb verb_search = {
    .name = "search",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Choose settings of a study by trying them, without labels of the target.",
    .record = sizeof(xs_study_task),
    .computes = true,
    .run = run};
