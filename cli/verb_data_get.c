#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "rows.h"

typedef struct get_options {
  char *data_dir, *mirror;
  bool list, overwrite;
  double connect_timeout, stall_timeout, pause;
  int64_t tries;
} get_options;

#define FIELD(name) offsetof(get_options, name)

static const option rows[] = {
    {NULL, "data_dir", OPTION_TEXT, FIELD(data_dir), NULL, false, 0, 0, NULL, "DIR",
     "the data folder, made where it is not there; by default $XSITE_DATA"},
    DATA_ROW(FIELD(data_dir)),
    OPTION_FLAG_ROW(NULL, 0, get_options, list, "only list files, sizes, licences and addresses"),
    {NULL, "mirror", OPTION_TEXT, FIELD(mirror), NULL, false, 0, 0, NULL, "URL",
     "address of a folder with the files, asked before the public ones"},
    OPTION_FLAG_ROW(NULL, 0, get_options, overwrite,
                    "replace files that are there and are not the published ones"),
    OPTION_REAL_ROW(NULL, 0, get_options, connect_timeout, "20", 0.1, 3600,
                    "seconds to wait for a connection"),
    OPTION_REAL_ROW(NULL, 0, get_options, stall_timeout, "30", 0.1, 3600,
                    "seconds without a kilobyte, after which a server is asked again"),
    OPTION_INTEGER_ROW(NULL, 0, get_options, tries, "4", 1, 100,
                       "tries in a row at one address that bring nothing"),
    OPTION_REAL_ROW(NULL, 0, get_options, pause, "2", 0, 60,
                    "seconds before the second try, doubled before each further one"),
};

static xs_get_options make_options(const get_options *o) {
  return (xs_get_options){.data_dir = o->data_dir,
                          .mirror = o->mirror,
                          .overwrite = o->overwrite,
                          .connect_timeout = o->connect_timeout,
                          .stall_timeout = o->stall_timeout,
                          .tries = o->tries,
                          .pause = o->pause};
}

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
  const get_options *o = record;
  if (o->list) return list();
  if (n == 0) return fail(XS_USAGE, "data get needs SET, as digits; see xsite data get --help");
  const xs_get_options options = make_options(o);
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  xs_status status = xs_data_get(word[0], &options, &watch);
  cli_watch_end(&progress);
  if (!status) tell_next(word[0], o->data_dir);
  return status;
}

const cli_verb verb_data_get = {
    .name = "data get",
    .words = "SET",
    .most = 1,
    .summary = "Download public data: digits, or mnist, usps, bsds500, mnistm alone.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(get_options),
    .run = run};
