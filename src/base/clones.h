/* clones.h: a loop compiled for several instruction sets, chosen when the program starts. */
#ifndef CLONES_H
#define CLONES_H

/* Not for functions with OpenMP regions: those bodies are not cloned.  Levels, not models:
 * "arch=haswell" would mean that very processor, and a Zen would get the default.  Not by clang,
 * which refuses vectors that a clone hands to an inline function: its steps are slower, so that it
 * checks the code and gcc builds what is used. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

#endif
