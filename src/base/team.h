/* team.h: how many threads work on one thing; the only code that asks or tells OpenMP.
 *
 * oneDNN cuts its work for omp_get_max_threads() threads when a primitive is made and leaves a part
 * undone, or waits for ever, where a region then gets fewer: with OMP_THREAD_LIMIT, OMP_DYNAMIC or
 * OMP_MAX_ACTIVE_LEVELS, or inside a parallel region of the caller's.  So a plan asks for the team
 * that a region really gets, and enters a team of that size whenever it plans or runs.
 *
 * Kernels cut theirs into team_parts() parts when they are prepared, and share the parts out by
 * `omp parallel for`, which does all of them whatever team runs it: scratch memory and sums belong
 * to a part, never to a thread. */
#ifndef TEAM_H
#define TEAM_H

#include <stdint.h>

typedef struct team_settings {
  int threads, dynamic;
} team_settings;

/* Threads that regions of the calling thread get from now on, if the environment grants them; 0: as
 * OMP_NUM_THREADS says, or one for each processor. */
void team_set(int n);
/* Threads that a region really gets now; one inside a parallel region. */
int team_size(void);
/* From here on regions and oneDNN have exactly `size` threads.  Fails, with nothing changed, where
 * they cannot. */
int team_enter(int size, team_settings *before);
void team_leave(const team_settings *before);
/* Into how many parts work is cut: the size of the team that was entered. */
int team_parts(void);

/* The items of a part: first to end - 1 of n, as OpenMP's static schedule shares them out. */
typedef struct team_share {
  int64_t first, end;
} team_share;
static inline team_share team_share_of(int64_t n, int parts, int part) {
  const int64_t each = n / parts, more = n % parts;
  const int64_t first = part * each + (part < more ? part : more);
  return (team_share){first, first + each + (part < more)};
}

#endif
