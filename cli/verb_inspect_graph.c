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
        "Print the nodes of a generator, discriminator or classifier (lenet, densenet121, ...).",
    .record = sizeof(xs_inspect_graph_task),
    .run = run};
