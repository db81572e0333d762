/* watch.h: what is said to whoever follows long work, and asked of him; w and its functions may be
 * NULL. */
#ifndef WATCH_H
#define WATCH_H

#include "xsite/types.h"

/* A line of log. */
void watch_note(const xs_watch *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void watch_progress(const xs_watch *w, const xs_progress *p);
bool watch_stops(const xs_watch *w); /* whether the work is to end soon */
/* Progress, once there is some, of a task that can be begun again; XS_FAILED and a message where it
 * is to end. */
xs_status watch_step(const xs_watch *w, const char *task, int64_t done, int64_t total);

#endif
