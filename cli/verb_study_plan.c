#include <stdlib.h>

#include "study_options.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  const xs_study_task *t = record;
  xs_study *study = NULL;
  char *text = NULL;
  xs_status status = study_open(t, word[0], &study);
  if (status == XS_OK) status = xs_study_plan(study, &t->run, &text);
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
    .record = sizeof(xs_study_task),
    .computes = true,
    .run = run};
