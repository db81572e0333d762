/* memory_left.h: how much more memory this process may take. */
#ifndef MEMORY_LEFT_H
#define MEMORY_LEFT_H

/* Bytes that can be had without swapping, as Linux estimates them (elsewhere all of the memory),
 * and within the limits that are set for the process: its control groups' (a container's) and its
 * address space's (ulimit -v), less a reserve for libraries that do not ask first. */
double memory_left(void);
/* For a process that can ask the system no more: from now on its own limit alone counts, and
 * memory_left() is INFINITY. */
void memory_left_is_limited(void);

#endif
