#include <stdlib.h>

#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  const bool seal = ((const xs_inspect_run_task *)record)->seal;
  char *text;
  const xs_status status = (seal ? xs_inspect_seal : xs_inspect_run)(word[0], &text);
  if (text) fputs(text, stdout);
  free(text);
  return status;
}

const cli_verb verb_inspect_run = {.name = "inspect run",
                                   .words = "DIR",
                                   .least = 1,
                                   .most = 1,
                                   .summary =
                                       "Say how far a run folder is, with its options and kernels.",
                                   .record = sizeof(xs_inspect_run_task),
                                   .run = run};
