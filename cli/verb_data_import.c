#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  return xs_mnistm(record, &watch);
}

const cli_verb verb_data_import_mnistm = {
    .name = "data import mnistm",
    .words = "",
    .summary = "Make MNIST-M from MNIST and photographs, one image per digit.",
    .record = sizeof(xs_mnistm_task),
    .run = run};
