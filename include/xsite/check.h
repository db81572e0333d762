/* xsite/check.h: checking data before anything is trained. */
#ifndef XSITE_CHECK_H
#define XSITE_CHECK_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks sites before anything is trained on them: docs/data-check.md. */
typedef struct xs_check_task {
  const char *out; /* folder for check.html, check.json and contact sheets, or NULL */
  bool groups;     /* and there group files that keep duplicates on one side of a split */
  const char *data_dir;
  int64_t seed;             /* of the split, of the folds and of what is resampled */
  const char *split_by;     /* "group", "image" */
  const char *split_column; /* of the label files: the official split; NULL: drawn from the seed */
  bool ignore_labels;
  int64_t limit;       /* most images of a site, 0 all */
  int64_t near_bits;   /* most different bits of the hashes of near duplicates, to 15; -1: none */
  double near_match;   /* least correlation of their fine structure */
  double shortcut_auc; /* AUC from which an attribute is a shortcut */
  double alpha;        /* level of the tests, after Holm's correction */
  int64_t replicates;  /* of intervals of AUCs */
  xs_texts accept;     /* kinds of findings that are known and no fault */
  int64_t threads;
  bool json; /* of the program's verb: no meaning here */
} xs_check_task;
XS_API void xs_check_defaults(xs_check_task *t);
/* The sites of n domain files.  Unreadable images are counted and listed.  *json: what was found,
 * as check.json; allocated, also where XS_HARM says that there are faults; NULL after a failure. */
XS_API xs_status xs_check(const xs_check_task *t, int n, const char *const *domain_file,
                          const xs_watch *w, char **json);

#ifdef __cplusplus
}
#endif

#endif
