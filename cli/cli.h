/* cli.h: what a verb of the program is.  A verb is one file, verb_NAME.c, that defines
 * `const cli_verb verb_NAME`, and one row in verbs.def.  Only this folder prints and exits. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "xsite.h"

enum { CLI_ANY = -1 };

typedef struct cli_verb {
  const char *name;    /* as typed: "study run" */
  const char *words;   /* what follows besides options: "FILE", "IMAGE..." or "" */
  int least, most;     /* how many words; most CLI_ANY: no limit */
  const char *summary; /* one line */
  size_t record;       /* bytes of the record of its options, which have its name (options.h) */
  bool computes;       /* uses all processors for longer than a moment */
  /* Returns an xs_status; main prints words_message() where it is not XS_OK. */
  int (*run)(void *record, int n, const char **word);
} cli_verb;

#define VERB(name) extern const cli_verb verb_##name;
#include "verbs.def"
#undef VERB

/* ---- following long work ------------------------------------------------------------------------
 */

typedef struct cli_progress {
  bool terminal; /* stderr is one: a line that is written over; else a line every ten seconds */
  bool shown;    /* a line is on the screen */
  double last;   /* when, in seconds */
} cli_progress;

/* A watch that shows progress and notes on stderr.  p must outlive it. */
xs_watch cli_watch_plain(cli_progress *p);
/* One that also stops at SIGINT or SIGTERM; a second signal ends the program at once. */
xs_watch cli_watch(cli_progress *p);
void cli_watch_end(cli_progress *p); /* leaves the terminal on a new line */

/* Guards the standard streams (streams.c): call it before anything is opened or printed. */
void cli_streams_begin(void);
/* To stderr as it is, for the program's own steering of a terminal. */
void cli_terminal_put(const char *text);

/* From now on a fault ends the program with a message (faults.c). */
void cli_faults_begin(void);
/* From now on the program ends with a message where a library finds no memory. */
void out_of_memory_begin(void);

/* Writes the line of a progress report: task, share, rate, time left, losses. */
void cli_progress_write(FILE *f, const xs_progress *p);

#endif
