#include "cli.h"
#include "rows.h"
#include "settings_rows.h"

typedef struct import_options {
  char *weights, *out, *architecture, *normalisation, *resize;
  option_texts classes;
  int64_t output, size;
  double epsilon, max_value;
  bool center_crop, overwrite;
} import_options;

#define FIELD(name) offsetof(import_options, name)

static const option rows[] = {
    {NULL, "weights", OPTION_TEXT, FIELD(weights), NULL, true, 0, 0, NULL, "FILE",
     "safetensors file with names of torchvision, torchxrayvision, timm, MONAI or CheXNet"},
    {NULL, "out", OPTION_TEXT, FIELD(out), NULL, true, 0, 0, NULL, "FILE", "the model file"},
    OPTION_CHOICE_ROW(NULL, 0, import_options, architecture, "densenet121-linear",
                      architecture_choices + 1, "NAME",
                      "whose tensors they are; densenet121-linear: as published"),
    {NULL, "class", OPTION_TEXTS, FIELD(classes), NULL, false, 0, 0, NULL, "NAME",
     "name of a class, once for each in the order of the outputs; by default their numbers"},
    OPTION_INTEGER_ROW(
        NULL, 0, import_options, output, "-1", -1, 100000,
        "of a model for several findings: the output, from 0, to make two classes of "
        "(16 is lung opacity in torchxrayvision); -1: outputs exclude each other"),
    OPTION_INTEGER_ROW(NULL, 0, import_options, size, "224", 1, 4096,
                       "height and width of the images that the network shall see"),
    OPTION_CHOICE_ROW(NULL, 0, import_options, normalisation, "imagenet", "half|imagenet|xrv",
                      "NAME",
                      "which it was trained with: [-1,1], ImageNet's mean and deviation, or "
                      "torchxrayvision's [-1024,1024]"),
    OPTION_REAL_ROW(NULL, 0, import_options, epsilon, "1e-5", 1e-12, 1, "of its batch norms"),
    OPTION_CHOICE_ROW(NULL, 0, import_options, resize, "bilinear", "nearest|bilinear", "HOW",
                      "how images become that size"),
    OPTION_FLAG_ROW(NULL, 0, import_options, center_crop,
                    "cut the central square of images before resizing"),
    OPTION_REAL_ROW(NULL, 0, import_options, max_value, "0", 0, 65535,
                    "the stored value that means 1.0; 0: the largest of an image's depth"),
    OPTION_FLAG_ROW(NULL, 0, import_options, overwrite, "replace the file if it is there"),
};

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const import_options *o = record;
  const xs_import_options import = {
      .weights = o->weights,
      .architecture = o->architecture,
      .classes = o->classes.n,
      .class_name = (const char *const *)o->classes.text,
      .output = o->output,
      .size = o->size,
      .normalisation = o->normalisation,
      .epsilon = o->epsilon,
      .preprocessing = {.resize = *o->resize == 'n' ? XS_NEAREST : XS_BILINEAR,
                        .max_value = o->max_value,
                        .center_crop = o->center_crop},
      .overwrite = o->overwrite};
  return xs_model_import(&import, o->out);
}

const cli_verb verb_import = {.name = "import",
                              .words = "",
                              .summary = "Make a model file of another program's weights.",
                              .options = rows,
                              .n_options = sizeof rows / sizeof *rows,
                              .record = sizeof(import_options),
                              .run = run};
