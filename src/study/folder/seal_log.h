/* seal_log.h: seal.jsonl, a chain of lines {"n", "time", ..., "previous", "hash"}: hash is the
 * SHA-256 of the line without it, previous the hash of the line before, "" in the first. */
#ifndef SEAL_LOG_H
#define SEAL_LOG_H

#include <jansson.h>

#include "xsite.h"

#define SEAL_LOG "seal.jsonl"
#define SEAL_FROM "taken_from" /* of a node that was not made here: the run folder */

/* Appends a line; safe with several processes.  A line that a crash has cut off is dropped first.
 */
xs_status seal_log_add(const char *path, const json_t *line);
/* The lines as an array, newly made, also where it fails: the chain is broken, or cannot be read.
 * A last line that a crash has cut off, before which nothing came of it, is left out. */
xs_status seal_log_read(const char *path, json_t **lines);

#endif
