#include "study_options.h"

static const option rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(NULL, 0, study_options, resume,
                    "of a study that was changed since: take its folder over; a node that was "
                    "broken off is continued without it"),
};

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
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(study_options),
    .computes = true,
    .run = run};
