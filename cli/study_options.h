/* study_options.h: the options of the verbs of studies. */
#ifndef STUDY_OPTIONS_H
#define STUDY_OPTIONS_H

#include "cli.h"
#include "rows.h"

typedef struct study_options {
  char *out, *device, *data_dir, *cache, *kernels_of;
  bool resume, measure_kernels, skip_unreadable, snakemake, quick, verify;
  int64_t threads, memory;
  option_texts set;
} study_options;

#define STUDY_FIELD(name) offsetof(study_options, name)

#define STUDY_ROWS                                                                                 \
  OUT_ROW(STUDY_FIELD(out), false, "the run folder; by default runs/NAME, with the study's name"), \
      THREADS_ROW(STUDY_FIELD(threads)), MEMORY_ROW(STUDY_FIELD(memory)),                          \
      OPTION_CHOICE_ROW(NULL, 0, study_options, device, "cpu", "cpu", "NAME", "what computes"),    \
      {NULL,                                                                                       \
       "set",                                                                                      \
       OPTION_TEXTS,                                                                               \
       STUDY_FIELD(set),                                                                           \
       NULL,                                                                                       \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "KEY=VALUE",                                                                                \
       "override an option of the study file, as adapter.batch=64; may be repeated"},              \
      DATA_DIR_ROW(STUDY_FIELD(data_dir)), DATA_ROW(STUDY_FIELD(data_dir)),                        \
      CACHE_ROW(STUDY_FIELD(cache)), MEASURE_KERNELS_ROW(STUDY_FIELD(measure_kernels)),            \
      KERNELS_OF_ROW(STUDY_FIELD(kernels_of)), SKIP_UNREADABLE_ROW(STUDY_FIELD(skip_unreadable))

xs_run_options study_run_options(const study_options *o);
/* Runs a study, or one of its nodes (NULL: all), and shows how it goes. */
xs_status study_work(const study_options *o, const char *file, const char *node);
xs_status study_open(const study_options *o, const char *file, xs_study **s);

#endif
