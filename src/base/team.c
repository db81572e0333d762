#include "team.h"

#include <omp.h>
#include <stdlib.h>

#include "error.h"

enum { MOST_THREADS = 1024 };

/* The first number of OMP_NUM_THREADS (a list has one for each level of nesting), or 0. */
static int threads_wanted(void) {
  const char *text = getenv("OMP_NUM_THREADS");
  const long n = text ? strtol(text, NULL, 10) : 0;
  return n > 0 && n <= MOST_THREADS ? (int)n : 0;
}

void team_set(int n) {
  if (n <= 0) n = threads_wanted();
  omp_set_num_threads(n > 0 ? n : omp_get_num_procs());
}

int team_parts(void) { return omp_get_max_threads(); }

/* Of a region with the present settings.  Inside a region oneDNN never starts another, and how many
 * threads are left for it may differ from one to the next. */
static int count_threads(void) {
  int n = 1;
  if (omp_in_parallel() || omp_get_max_threads() == 1) return 1;
#pragma omp parallel
#pragma omp master
  n = omp_get_num_threads();
  return n;
}

static team_settings save(void) {
  const team_settings now = {omp_get_max_threads(), omp_get_dynamic()};
  omp_set_dynamic(0);
  return now;
}

void team_leave(const team_settings *before) {
  omp_set_num_threads(before->threads);
  omp_set_dynamic(before->dynamic);
}

int team_size(void) {
  const team_settings before = save();
  const int n = count_threads();
  team_leave(&before);
  return n;
}

int team_enter(int size, team_settings *before) {
  *before = save();
  omp_set_num_threads(size);
  const int got = count_threads();
  if (got == size) return 0;
  team_leave(before);
  return fail(1,
              "made for %d threads, of which %d would run%s; make it where it runs, or allow it as "
              "many (OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS)",
              size, got, omp_in_parallel() ? " inside this parallel region" : "");
}
