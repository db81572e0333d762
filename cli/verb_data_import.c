#include "cli.h"
#include "rows.h"

typedef struct import_options {
  char *data_dir, *out;
  int64_t seed;
} import_options;

#define FIELD(name) offsetof(import_options, name)

static const option rows[] = {
    {NULL, "data_dir", OPTION_TEXT, FIELD(data_dir), NULL, false, 0, 0, NULL, "DIR",
     "the data folder, with MNIST and the BSDS500 photographs (`xsite data get mnistm`); by "
     "default $XSITE_DATA"},
    DATA_ROW(FIELD(data_dir)),
    OUT_ROW(FIELD(out), true, "folder for the IDX files"),
    SEED_ROW(FIELD(seed),
             "of the patches of digits that no official recipe in digits/mnistm covers"),
};

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const import_options *o = record;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  return xs_mnistm_import(o->data_dir, o->out, (uint64_t)o->seed, &watch);
}

const cli_verb verb_data_import_mnistm = {
    .name = "data import mnistm",
    .words = "",
    .summary = "Make MNIST-M from MNIST and photographs, one image per digit.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(import_options),
    .run = run};
