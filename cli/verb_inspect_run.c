#include <stdlib.h>

#include "cli.h"

typedef struct inspect_options {
  bool seal;
} inspect_options;

static const option rows[] = {
    {NULL, "seal", OPTION_FLAG, offsetof(inspect_options, seal), "no", false, 0, 0, NULL, NULL,
     "verify that no label was opened by what may not see it, nor a test label too early"},
};

static int run(void *record, int n, const char **word) {
  (void)n;
  const bool seal = ((const inspect_options *)record)->seal;
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
                                   .options = rows,
                                   .n_options = sizeof rows / sizeof *rows,
                                   .record = sizeof(inspect_options),
                                   .run = run};
