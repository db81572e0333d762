/* settings.h: what a study file says. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "option.h"
#include "xsite.h"

typedef struct study_settings {
  char *name;
  int64_t seed;
  option_texts sites; /* domain files, relative to the study file */
  option_texts pairs; /* "SOURCE -> TARGET [KEY=VALUE ...]"; or the one word all */
  int64_t size, image_channels;
  char *split_by; /* "group", "image": Decision 1 */
  int64_t limit;
  int64_t replicates;
  int64_t checkpoint_every;
  char *init; /* of the classifiers: weights to begin with, relative to the study file */
  xs_classifier_options classifier, tune;
  xs_adapter_options adapter;
} study_settings;

extern const option_table settings_table;

/* A copy with its own texts, for option_release. */
study_settings settings_copy(const study_settings *s);
#endif
