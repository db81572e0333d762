#include "clock.h"

#include <time.h>

double clock_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void clock_date(char text[CLOCK_TEXT]) {
  const time_t t = time(NULL);
  struct tm utc;
  *text = 0;
  if (gmtime_r(&t, &utc)) strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
