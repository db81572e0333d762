/* job.h: what the verbs that train have in common. */
#ifndef JOB_H
#define JOB_H

#include "cli.h"
#include "train.h"

typedef struct job_options {
  char *out, *data_dir, *split_by;
  bool resume, measure_kernels, skip_unreadable;
  int64_t seed, size, image_channels, threads, checkpoint_every, limit;
} job_options;

#define JOB_ROWS(record)                                                                           \
  {NULL,                                                                                           \
   "out",                                                                                          \
   OPTION_TEXT,                                                                                    \
   offsetof(record, job.out),                                                                      \
   NULL,                                                                                           \
   true,                                                                                           \
   0,                                                                                              \
   0,                                                                                              \
   NULL,                                                                                           \
   "DIR",                                                                                          \
   "folder for the models and the curve"},                                                         \
      {NULL, "resume", OPTION_FLAG, offsetof(record, job.resume),        "no", false, 0,           \
       0,    NULL,     NULL,        "continue a run that was broken off"},                         \
      {NULL,                                                                                       \
       "data_dir",                                                                                 \
       OPTION_TEXT,                                                                                \
       offsetof(record, job.data_dir),                                                             \
       NULL,                                                                                       \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "DIR",                                                                                      \
       "where domain files with `root: data` find their files; by default $XSITE_DATA"},           \
      {NULL,                                                                                       \
       "seed",                                                                                     \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.seed),                                                                 \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       9e15,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "of the split, weights and batches"},                                                       \
      {NULL,                                                                                       \
       "split_by",                                                                                 \
       OPTION_CHOICE,                                                                              \
       offsetof(record, job.split_by),                                                             \
       "group",                                                                                    \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       "group|image",                                                                              \
       "WHAT",                                                                                     \
       "what stays on one side of the split (Decision 1)"},                                        \
      {NULL,                                                                                       \
       "size",                                                                                     \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.size),                                                                 \
       "32",                                                                                       \
       false,                                                                                      \
       1,                                                                                          \
       4096,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "height and width of the images that the network sees"},                                    \
      {NULL,                                                                                       \
       "image_channels",                                                                           \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.image_channels),                                                       \
       "3",                                                                                        \
       false,                                                                                      \
       1,                                                                                          \
       3,                                                                                          \
       NULL,                                                                                       \
       "N",                                                                                        \
       "1 or 3"},                                                                                  \
      {NULL,                                                                                       \
       "limit",                                                                                    \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.limit),                                                                \
       "0",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e12,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "most images of a site; 0: all"},                                                           \
      {NULL,                                                                                       \
       "threads",                                                                                  \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.threads),                                                              \
       "0",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1024,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "threads; 0: one for each processor"},                                                      \
      {NULL,                                                                                       \
       "checkpoint_every",                                                                         \
       OPTION_INTEGER,                                                                             \
       offsetof(record, job.checkpoint_every),                                                     \
       "100",                                                                                      \
       false,                                                                                      \
       1,                                                                                          \
       1e9,                                                                                        \
       NULL,                                                                                       \
       "N",                                                                                        \
       "training steps between checkpoints"},                                                      \
      {NULL,                                                                                       \
       "measure_kernels",                                                                          \
       OPTION_FLAG,                                                                                \
       offsetof(record, job.measure_kernels),                                                      \
       "no",                                                                                       \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       NULL,                                                                                       \
       "time the candidate kernels once and keep the fastest"},                                    \
  {                                                                                                \
    NULL, "skip_unreadable", OPTION_FLAG, offsetof(record, job.skip_unreadable), "no", false, 0,   \
        0, NULL, NULL, "leave out images that cannot be decoded instead of stopping"               \
  }

/* The labelled (or all) rows of a split as a training set; release with job_release_set. */
xs_status job_set(const job_options *o, const xs_site *s, xs_split which, bool labelled,
                  train_set *set);
void job_release_set(train_set *set);
xs_status job_open_site(const job_options *o, const char *domain_file, xs_site **out);
/* Says on stderr what --skip-unreadable left out, if anything. */
void job_note_skipped(const xs_site *s);
/* Fails where a classifier and a site have different classes. */
xs_status job_check_classes(const char *model, const xs_classifier *c, const char *domain_file,
                            const xs_site *s);
xs_status job_check_model(const char *model, const char *domain_file, const xs_site *s);

/* Claims o->out for the options of a verb, runs `work` in it and follows it on the terminal. */
xs_status job_run(const job_options *o, const option *rows, int n_rows, const void *record,
                  const char *task, xs_status (*work)(const train_job *job, const void *record));

#endif
