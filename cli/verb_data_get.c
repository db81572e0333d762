#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "words.h"

static int list(void) {
  char *text = xs_data_list();
  fputs(text, stdout);
  free(text);
  return XS_OK;
}

static void tell_next(const char *set, const char *data_dir) {
  const char *dir = data_dir ? data_dir : "$XSITE_DATA";
  printf("%s: all there\n", set);
  if (strcmp(set, "digits") != 0 && strcmp(set, "mnistm") != 0) return;
  printf("next, MNIST-M: xsite data import mnistm --data-dir %s --out %s/digits/mnistm\n", dir,
         dir);
}

static int run(void *record, int n, const char **word) {
  const xs_get_task *t = record;
  if (t->list) return list();
  if (n == 0)
    return words_fail(XS_USAGE, "data get needs SET, as digits; see xsite data get --help");
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  const xs_status status = xs_data_get(word[0], t, &watch);
  cli_watch_end(&progress);
  if (!status) tell_next(word[0], t->data_dir);
  return status;
}

const cli_verb verb_data_get = {
    .name = "data get",
    .words = "SET",
    .most = 1,
    .summary = "Download public data: digits, or mnist, usps, bsds500, mnistm alone.",
    .record = sizeof(xs_get_task),
    .run = run};
