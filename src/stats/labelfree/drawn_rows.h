/* drawn_rows.h: some of many rows, drawn by seed, where all would take too long. */
#ifndef DRAWN_ROWS_H
#define DRAWN_ROWS_H

#include <stdint.h>

/* Of rows 0 to n - 1 the `kept` that seed and purpose draw, ascending; all where kept is 0 or more
 * than n.  Returns how many; *rows is to be freed. */
int64_t draw_rows(int64_t n, int64_t kept, uint64_t seed, const char *purpose, int64_t **rows);

#endif
