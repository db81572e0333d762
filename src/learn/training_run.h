/* training_run.h: what the training loops share: curve, progress, checks, interruption. */
#ifndef TRAINING_RUN_H
#define TRAINING_RUN_H

#include "checkpoint.h"
#include "learn.h"

#define RUN_BEGUN "begun.json" /* what a node that is not finished is made from */

/* A table that grows as text: header line, then one line a row. */
typedef struct curve {
  char *text;
  size_t size;
} curve;
void curve_start(curve *c, const char *header);
void curve_restore(curve *c, const char *text);
void curve_add(curve *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void curve_free(curve *c);

typedef struct run_clock { /* for rates; of the last two seconds or so */
  double start, since;
  int64_t done;
  double waited;       /* seconds that the caller has spent waiting for images */
  double waited_since; /* of them until `since` */
  double rate, waiting;
} run_clock;
run_clock run_clock_start(void);
void run_report(const train_job *job, run_clock *c, int64_t done, int64_t total, int losses,
                const char *const *name, const double *loss);
/* Notes how much of the time since the clock's start went by waiting for images. */
void run_note_waiting(const train_job *job, const run_clock *c);
void run_note(const train_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds to a checkpoint's state or a unit's record what the bytes depend on beside options and seed:
 * threads, kind of processor, kernels. */
void run_record_machine(const train_job *job, json_t *record);
/* Before planning: takes the recorded kernels and, where none were asked for, threads; notes
 * through the watch what differs. */
void run_restore_machine(const train_job *job, const json_t *record);

/* The job's checkpoint.  Saving adds to the state what run_record_machine does, and releases it. */
int run_save(const train_job *job, int64_t step, int n, const checkpoint_part *part, json_t *state);
/* Before planning: the state alone, with what run_restore_machine does; NULL where there is none,
 * or a damaged one, of which a note tells: the job then begins anew. */
int run_saved_state(const train_job *job, json_t **state);
int run_restore(const train_job *job, int n, const checkpoint_part *part);
/* Counters (0 to most: beyond the run's own end they are another's), numbers and texts (lent) of
 * the state; what is missing or no such thing is an error. */
int run_state_count(const train_job *job, const json_t *state, const char *key, int64_t most,
                    int64_t *x);
int run_state_number(const train_job *job, const json_t *state, const char *key, double *x);
int run_state_text(const train_job *job, const json_t *state, const char *key, const char **text);

/* Whether training plans round to bfloat16: it is asked for, and the processor can. */
bool run_rounds(const char *precision);
/* Notes through the watch that bf16 was asked for in vain. */
void run_note_precision(const train_job *job, const char *precision);
/* Writes record.json in the job's folder: with what it was made, options among it, and the members
 * of `more`, which may be NULL.  Written last, it says that all is there. */
xs_status run_write_record(const train_job *job, json_t *options, json_t *more);
/* The two steps of it, for those who note the hash of its text (allocated) in between; *record:
 * newly made, NULL where it fails. */
xs_status run_make_record(const train_job *job, json_t *options, json_t *more, json_t **record);
xs_status run_put_record(const train_job *job, const json_t *record);
char *run_record_text(const json_t *record);
/* What the metadata of the folder's model.safetensors say of its training (trained_enough.h); NULL:
 * nothing, or there is no model. */
xs_status run_training(const char *dir, json_t **training);
/* The files of a folder that training writes, by their names, with their SHA-256: {name: text}. */
xs_status run_files(const char *dir, json_t **files);
/* record.json of a folder, or NULL; *changed: the first file that is not as it was recorded, the
 * record itself where it cannot be read, allocated; NULL: none. */
void run_read_record(const char *dir, json_t **record, char **changed);
/* The first of files {name: SHA-256} that is not there or not the same, allocated, or NULL. */
char *run_find_changed(const char *dir, const json_t *files);
/* Plans from now on with the kernels that the record in `dir` says; XS_FAILED where there is none.
 */
xs_status run_take_kernels(const train_job *job, const char *dir);
/* Removes the record, then the files that it lists and that are as it says: the folder's work is to
 * be done again. */
xs_status run_clear(const char *dir);
/* The precision that training with these options has here: "f32" or "bf16". */
const char *run_precision(const char *asked);
/* Finished work needs none; a run that was killed after its record may have left one. */
xs_status run_remove_checkpoint(const char *dir);

bool run_stopped(const train_job *job);
xs_status run_interrupted(const train_job *job, int64_t step);
/* Fails where a loss is not finite: names step and loss. */
int run_check_losses(const train_job *job, int64_t step, int losses, const char *const *name,
                     const double *loss);
char *run_path(const train_job *job, const char *name); /* dir/name; allocated */
double run_scalar(tg_plan *p, tg_value v);              /* a float plan's scalar output */
void run_set_scalar(tg_plan *p, tg_value v, double x);

#endif
