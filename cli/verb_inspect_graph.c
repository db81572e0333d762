#include <stdlib.h>

#include "cli.h"

static int run(void *record, int n, const char **word) {
  (void)n;
  char *text;
  const xs_status status = xs_inspect_graph(record, word[0], &text);
  if (!status) fputs(text, stdout);
  free(text);
  return status;
}

const cli_verb verb_inspect_graph = {
    .name = "inspect graph",
    .words = "NETWORK",
    .least = 1,
    .most = 1,
    .summary =
        "Print or draw the graph of a generator, a discriminator, a classifier or a model file.",
    .record = sizeof(xs_inspect_graph_task),
    .run = run};
