/* task_import.c: a model file of another program's weights. */
#include "model_import.h"
#include "resample.h"
#include "rows.h"
#include "settings_rows.h"
#include "task_tables.h"

#define FIELD(name) offsetof(xs_import_task, name)

static const option rows[] = {
    {NULL, "weights", OPTION_TEXT, FIELD(weights), NULL, true, 0, 0, NULL, "FILE",
     "safetensors file with names of torchvision, torchxrayvision, timm, MONAI or CheXNet"},
    {NULL, "out", OPTION_TEXT, FIELD(out), NULL, true, 0, 0, NULL, "FILE", "the model file"},
    OPTION_CHOICE_ROW(NULL, 0, xs_import_task, architecture, "densenet121-linear",
                      architecture_choices + 1, "NAME", "whose tensors they are"),
    {NULL, "class", OPTION_TEXTS, FIELD(classes), NULL, false, 0, 0, NULL, "NAME",
     "name of a class, once for each in the order of the outputs; by default their numbers"},
    OPTION_INTEGER_ROW(
        NULL, 0, xs_import_task, output, "-1", -1, 100000,
        "of a model for several findings: the output, from 0, to make two classes of "
        "(16 is lung opacity in torchxrayvision); -1: outputs exclude each other"),
    OPTION_INTEGER_ROW(NULL, 0, xs_import_task, size, "224", 1, 4096,
                       "height and width of the images that the network shall see"),
    OPTION_CHOICE_ROW(NULL, 0, xs_import_task, normalisation, "imagenet", "half|imagenet|xrv",
                      "NAME",
                      "which it was trained with: [-1,1], ImageNet's mean and deviation, or "
                      "torchxrayvision's [-1024,1024]"),
    OPTION_REAL_ROW(NULL, 0, xs_import_task, epsilon, "1e-5", 1e-12, 1, "of its batch norms"),
    OPTION_CHOICE_ROW(NULL, 0, xs_import_task, resize, "bilinear", RESIZE_CHOICES, "HOW",
                      "how images become that size"),
    OPTION_FLAG_ROW(NULL, 0, xs_import_task, center_crop,
                    "cut the central square of images before resizing"),
    OPTION_REAL_ROW(NULL, 0, xs_import_task, max_value, "0", 0, 65535,
                    "the stored value that means 1.0; 0: the largest of an image's depth"),
    OPTION_FLAG_ROW(NULL, 0, xs_import_task, overwrite, "replace the file if it is there"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_import_table = {.what = "import", .row = rows, .n = ROWS};

void xs_import_defaults(xs_import_task *t) {
  *t = (xs_import_task){0};
  option_defaults_lent(&task_import_table, t);
}

xs_status xs_import(const xs_import_task *t) {
  if (task_options_check(&task_import_table, t)) return XS_USAGE;
  return model_import(t);
}
