/* sandbox.h: a process that has nothing but memory and one pipe. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sandbox {
  int seconds;   /* of processor time; SIGXCPU ends the process then */
  size_t memory; /* bytes, beyond what the process has already; less where less can be had */
  bool strict;   /* not without the filter of system calls */
} sandbox;

/* Shuts this process in, for the rest of its life: no descriptor but `keep`, which becomes
 * SANDBOX_PIPE; no file can be opened, written, or made longer, no process started, no privilege
 * won; of the system's calls only those that read and write the pipe, take memory and end the
 * process are answered.  Where the kernel or a container has no such filter, the limits alone hold,
 * unless it is `strict`.  Signals that ask a program to stop are for the parent: they are ignored,
 * the others have their first meaning.  For a process that was started to read one file that may be
 * hostile.  Returns 0, or -1 where it could not be shut in. */
int sandbox_enter(const sandbox *limits, int keep);
/* Closes all descriptors but SANDBOX_PIPE. */
void sandbox_close_others(void);

enum { SANDBOX_PIPE = 0 };

#endif
