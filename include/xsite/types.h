/* xsite/types.h: what all of the library shares: status, message, version, intervals, progress. */
#ifndef XSITE_TYPES_H
#define XSITE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xsite/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the shared library shows of itself. */
#if defined(__GNUC__)
#define XS_API __attribute__((visibility("default")))
#else
#define XS_API
#endif

typedef enum xs_status {
  XS_OK = 0,
  XS_FAILED = 1,
  XS_USAGE = 2, /* the request itself is wrong: unknown option, impossible size */
  XS_HARM = 3   /* adaptation is predicted to hurt, or a data check found faults */
} xs_status;

XS_API const char *xs_message(void); /* last failure on this thread, never NULL */
XS_API const char *xs_version(void); /* "0.2.0": of the library; XSITE_VERSION: of its headers */

typedef struct xs_interval { /* of 95 % */
  double value, low, high;
} xs_interval;

typedef struct xs_texts { /* a list of options' values */
  int n;
  char **text; /* [n] */
} xs_texts;

/* ==== progress and interruption =============================================================== */

typedef struct xs_progress { /* a snapshot of running work */
  const char *task;          /* "baseline optdigits", lent */
  int64_t done, total;       /* steps, or bytes */
  double rate;               /* of them per second, recent */
  bool bytes;
  double waiting; /* share of the recent time that went by waiting for images */
  int losses;
  const char *loss_name[8];
  double loss[8];
} xs_progress;

/* How a caller follows and stops long work; all may be NULL.  They are called from the thread that
 * called the function which does the work, and from no other. */
typedef struct xs_watch {
  void (*progress)(void *context, const xs_progress *p);
  void (*note)(void *context, const char *line); /* one line of log */
  bool (*stop)(void *context); /* true: write a checkpoint and return XS_FAILED soon */
  void *context;
} xs_watch;

#ifdef __cplusplus
}
#endif

#endif
