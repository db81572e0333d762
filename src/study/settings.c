/* settings.c: the options of a study file. */
#include "settings.h"

#include "file.h"

#include "settings_rows.h"

static const option study_rows[] = {
    {NULL, "name", OPTION_TEXT, offsetof(study_settings, name), NULL, true, 0, 0, NULL, "NAME",
     "what the study is called"},
    OPTION_INTEGER_ROW(NULL, 0, study_settings, seed, "1", 0, 9e15,
                       "of splits, weights, batches and resampling"),
    {NULL, "sites", OPTION_TEXTS, offsetof(study_settings, sites), NULL, true, 0, 0, NULL, "FILE",
     "domain files, relative to the study file"},
    {NULL, "pairs", OPTION_TEXTS, offsetof(study_settings, pairs), "all", false, 0, 0, NULL, "PAIR",
     "'SOURCE -> TARGET [KEY=VALUE ...]' by site name; all: every ordered pair"},
    OPTION_INTEGER_ROW(NULL, 0, study_settings, size, "32", 1, 4096,
                       "height and width of the images that the networks see"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, image_channels, "3", 1, 3, "1 or 3"),
    OPTION_CHOICE_ROW(NULL, 0, study_settings, split_by, "group", "group|image", "WHAT",
                      "what stays on one side of the split (Decision 1)"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, limit, "0", 0, 1e12,
                       "most images of a site; 0: all"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, replicates, "2000", 100, 1e6,
                       "bootstrap replicates of intervals"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, checkpoint_every, "100", 1, 1e9,
                       "training steps between checkpoints"),
    CLASSIFIER_ROWS("classifier", offsetof(study_settings, classifier)),
    {"classifier", "init", OPTION_TEXT, offsetof(study_settings, init), NULL, false, 0, 0, NULL,
     "FILE",
     "safetensors file whose tensors of equal name and shape to begin with, relative to the study "
     "file"},
    ADAPTER_ROWS("adapter", offsetof(study_settings, adapter)),
    CLASSIFIER_ROWS("tune", offsetof(study_settings, tune)),
};

const option_table settings_table = {"study file", study_rows,
                                     sizeof study_rows / sizeof *study_rows};

static option_texts copy_texts(const option_texts *from) {
  option_texts to = {from->n, memory_new(((size_t)from->n + 1) * sizeof *to.text)};
  for (int i = 0; i < from->n; i++) to.text[i] = text_copy(from->text[i]);
  return to;
}

study_settings settings_copy(const study_settings *s) {
  study_settings copy = *s;
  for (int i = 0; i < settings_table.n; i++) {
    const option *row = &settings_table.row[i];
    void *field = (char *)&copy + row->offset;
    if (row->type == OPTION_TEXTS) {
      *(option_texts *)field = copy_texts(field);
    } else if (row->type == OPTION_TEXT || row->type == OPTION_CHOICE) {
      char **text = field;
      if (*text) *text = text_copy(*text);
    }
  }
  return copy;
}
