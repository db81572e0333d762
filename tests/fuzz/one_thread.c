/* one_thread.c: team.h without OpenMP. */
#include "team.h"

#include "error.h"

void team_set(int n) { (void)n; }
int team_size(void) { return 1; }
int team_parts(void) { return 1; }

int team_enter(int size, team_settings *before) {
  *before = (team_settings){1, 0};
  return size == 1 ? 0 : fail(1, "made for %d threads, of which 1 would run", size);
}

void team_leave(const team_settings *before) { (void)before; }
