#include "cli.h"

typedef struct import_options {
  char *data, *out;
  int64_t seed;
} import_options;

#define FIELD(name) offsetof(import_options, name)

static const option rows[] = {
    {.name = "data",
     .type = OPTION_TEXT,
     .offset = FIELD(data),
     .required = true,
     .value = "DIR",
     .help = "Folder with MNIST, the BSDS500 photographs and the official recipe."},
    {.name = "out",
     .type = OPTION_TEXT,
     .offset = FIELD(out),
     .required = true,
     .value = "DIR",
     .help = "Folder for the IDX files."},
    {.name = "seed",
     .type = OPTION_INTEGER,
     .offset = FIELD(seed),
     .fallback = "1",
     .value = "N",
     .help = "Of the patches of digits that the recipe does not cover."},
};

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const import_options *o = record;
  return xs_mnistm_import(o->data, o->out, (uint64_t)o->seed);
}

const cli_verb verb_data_import_mnistm = {
    .name = "data import mnistm",
    .words = "",
    .summary = "Make MNIST-M from MNIST and photographs, one image per digit.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(import_options),
    .run = run};
