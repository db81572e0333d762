#include <stdlib.h>

#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)record, (void)n;
  char *text;
  const xs_status status = xs_inspect_model(word[0], &text);
  if (!status) fputs(text, stdout);
  free(text);
  return status;
}

const cli_verb verb_inspect_model = {.name = "inspect model",
                                     .words = "FILE",
                                     .least = 1,
                                     .most = 1,
                                     .summary =
                                         "Say what a model file holds: metadata, tensors, shapes.",
                                     .run = run};
