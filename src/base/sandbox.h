/* sandbox.h: a process that has nothing but memory and one pipe. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>

typedef struct sandbox {
  int seconds;   /* of processor time; SIGXCPU ends the process then */
  size_t memory; /* bytes, beyond what the process has already */
} sandbox;

/* Shuts this process in, for the rest of its life: no descriptor but `keep`, which becomes
 * SANDBOX_PIPE; no file can be opened, written, or made longer, no process started, no privilege
 * won; of the system's calls only those that read and write the pipe, take memory and end the
 * process are answered (where the kernel has no seccomp filters, the limits alone hold).  Signals
 * have their first meaning again.  For a child that was forked to read a file that may be hostile.
 * Returns 0, or -1 where a limit could not be set. */
int sandbox_enter(const sandbox *limits, int keep);

enum { SANDBOX_PIPE = 0 };

#endif
