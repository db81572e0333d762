/* run_folder.h: a run folder belongs to one study, or to one training run. */
#ifndef RUN_FOLDER_H
#define RUN_FOLDER_H

#include <jansson.h>
#include <stdbool.h>

#include "xsite.h"

/* Whether a folder of this name is the run of one of several seeds: "seed-N". */
bool folder_is_seed(const char *name);

/* Claims a run folder for work described by `mine`: writes study.json, or checks that it says the
 * same.  *finished: the result file is there already.  Fails where the folder holds anything else,
 * or broken work and resume is not set, or where another process works in it.  A run that never
 * came to its first unit is replaced.  *lock: for folder_unlock, also after a failure.
 * differs: NULL where study.json must say the same.  Else the same study (by name and seed) may
 * differ in all other options: resume is then asked for, *differs names the first of them
 * (allocated; NULL: none), and folder_extend takes the folder over. */
xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished, char **differs, int *lock);
/* Makes a claimed folder that of `mine`: the seal notes what differs (NULL: nothing does), its
 * result and page are removed, study.json is written. */
xs_status folder_extend(const char *out, const json_t *mine, const char *result,
                        const char *differs);
/* Other results are about to be written: a page of those before is not theirs. */
xs_status folder_remove_page(const char *out);
/* Locks a finished run and does the same: it is unfinished again. */
xs_status folder_reopen(const char *out, const json_t *mine, const char *result, int *lock);
/* Begins or continues the work beside other processes that have joined; none may have claimed it.
 * *differs: as in folder_claim; where resume is set, and nobody else is at work, the folder is
 * extended. */
xs_status folder_join(const char *out, const json_t *mine, const char *result, bool resume,
                      bool *finished, char **differs, int *lock);
/* Locks a node's folder against other processes that have joined the run. */
xs_status folder_lock_node(const char *dir, int *lock);
void folder_unlock(int lock);
typedef enum folder_state { FOLDER_NEW, FOLDER_BROKEN, FOLDER_FINISHED } folder_state;
/* The same question without any change: fails where the folder is somebody else's; differs as in
 * folder_claim. */
xs_status folder_check(const char *out, const json_t *mine, const char *result, folder_state *state,
                       char **differs);
/* Makes the content of a file a part of `mine`. */
xs_status folder_note_file(json_t *mine, const char *name, const char *file);
/* The same of a domain file, and which label mapping it names; any data folder will do. */
xs_status folder_note_domain(json_t *mine, const char *name, const char *file);
/* What a folder's site held when it was last opened, newly made; NULL: not known. */
json_t *folder_site(const char *out, const char *site);
xs_status folder_note_site(const char *out, const char *site, const json_t *identity);
/* Writes study.json and the files of sites [n], as the run knows them now; files: gets their
 * hashes.
 */
xs_status folder_note_all(const char *out, const json_t *mine, int n, const char *const *name,
                          json_t *const *site, json_t *files);
/* Records what a claimed folder's site holds, or fails where it is not what was recorded before;
 * finished: something must have been. */
xs_status folder_check_site(const char *out, const char *site, const json_t *identity,
                            bool finished);
/* What of a study's identity says how a site was read. */
json_t *folder_reading(const json_t *identity, const char *site);
bool folder_node_done(const char *out, const char *node);

#endif
