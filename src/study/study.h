/* study.h: the inside of a study.
 *
 * settings.c  the options of a study file
 * study.c     reads and checks a study file; what would run
 * folder.c    the run folder: who owns it, what is done
 * fingerprint.c  whether files and sites are still the same
 * test_set.c  how good a classifier is on labelled images
 * unit.c      runs one unit: a baseline, an adapter, a fine-tuned classifier
 * log.c       log.jsonl
 * measure.c   results.json from the models
 * run.c       all of it in order */
#ifndef STUDY_H
#define STUDY_H

#include <jansson.h>

#include "log.h"
#include "settings.h"
#include "train.h"
#include "xsite.h"

typedef struct study_pair {
  int source, target;      /* places in sites */
  study_settings settings; /* the study's, with what this pair overrides */
} study_pair;

struct xs_study {
  char *path, *dir; /* of the study file, and its folder */
  study_settings settings;
  char **site_file; /* [n_sites] resolved */
  char **site_name; /* [n_sites] */
  bool *labelled;   /* [n_sites] whether the domain file names labels */
  int n_sites;
  study_pair *pair;
  int n_pairs;
};

/* ---- units ------------------------------------------------------------------------------------
 */
typedef enum unit_kind { UNIT_BASELINE, UNIT_ADAPTER, UNIT_TUNED } unit_kind;
typedef struct study_unit {
  unit_kind kind;
  int source, target; /* a baseline has only source */
  char *name;         /* "adapter-mnist-usps" */
} study_unit;
/* Every unit once, in an order in which each finds what it needs; the caller frees with units_free.
 */
study_unit *units_list(const xs_study *s, int *n);
void units_free(study_unit *u, int n);

/* ---- a run --------------------------------------------------------------------------------------
 */
typedef struct study_run {
  const xs_study *study;
  const xs_run_options *o;
  const xs_watch *watch;
  run_log *log; /* NULL where there is nothing to do */
  char *out;
  xs_site **site; /* [n_sites] */
  tg_kernels *kernels;
  int lock; /* on the run folder */
} study_run;

split_rule run_split(const study_run *r);
char *run_unit_path(const study_run *r, const char *unit,
                    const char *file); /* file NULL: the folder */

/* Claims a run folder for work described by `mine`: writes study.json, or checks that it says the
 * same.  *finished: the result file is there already.  Fails where the folder holds anything else,
 * or broken work and resume is not set, or where another process works in it.  A run that never
 * came to its first unit is replaced.  *lock: for folder_unlock, also after a failure. */
xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished, int *lock);
void folder_unlock(int lock);
typedef enum folder_state { FOLDER_NEW, FOLDER_BROKEN, FOLDER_FINISHED } folder_state;
/* The same question without any change: fails where the folder is somebody else's. */
xs_status folder_check(const char *out, const json_t *mine, const char *result,
                       folder_state *state);
/* Makes the content of a file a part of `mine`. */
xs_status folder_note_file(json_t *mine, const char *name, const char *file);
/* Records what a claimed folder's site holds, or fails where it is not what was recorded before. */
xs_status folder_check_site(const char *out, const char *name, const xs_site *s);
bool folder_unit_done(const char *out, const char *unit);
/* Fails where the caller has asked to stop. */
xs_status run_check_stop(const study_run *r, const char *next);

xs_status unit_run(study_run *r, const study_unit *u);
xs_status measure_all(study_run *r, json_t **results);

/* ---- measures -----------------------------------------------------------------------------------
 */
typedef struct test_set {
  const xs_site *site;
  train_set images;
  int32_t *label;  /* [images.n] */
  uint64_t *group; /* [images.n] */
} test_set;
/* The labelled images of a split. */
xs_status test_set_open(const xs_site *s, split_rule rule, xs_split which, test_set *t);
void test_set_release(test_set *t);
/* *logit: [n][classes], allocated. */
xs_status test_set_measure(const test_set *t, xs_classifier *c, int64_t replicates, int64_t seed,
                           float **logit, xs_measure *m);
/* AUC and accuracy in per cent; null where nothing was measured. */
json_t *measure_json(const xs_measure *m);
json_t *per_cent_json(double x); /* null where it is not defined */
json_t *number_json(double x);

json_t *study_json(const xs_study *s); /* the resolved study */
/* The path of the weights that the classifiers begin with, allocated; NULL: none. */
char *study_init_file(const xs_study *s);
/* The study with what the files hold that it names; newly made. */
xs_status study_identity(const xs_study *s, json_t **identity);

uint64_t fingerprint_site(const xs_site *s); /* pixels, labels, groups, classes */
xs_status fingerprint_file(const char *path, uint64_t *h);
json_t *fingerprint_json(uint64_t h);

#endif
