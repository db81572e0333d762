#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  return xs_import(record);
}

const cli_verb verb_import = {.name = "import",
                              .words = "",
                              .summary = "Make a model file of another program's weights.",
                              .record = sizeof(xs_import_task),
                              .run = run};
