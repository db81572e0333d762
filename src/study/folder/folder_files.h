/* folder_files.h: the files of a run folder by name and content: which are xsite's own.  Nothing
 * else is ever written over or removed. */
#ifndef FOLDER_FILES_H
#define FOLDER_FILES_H

#include <stdbool.h>

#include "xsite.h"

#define FOLDER_OWNER "study.json"
#define FOLDER_LOCK ".lock"   /* held while a process works in the folder */
#define LOCK_START "process " /* of its text */
#define NODES "nodes"
#define SITES "sites" /* folder: SITE holds the site's fingerprint, known when it is open */

/* Whether a folder is not there, or holds nothing but what a run writes before its first node;
 * fails where it cannot be listed. */
xs_status folder_check_unbegun(const char *out, bool *unbegun);
/* Removes what SITES holds of a run that never began. */
xs_status folder_forget_sites(const char *out);
/* Removes what killed processes have left half-written in the folders of a run. */
xs_status folder_sweep(const char *out);

#endif
