/* task_mnistm.c: MNIST-M made of MNIST and photographs. */
#include "catalogue.h"
#include "error.h"
#include "rows.h"
#include "task_tables.h"

#define FIELD(name) offsetof(xs_mnistm_task, name)

static const option rows[] = {
    {NULL, "data_dir", OPTION_TEXT, FIELD(data_dir), NULL, false, 0, 0, NULL, "DIR",
     "the data folder, with MNIST and the BSDS500 photographs (`xsite data get mnistm`); by "
     "default $XSITE_DATA"},
    DATA_ROW(FIELD(data_dir)),
    OUT_ROW(FIELD(out), true, "folder for the IDX files"),
    SEED_ROW(FIELD(seed),
             "of the patches of digits that no official recipe in digits/mnistm covers"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_mnistm_table = {.what = "data import mnistm", .row = rows, .n = ROWS};

void xs_mnistm_defaults(xs_mnistm_task *t) {
  *t = (xs_mnistm_task){0};
  option_defaults_lent(&task_mnistm_table, t);
}

xs_status xs_mnistm(const xs_mnistm_task *t, const xs_watch *w) {
  if (!t->out) return (xs_status)fail(XS_USAGE, "mnistm: out is missing");
  return mnistm_import(t->data_dir, t->out, (uint64_t)t->seed, w);
}
