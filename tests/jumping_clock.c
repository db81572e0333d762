/* jumping_clock.c: a time of day that goes back by an hour each time somebody asks, for LD_PRELOAD.
 */
#include <time.h>

time_t time(time_t *t) {
  static time_t now = 1700000000;
  now -= 3600;
  if (t) *t = now;
  return now;
}
