/* settings.c: the options of a study file. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "text.h"

#include "align_rows.h"
#include "settings_rows.h"

static const option study_rows[] = {
    {NULL, "name", OPTION_TEXT, offsetof(study_settings, name), NULL, true, 0, 0, NULL, "NAME",
     "what the study is called"},
    OPTION_INTEGER_ROW(NULL, 0, study_settings, seed, "1", 0, 9e15,
                       "of splits, weights, batches and resampling"),
    {NULL, "sites", OPTION_TEXTS, offsetof(study_settings, sites), NULL, true, 0, 0, NULL, "FILE",
     "domain files, relative to the study file"},
    {NULL, "pairs", OPTION_TEXTS, offsetof(study_settings, pairs), "all", false, 0, 0, NULL, "PAIR",
     "'SOURCE -> TARGET [via=SITE] [KEY=VALUE ...]' by site name; via: also by way of a third "
     "site; "
     "all: every ordered pair"},
    OPTION_CHOICE_ROW(NULL, 0, study_settings, paper, "none", "none|digits|chest", "STUDY",
                      "the paper's study that this repeats: the report shows its numbers too"),
    {NULL, "profile", OPTION_TEXT, offsetof(study_settings, profile), NULL, false, 0, 0, NULL,
     "NAME", "which of the profiles holds"},
    {NULL, "profiles", OPTION_TEXTS, offsetof(study_settings, profiles), NULL, false, 0, 0, NULL,
     "PROFILE", "'NAME KEY=VALUE ...': settings that are chosen together"},
    {NULL, "portfolio", OPTION_TEXTS, offsetof(study_settings, portfolio), "paper", false, 0, 0,
     NULL, "METHOD",
     "ways to adapt, chosen among without labels: none (do nothing)"
#define STARGAN(id, ...) ", " #id
#define MATCH(id, ...) ", " #id
#define ALIGN(id, ...) ", " #id
#include "xsite/methods.def"
     ", and steps joined by +, of which only the first may translate images"},
    OPTION_CHOICE_ROW(NULL, 0, study_settings, translator, "pair", "pair|shared", "WHOSE",
                      "a trained translator is of one pair, or of all pairs of a source "
                      "(docs/method.md, One translator for many sites)"),
    {NULL, "pooled", OPTION_TEXTS, offsetof(study_settings, pooled), NULL, false, 0, 0, NULL,
     "PERCENT", "also one classifier for all sites, from this share of their training images"},
    {NULL, "label_counts", OPTION_TEXTS, offsetof(study_settings, label_counts), NULL, false, 0, 0,
     NULL, "N", "also classifiers from N labelled images of the target: what adaptation is worth"},
    OPTION_INTEGER_ROW(NULL, 0, study_settings, size, "32", 1, 4096,
                       "height and width of the images that the networks see"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, image_channels, "3", 1, 3, "1 or 3"),
    NORMALISATION_ROW(study_settings),
    OPTION_CHOICE_ROW(NULL, 0, study_settings, split_by, "group", "group|image", "WHAT",
                      "what stays on one side of the split (docs/method.md, Decision 1)"),
    OPTION_CHOICE_ROW(NULL, 0, study_settings, measure, "test", "test|all", "WHAT",
                      "images of a target on which adapted classifiers are measured: those that no "
                      "adaptation sees, or all, which adaptations see without labels"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, limit, "0", 0, 1e12,
                       "most images of a site; 0: all"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, replicates, "2000", 100, 1e6,
                       "bootstrap replicates of intervals"),
    OPTION_REAL_ROW(NULL, 0, study_settings, least_auc, "70", 50, 100,
                    "AUC in per cent that a classifier needs to be used at a target at all"),
    OPTION_REAL_ROW(NULL, 0, study_settings, margin, "5", 0.01, 50,
                    "points of AUC that a classifier may lose at a target and still be used there"),
    OPTION_INTEGER_ROW(NULL, 0, study_settings, checkpoint_every, "100", 1, 1e9,
                       "training steps between checkpoints"),
    CHOICE_ROWS("choice", offsetof(study_settings, choice)),
    OPTION_FLAG_ROW(NULL, 0, study_settings, keep_translated,
                    "write every translated training set as a site, site.yaml in the adapted "
                    "classifier's folder"),
    OPTION_FLAG_ROW(NULL, 0, study_settings, oracle,
                    "also say which candidate the target's labels would have chosen"),
    {NULL, "subgroups", OPTION_FLAG, offsetof(study_settings, subgroups), "yes", false, 0, 0, NULL,
     NULL, "also measure subgroups of the target's test images, where its files name attributes"},
    {"operating", "positive", OPTION_TEXT, offsetof(study_settings, operating.positive), NULL,
     false, 0, 0, NULL, "CLASS", "class to be found at a threshold that the source's images give"},
    OPTION_REAL_ROW("operating", offsetof(study_settings, operating), operating_options,
                    sensitivity, "0.9", 0.01, 1, "of that threshold at the source"),
    CLASSIFIER_ROWS("classifier", offsetof(study_settings, classifier)),
    {"classifier", "init", OPTION_TEXT, offsetof(study_settings, init), NULL, false, 0, 0, NULL,
     "FILE",
     "safetensors file whose tensors of equal name and shape to begin with, relative to the study "
     "file"},
    ADAPTER_ROWS("adapter", offsetof(study_settings, adapter)),
    CLASSIFIER_ROWS("tune", offsetof(study_settings, tune)),
#define MATCH(id, ...) MATCH_ROWS(#id, offsetof(study_settings, id)),
#define ALIGN(id, ...) ALIGN_ROWS(#id, offsetof(study_settings, id)),
#define STATISTICS(id, ...) STATISTICS_ROWS(#id, offsetof(study_settings, id)),
#include "xsite/methods.def"
};

const option_table settings_table = {
    .what = "study file",
    .row = study_rows,
    .n = sizeof study_rows / sizeof *study_rows,
    .short_form = "choice.rule",
    .mistake = {"domain file",
                {"format", "images"},
                "it describes one site: write a study file that lists it, and another site's, "
                "under sites"}};

static xs_texts copy_texts(const xs_texts *from) {
  xs_texts to = {from->n, memory_new(((size_t)from->n + 1) * sizeof *to.text)};
  for (int i = 0; i < from->n; i++) to.text[i] = text_copy(from->text[i]);
  return to;
}

study_settings settings_copy(const study_settings *s) {
  study_settings copy = *s;
  for (int i = 0; i < settings_table.n; i++) {
    const option *row = &settings_table.row[i];
    void *field = (char *)&copy + row->offset;
    if (row->type == OPTION_TEXTS) {
      *(xs_texts *)field = copy_texts(field);
    } else if (row->type == OPTION_TEXT || row->type == OPTION_CHOICE) {
      char **text = field;
      if (*text) *text = text_copy(*text);
    }
  }
  return copy;
}

int settings_words(const char *words, const char *where,
                   int (*set)(void *context, const char *key, const char *value, const char *where),
                   void *context) {
  static const char blank[] = " \t\n";
  int status = 0;
  for (const char *w = words + strspn(words, blank); *w && !status; w += strspn(w, blank)) {
    size_t length = strcspn(w, blank);
    char *word = text_format("%.*s", (int)length, w), *equals = strchr(word, '=');
    if (equals) {
      *equals = 0;
      status = set(context, word, equals + 1, where);
    } else {
      status = fail(XS_USAGE, "%s: '%s' is not KEY=VALUE", where, word);
    }
    free(word);
    w += length;
  }
  return status;
}
