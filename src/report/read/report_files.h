/* report_files.h: the files of a report, and what the run's seal says of them. */
#ifndef REPORT_FILES_H
#define REPORT_FILES_H

#include <jansson.h>
#include <stddef.h>

#include "xsite.h"

typedef struct report_files {
  const char *dir; /* the run folder */
  json_t *hash;    /* {NAME: SHA-256} of those that are written; figures as "figures/NAME" */
} report_files;

/* Writes DIR/NAME; non-zero and a message on failure, as all functions here. */
int report_files_write(report_files *w, const char *name, const void *data, size_t size);
/* Notes one that another program has written. */
int report_files_note(report_files *w, const char *name);

/* Fails where the results, or what they were measured from, are not what the run has sealed. */
xs_status report_files_check(const char *dir);
/* Seals what was written, and the page last, which is there when its line in the seal is.  Nothing
 * is sealed in a folder that has no seal. */
xs_status report_files_seal(report_files *w, const void *page, size_t size);

#endif
