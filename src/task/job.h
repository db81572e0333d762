/* job.h: what the tasks that work in a folder have in common. */
#ifndef JOB_H
#define JOB_H

#include "learn.h"
#include "rows.h"
#include "xsite/task.h"

/* What any work in a folder on some sites has. */
#define JOB_FOLDER_ROWS(record, what, drawn)                                                       \
  OUT_ROW(offsetof(record, job.out), true, "folder for " what),                                    \
      RESUME_ROW(offsetof(record, job.resume)), DATA_DIR_ROW(offsetof(record, job.data_dir)),      \
      SEED_ROW(offsetof(record, job.seed), "of the split, " drawn),                                \
      SPLIT_BY_ROW(offsetof(record, job.split_by)),                                                \
      OPTION_INTEGER_ROW(NULL, offsetof(record, job), xs_job, limit, "0", 0, 1e12,                 \
                         "most images of a site; 0: all"),                                         \
      THREADS_ROW(offsetof(record, job.threads)), CACHE_ROW(offsetof(record, job.cache)),          \
      SKIP_UNREADABLE_ROW(offsetof(record, job.skip_unreadable))

#define JOB_ROWS(record)                                                                           \
  JOB_FOLDER_ROWS(record, "the models and the curve", "weights and batches"),                      \
      MEMORY_ROW(offsetof(record, job.memory)),                                                    \
      OPTION_INTEGER_ROW(NULL, offsetof(record, job), xs_job, checkpoint_every, "100", 1, 1e9,     \
                         "training steps between checkpoints"),                                    \
      MEASURE_KERNELS_ROW(offsetof(record, job.measure_kernels)),                                  \
      KERNELS_OF_ROW(offsetof(record, job.kernels_of))

xs_split job_split(const char *name); /* a value of SPLIT_ROW */

/* A site of a task: the caller's, or opened from its domain file. */
typedef struct job_site {
  const xs_images *images;
  const xs_site *site; /* NULL: images alone were given */
  const char *file;    /* what a message calls it: its domain file; NULL: by its name */
  xs_site *opened;     /* to be closed, or NULL */
} job_site;

/* size: of the network that shall see its images.  Fails where the folder was begun with other
 * data. */
xs_status job_open_site(const train_job *job, const xs_job *o, const char *domain_file,
                        const xs_site *given, int64_t size, job_site *out);
/* A site of which nothing but the images is used.  Fails where it has the name of `other`, which
 * may be NULL. */
xs_status job_open_images(const train_job *job, const xs_job *o, const char *domain_file,
                          const xs_images *given, const job_site *other, int64_t size,
                          job_site *out);
void job_close_site(job_site *s);
/* The rows of one split, drawn without labels; *row is newly allocated. */
xs_status job_split_rows(const xs_job *o, const xs_images *images, xs_split which, int64_t **row,
                         int64_t *n);
/* Notes what was left out because it could not be read, and which images look odd, if any. */
void job_note_site(const xs_watch *w, const xs_site *s);
/* Fails where a classifier and a site have different classes; file: what the site is called. */
xs_status job_check_classes(const char *model, const xs_classifier *c, const char *file,
                            const xs_site *s);

/* How a candidate of a choice is given (xs_choose_task), taken apart; what is not there is NULL. */
#define CANDIDATE_WORDS "NAME=MODEL[:GENERATOR]"
xs_status candidate_read(const char *text, char **name, char **model, char **generator);

/* Claims o->out for a task with these options and runs `work` in it. */
xs_status job_run(const xs_job *o, const option_table *table, const void *task, const xs_watch *w,
                  xs_status (*work)(const train_job *job, const void *task));

#endif
