#include <stdlib.h>

#include "cli.h"

/* Drawn all the same from what is under no seal. */
static xs_status warn(const char *dir) {
  char *what;
  const xs_status status = xs_inspect_unsealed(dir, &what);
  if (what) fprintf(stderr, "%s: %s\n", dir, what);
  free(what);
  return status;
}

static int run(void *record, int n, const char **word) {
  (void)record, (void)n;
  xs_status status = xs_report_write(word[0]);
  if (status == XS_OK) status = warn(word[0]);
  if (status == XS_OK) printf("%s/report.html\n", word[0]);
  return status;
}

const cli_verb verb_report = {
    .name = "report",
    .words = "DIR",
    .least = 1,
    .most = 1,
    .summary = "Draw the figures and write report.html of a finished run folder again.",
    .run = run};
