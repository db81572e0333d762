#include "study_options.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  return study_work(record, word[0], NULL);
}

const cli_verb verb_study_run = {
    .name = "study run",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Train, adapt, evaluate and report everything that a study file asks for.",
    .record = sizeof(xs_study_task),
    .computes = true,
    .run = run};
