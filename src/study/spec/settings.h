/* settings.h: what a study file says. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "option.h"
#include "xsite.h"

typedef struct operating_options {
  char *positive;     /* class that is to be found, against the rest; NULL: no operating point */
  double sensitivity; /* wanted, on validation images of the source */
} operating_options;

typedef struct study_settings {
  char *name;
  int64_t seed;
  xs_texts sites;        /* domain files, relative to the study file */
  xs_texts pairs;        /* "SOURCE -> TARGET [via=SITE] [KEY=VALUE ...]"; or the one word all */
  char *paper;           /* "none", "digits", "chest": what the report compares with */
  char *profile;         /* the chosen one of profiles, or NULL */
  xs_texts profiles;     /* "NAME KEY=VALUE ..." */
  xs_texts portfolio;    /* methods: "paper", "none", "paper+shot" */
  char *translator;      /* "pair", "shared": of the method paper */
  xs_texts pooled;       /* per cent of the pooled training images */
  xs_texts label_counts; /* labelled target images of learning curves */
  int64_t size, image_channels;
  char *normalisation; /* of train_geometry_of */
  char *split_by;      /* "group", "image": Decision 1 */
  char *measure;       /* "test", "all": images of a target on which the adapted is measured */
  int64_t limit;
  int64_t replicates;
  double least_auc; /* per cent that a classifier needs at a target: xs_verdict_evidence */
  double margin;    /* points of AUC that may be lost at a target: xs_verdict_evidence */
  int64_t checkpoint_every;
  bool keep_translated;
  char *init;     /* of the classifiers: weights to begin with, relative to the study file */
  bool oracle;    /* also say what the target's labels would have chosen */
  bool subgroups; /* also measure parts of the target's test images */
  xs_choice_options choice;
  operating_options operating;
  xs_classifier_options classifier, tune;
  xs_adapter_options adapter;
/* Of a method that has a section of its own; its method is not set. */
#define MATCH(id, ...) xs_match_options id;
#define ALIGN(id, ...) xs_align_options id;
#include "xsite/methods.def"
} study_settings;

extern const option_table settings_table;

/* A copy with its own texts, for option_release. */
study_settings settings_copy(const study_settings *s);

/* Calls set for every word KEY=VALUE of a text; where: for messages. */
int settings_words(const char *words, const char *where,
                   int (*set)(void *context, const char *key, const char *value, const char *where),
                   void *context);
#endif
