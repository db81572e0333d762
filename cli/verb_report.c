#include "cli.h"
#include "sealed_files.h"

/* Drawn all the same from what is under no seal. */
static xs_status warn(const char *dir) {
  sealed s;
  xs_status status = sealed_open(dir, &s);
  if (!status && sealed_lacks(&s)) fprintf(stderr, "%s: %s\n", dir, sealed_lacks(&s));
  sealed_close(&s);
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
