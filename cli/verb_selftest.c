#include <stdlib.h>

#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)record, (void)n, (void)word;
  char *text;
  const xs_status status = xs_selftest(&text);
  fputs(text, stdout);
  free(text);
  return status;
}

const cli_verb verb_selftest = {.name = "selftest",
                                .words = "",
                                .summary = "Check that this build computes what it should here.",
                                .run = run};
