#include <stdlib.h>

#include "study_options.h"

static const option rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(
        NULL, 0, study_options, quick,
        "without estimates of time and memory, which open the sites and run some steps"),
};

static int run(void *record, int n, const char **word) {
  (void)n;
  const study_options *o = record;
  const xs_run_options options = study_run_options(o);
  xs_study *study = NULL;
  char *text = NULL;
  xs_status status = study_open(o, word[0], &study);
  if (status == XS_OK) status = xs_study_plan(study, &options, &text);
  if (text) fputs(text, stdout);
  free(text);
  xs_study_close(study);
  return status;
}

const cli_verb verb_study_plan = {
    .name = "study plan",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Say what a study would run, how long that takes, and what of it is done.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(study_options),
    .computes = true,
    .run = run};
