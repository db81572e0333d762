#include "study_options.h"

static const option rows[] = {STUDY_ROWS};

static int run(void *record, int n, const char **word) {
  (void)n;
  const study_options *o = record;
  const xs_run_options options = study_run_options(o);
  xs_study *study = NULL;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  xs_status status = study_open(o, word[0], &study);
  if (status == XS_OK) status = xs_study_node(study, &options, word[1], &watch);
  cli_watch_end(&progress);
  xs_study_close(study);
  return status;
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
