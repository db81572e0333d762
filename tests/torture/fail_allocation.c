/* fail_allocation.c: for LD_PRELOAD: the n-th allocation fails, n from FAIL_ALLOCATION, counting
 * only those that the program's own code asks for (COUNT_OF is "program", or not there), or only
 * those of its libraries ("libraries"); a caller is told by its return address.  COUNT_TO: the file
 * that is told, when the program ends, how many were counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uintptr_t first, last; /* the program's code */
static long wanted;
static bool of_libraries;
static _Atomic long counted;
static void *(*real_malloc)(size_t), *(*real_calloc)(size_t, size_t),
    *(*real_realloc)(void *, size_t), *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static const char *count_to;

/* The first object that is listed is the program. */
static int find_program(struct dl_phdr_info *o, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < o->dlpi_phnum; i++) {
    const ElfW(Phdr) *p = &o->dlpi_phdr[i];
    if (p->p_type != PT_LOAD || !(p->p_flags & PF_X)) continue;
    first = o->dlpi_addr + p->p_vaddr;
    last = first + p->p_memsz;
  }
  return 1;
}

/* POSIX's way from dlsym's object pointer to a function. */
static void find_real(const char *name, void *function) {
  void *found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

__attribute__((constructor)) static void begin(void) {
  const char *number = getenv("FAIL_ALLOCATION"), *whose = getenv("COUNT_OF");
  dl_iterate_phdr(find_program, NULL);
  of_libraries = whose && strcmp(whose, "libraries") == 0;
  count_to = getenv("COUNT_TO");
  wanted = number ? atol(number) : 0;
  counted = 0;
}

__attribute__((destructor)) static void end(void) {
  FILE *f = count_to ? fopen(count_to, "w") : NULL;
  if (!f) return;
  fprintf(f, "%ld\n", (long)counted);
  fclose(f);
}

static bool fails(const void *caller) {
  const uintptr_t at = (uintptr_t)caller;
  if (!first || (at >= first && at < last) == of_libraries) return false;
  return ++counted == wanted;
}

static void *none(void) {
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t bytes) {
  if (!real_malloc) find_real("malloc", &real_malloc);
  return fails(__builtin_return_address(0)) ? none() : real_malloc(bytes);
}

/* dlsym itself asks for memory with calloc. */
void *calloc(size_t n, size_t bytes) {
  static char early[4096];
  static size_t used;
  static bool looking;
  if (!real_calloc && looking) {
    void *p = early + used;
    used += (n * bytes + 15) / 16 * 16;
    return used <= sizeof early ? p : NULL;
  }
  if (!real_calloc) {
    looking = true;
    find_real("calloc", &real_calloc);
  }
  return fails(__builtin_return_address(0)) ? none() : real_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes) {
  if (!real_realloc) find_real("realloc", &real_realloc);
  return fails(__builtin_return_address(0)) ? none() : real_realloc(p, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  if (!real_aligned_alloc) find_real("aligned_alloc", &real_aligned_alloc);
  return fails(__builtin_return_address(0)) ? none() : real_aligned_alloc(alignment, bytes);
}

int posix_memalign(void **p, size_t alignment, size_t bytes) {
  if (!real_posix_memalign) find_real("posix_memalign", &real_posix_memalign);
  return fails(__builtin_return_address(0)) ? ENOMEM : real_posix_memalign(p, alignment, bytes);
}
