#include "study_options.h"

static const option rows[] = {STUDY_ROWS, RESUME_ROW(STUDY_FIELD(resume))};

static int run(void *record, int n, const char **word) {
  (void)n;
  const study_options *o = record;
  const xs_run_options options = study_run_options(o);
  xs_study *study = NULL;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  xs_status status = study_open(o, word[0], &study);
  if (status == XS_OK) status = xs_study_run(study, &options, &watch);
  cli_watch_end(&progress);
  xs_study_close(study);
  return status;
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
