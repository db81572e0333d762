#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  return xs_export(record);
}

const cli_verb verb_export = {.name = "export",
                              .words = "",
                              .summary = "Write a model as ONNX, for programs without xsite.",
                              .record = sizeof(xs_export_task),
                              .run = run};
