/* check_options.h: what a data check looks for. */
#ifndef CHECK_OPTIONS_H
#define CHECK_OPTIONS_H

#include "xsite.h"

typedef struct check_options {
  const char *data_dir;
  uint64_t seed;            /* of the split, of the folds and of what is resampled */
  bool by_image;            /* the split is by image, not by group */
  const char *split_column; /* of the label files: the official split; NULL: drawn from the seed */
  bool ignore_labels;
  int64_t limit;       /* most images of a site, 0 all */
  int near_bits;       /* most different bits of the hashes of near duplicates, to 15; -1: none */
  double near_match;   /* least correlation of their fine structure */
  double shortcut_auc; /* AUC from which an attribute is a shortcut */
  double alpha;        /* level of the tests, after Holm's correction */
  int replicates;      /* of intervals of AUCs */
  int accepted;        /* kinds of findings that are known and no fault */
  const char *const *accept; /* [accepted] */
  const char *out;           /* folder for check.html, check.json and contact sheets, or NULL */
  bool groups;               /* and there group files that keep duplicates on one side of a split */
} check_options;

/* xs_check. */
xs_status data_check(const char *const *domain_file, int n, const check_options *o,
                     const xs_watch *w, char **json);

#endif
