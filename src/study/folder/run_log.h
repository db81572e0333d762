/* run_log.h: log.jsonl of a run folder: one JSON object a line, only ever appended to. */
#ifndef RUN_LOG_H
#define RUN_LOG_H

#include "xsite.h"

typedef struct run_log run_log;

/* Passes everything on to inner (may be NULL) and writes notes and, every few seconds, losses. */
xs_status log_open(const char *out, const xs_watch *inner, run_log **log);
void log_close(run_log *l);
const xs_watch *log_watch(const run_log *l); /* lent; to be given to the work */
/* Of both: NULL l: nothing. */
void log_node(run_log *l, const char *node);     /* what follows is about it; NULL: the whole */
void log_error(run_log *l, const char *message); /* why the run ends */

#endif
