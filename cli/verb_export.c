#include "cli.h"
#include "rows.h"

typedef struct export_options {
  char *model, *out;
  bool overwrite;
} export_options;

#define FIELD(name) offsetof(export_options, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "a classifier or generator, model.safetensors"),
    {NULL, "out", OPTION_TEXT, FIELD(out), NULL, true, 0, 0, NULL, "FILE", "the ONNX file"},
    OPTION_FLAG_ROW(NULL, 0, export_options, overwrite, "replace the file if it is there"),
};

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const export_options *o = record;
  return xs_model_export(o->model, o->out, o->overwrite);
}

const cli_verb verb_export = {.name = "export",
                              .words = "",
                              .summary = "Write a model as ONNX, for programs without xsite.",
                              .options = rows,
                              .n_options = sizeof rows / sizeof *rows,
                              .record = sizeof(export_options),
                              .run = run};
