#include "study_options.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  return study_work(record, word[0], word[1]);
}

const cli_verb verb_study_node = {
    .name = "study node",
    .words = "FILE NODE",
    .least = 2,
    .most = 2,
    .summary = "Run or continue one node of a study, beside others that run at the same time.",
    .record = sizeof(xs_study_task),
    .computes = true,
    .run = run};
