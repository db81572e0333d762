/* clock.h: what time it is. */
#ifndef CLOCK_H
#define CLOCK_H

/* Seconds since some moment, for durations: setting the date does not move it. */
double clock_seconds(void);

enum { CLOCK_TEXT = 32 };
/* The date and time in UTC (ISO 8601: 2026-11-30T14:32:05Z). */
void clock_date(char text[CLOCK_TEXT]);

#endif
