#include "study_options.h"

static const option rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(NULL, 0, study_options, resume,
                    "continue a run that was broken off; of a study that was changed since, make "
                    "what is missing or was made from something else; of a finished run, make "
                    "again files that were changed or removed"),
    OPTION_FLAG_ROW(
        NULL, 0, study_options, verify,
        "of a finished run: read the data again and compare them, and the nodes' files, "
        "with what was recorded"),
};

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
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(study_options),
    .computes = true,
    .run = run};
