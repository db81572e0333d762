/* sealed_files.h: the files of a run folder, by the hashes that its seal (seal_log.h) has of them.
 *
 * Three kinds of lines hold some; of each node, of the results and of the report the last line
 * counts:
 *   {"node": NODE, "made": {FILE: SHA-256}, "record": SHA-256 of its record.json}; of one that was
 *                                                      copied also "taken_from": RUN FOLDER
 *   {"wrote": {FILE: SHA-256}, "nodes": [NODE, ...]}   results.json and what is beside it; the
 *                                                      nodes that it was measured from
 *   {"reported": {FILE: SHA-256}}                      report.html, its figures and tables
 * A line is there before record.json, results.json or report.html is: where one of these is and
 * is not in the seal, it was not written by the run. */
#ifndef SEALED_FILES_H
#define SEALED_FILES_H

#include <jansson.h>
#include <stdbool.h>

#include "option.h"
#include "xsite.h"

typedef struct sealed {
  char *out;        /* the run folder */
  bool there;       /* it has a seal */
  json_t *made;     /* {NODE: line} */
  json_t *results;  /* a line, or NULL */
  json_t *reported; /* a line, or NULL */
} sealed;

/* For sealed_close, also where it fails: the chain is broken, or cannot be read.  A folder without
 * a seal has nothing sealed. */
xs_status sealed_open(const char *out, sealed *s);
sealed sealed_new(const char *out);
void sealed_add(sealed *s, json_t *line); /* shared */
void sealed_close(sealed *s);

/* Why nothing is known of the results, one line: the run is an older xsite's, which wrote neither
 * `record` nor `nodes`, or its seal is gone.  NULL: they are under a seal. */
const char *sealed_lacks(const sealed *s);

/* What is not as it was sealed, a sentence each, put behind those in *faults: of a node that is
 * there; of a finished run without its report; of a report that is there. */
void sealed_check_node(const sealed *s, const char *node, xs_texts *faults);
void sealed_check_results(const sealed *s, xs_texts *faults);
void sealed_check_report(const sealed *s, xs_texts *faults);

/* Whether the record of a node that is there is not the one that was sealed. */
bool sealed_record_changed(const sealed *s, const char *node);
/* Whether sealed_check_results looks at the node: one that the results were measured from. */
bool sealed_is_needed(const sealed *s, const char *node);
/* Whether a file of the results is sealed and not as it was. */
bool sealed_result_changed(const sealed *s, const char *file);

/* Adds {FILE: SHA-256 of its content} to files. */
void sealed_note(json_t *files, const char *file, const void *content, size_t size);

/* XS_FAILED and a message with the first of the faults, where there are any. */
xs_status sealed_refuse(const xs_texts *faults, const char *what_to_do);

#endif
