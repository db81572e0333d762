/* task_export.c: a model as ONNX. */
#include "learn.h"
#include "rows.h"
#include "task_tables.h"

#define FIELD(name) offsetof(xs_export_task, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "a classifier or generator, model.safetensors"),
    {NULL, "out", OPTION_TEXT, FIELD(out), NULL, true, 0, 0, NULL, "FILE", "the ONNX file"},
    OPTION_FLAG_ROW(NULL, 0, xs_export_task, overwrite, "replace the file if it is there"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_export_table = {.what = "export", .row = rows, .n = ROWS};

void xs_export_defaults(xs_export_task *t) {
  *t = (xs_export_task){0};
  option_defaults_lent(&task_export_table, t);
}

xs_status xs_export(const xs_export_task *t) {
  if (task_options_check(&task_export_table, t)) return XS_USAGE;
  return model_export(t->model, t->out, t->overwrite);
}
