/* xsite/study.h: studies: from a study file to a run folder and its report. */
#ifndef XSITE_STUDY_H
#define XSITE_STUDY_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xs_study xs_study;

typedef struct xs_run_options {
  const char *out; /* run folder; NULL: runs/NAME */
  const char *data_dir;
  bool resume;            /* continue a broken run of the same study */
  int64_t threads;        /* 0: all */
  int64_t memory;         /* most bytes of a training step's intermediate values; 0: no limit */
  const char *device;     /* "cpu" */
  bool measure_kernels;   /* time candidate kernels once and remember */
  const char *cache;      /* of images: as of a site */
  const char *kernels_of; /* run folder whose recorded kernels are used, node by node, or NULL */
  xs_texts
      nodes_of; /* run folders: a node that one of them made from the same is copied, not made */
  bool skip_unreadable;
  bool quick;  /* of a plan: without estimates of time and memory, which open the sites */
  bool verify; /* of a finished run: compare its data and files with what was recorded */
} xs_run_options;
/* Zeros mean the same. */
XS_API void xs_run_defaults(xs_run_options *o);

/* Which settings are tried, and how. */
typedef struct xs_search_options {
  const char *grid; /* "adapter.cycle=5,10 classifier.learning_rate=1e-3,3e-4" */
  int64_t random;   /* so many different points of each stage's grid; 0: all */
  bool halving;     /* successive halving: most trials get a part of the budget alone */
} xs_search_options;

/* Of the program's verbs: how one study is run.  Zeros are the defaults. */
typedef struct xs_study_task {
  xs_run_options run;
  xs_texts set;  /* "adapter.batch=64": for xs_study_open */
  int64_t seeds; /* for xs_study_seeds */
  char *grid;    /* for xs_study_search, with the two below */
  int64_t random;
  bool halving;
  bool snakemake;
} xs_study_task;

/* Reads and checks a study file; set: "key=value" or "section.key=value" overrides, applied last.
 */
XS_API xs_status xs_study_open(const char *path, int n_set, const char *const *set, xs_study **out);
XS_API void xs_study_close(xs_study *s);
/* What would run, one line a node, with what is already done in the run folder and what the rest
 * takes on this machine, by running single steps of it; allocated. */
XS_API xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text);
/* Runs what is not done; writes results.json, figures/ and report.html in the run folder.  XS_HARM
 * and a message that names the pairs where all is written and an adaptation is chosen that is
 * predicted to hurt.  XS_FAILED where a file of a finished run is not as its seal says, unless
 * `resume` is set, which makes it again. */
XS_API xs_status xs_study_run(const xs_study *s, const xs_run_options *o, const xs_watch *w);

/* The study under the seeds S, S + 1, ..., with S its own: for each a run in out/seed-N, then over
 * all of them report.html, seeds.csv and seeds.json (means, standard deviations, least and
 * largest).  They share no trained classifier: each seed draws splits, first weights and
 * batches anew.  out: by default
 * runs/NAME-seeds. Finished runs are kept, so that more seeds can be added; XS_HARM as of a run,
 * once all are done. */
XS_API xs_status xs_study_seeds(const char *path, int n_set, const char *const *set, int64_t seeds,
                                const xs_run_options *o, const xs_watch *w);

/* Searches for settings: those of the section classifier by the AUC on validation images of the
 * sources, then, with the best of them, all others by the study's label-free criterion of what the
 * careful rule chooses.  A trial is a run in out/trial-N, which shares nodes with those before it;
 * test labels are opened once search.json, with the choice, is there.  Then report.html, search.csv
 * and search.json are written.  out: by default runs/NAME-search.  *chosen: the best settings as
 * lines of a study file, allocated, or NULL.  XS_HARM as of a run. */
XS_API xs_status xs_study_search(const char *path, int n_set, const char *const *set,
                                 const xs_search_options *q, const xs_run_options *o,
                                 const xs_watch *w, char **chosen);

/* Runs one node, whose needs are done, by name (xs_study_plan lists them); other processes may run
 * other nodes of the same run folder at the same time.  The node "results" writes what
 * xs_study_run would. */
XS_API xs_status xs_study_node(const xs_study *s, const xs_run_options *o, const char *name,
                               const xs_watch *w);
/* The study's graph for Snakemake: a Snakefile whose rules call `command NODE`; allocated.  command
 * [words]: the program and its arguments that run one node of this study with these options. */
XS_API xs_status xs_study_export(const xs_study *s, const xs_run_options *o, int words,
                                 const char *const *command, char **text);

/* Draws figures and writes report.html of a finished run folder from its files alone, and seals
 * them; of a folder of xs_study_seeds or xs_study_search its page and tables.  XS_FAILED and a
 * message that names the file where results, or what they were measured from, are not as the run
 * sealed them. */
XS_API xs_status xs_report_write(const char *run_dir);

#ifdef __cplusplus
}
#endif

#endif
