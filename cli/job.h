/* job.h: what the verbs that train have in common. */
#ifndef JOB_H
#define JOB_H

#include "cli.h"
#include "learn.h"
#include "rows.h"

typedef struct job_options {
  char *out, *data_dir, *cache, *split_by, *kernels_of;
  bool resume, measure_kernels, skip_unreadable;
  int64_t seed, threads, memory, checkpoint_every, limit;
} job_options;

/* What any work in a folder on some sites has. */
#define JOB_FOLDER_ROWS(record, what, drawn)                                                       \
  OUT_ROW(offsetof(record, job.out), true, "folder for " what),                                    \
      RESUME_ROW(offsetof(record, job.resume)), DATA_DIR_ROW(offsetof(record, job.data_dir)),      \
      SEED_ROW(offsetof(record, job.seed), "of the split, " drawn),                                \
      SPLIT_BY_ROW(offsetof(record, job.split_by)),                                                \
      OPTION_INTEGER_ROW(NULL, offsetof(record, job), job_options, limit, "0", 0, 1e12,            \
                         "most images of a site; 0: all"),                                         \
      THREADS_ROW(offsetof(record, job.threads)), CACHE_ROW(offsetof(record, job.cache)),          \
      SKIP_UNREADABLE_ROW(offsetof(record, job.skip_unreadable))

#define JOB_ROWS(record)                                                                           \
  JOB_FOLDER_ROWS(record, "the models and the curve", "weights and batches"),                      \
      MEMORY_ROW(offsetof(record, job.memory)),                                                    \
      OPTION_INTEGER_ROW(NULL, offsetof(record, job), job_options, checkpoint_every, "100", 1,     \
                         1e9, "training steps between checkpoints"),                               \
      MEASURE_KERNELS_ROW(offsetof(record, job.measure_kernels)),                                  \
      KERNELS_OF_ROW(offsetof(record, job.kernels_of))

xs_split job_split(const char *name); /* a value of SPLIT_ROW */
/* size: of the network that shall see its images. */
xs_status job_open_site(const train_job *job, const job_options *o, const char *domain_file,
                        int64_t size, xs_site **out);
/* The second of two sites; fails where it has the name of the first, which may be NULL. */
xs_status job_open_target(const train_job *job, const job_options *o, const char *source_file,
                          const xs_site *source, const char *target_file, int64_t size,
                          xs_site **out);
/* The size of a classifier's network. */
xs_status job_model_size(const char *model, int64_t *size);
/* Says on stderr what --skip-unreadable left out and which images look odd, if any. */
void job_note_site(const xs_site *s);
/* Fails where a classifier and a site have different classes. */
xs_status job_check_classes(const char *model, const xs_classifier *c, const char *domain_file,
                            const xs_site *s);
/* The same for the classifier in the file `model`. */
xs_status job_check_model(const char *model, const char *domain_file, const xs_site *s);

/* Claims o->out for the options of a verb, runs `work` in it and follows it on the terminal. */
xs_status job_run(const job_options *o, const option *rows, int n_rows, const void *record,
                  const char *task, xs_status (*work)(const train_job *job, const void *record));

#endif
