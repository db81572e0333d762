/* training_run.h: the folder of a training: what its record says, and what it was made with. */
#ifndef TRAINING_RUN_H
#define TRAINING_RUN_H

#include "learn.h"

#define RUN_BEGUN "begun.json" /* what a node that is not finished is made from */

void run_note(const train_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds to a checkpoint's state or a unit's record what the bytes depend on beside options and seed:
 * threads, kind of processor, kernels. */
void run_record_machine(const train_job *job, json_t *record);
/* Before planning: takes the recorded kernels and, where none were asked for, threads; notes
 * through the watch what differs. */
void run_restore_machine(const train_job *job, const json_t *record);
void kernels_restore(tg_kernels *k, const json_t *recorded);

/* Whether training plans round to bfloat16: it is asked for, and the processor can. */
bool run_rounds(const char *precision);
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
/* Copies the files that a record lists from one folder to another.  XS_FAILED where one is none
 * that training writes, or the copy is not as the record says. */
xs_status run_copy_files(const char *from, const char *to, const json_t *record);
/* Finished work needs none; a run that was killed after its record may have left one. */
xs_status run_remove_checkpoint(const char *dir);

char *run_path(const train_job *job, const char *name); /* dir/name; allocated */

#endif
