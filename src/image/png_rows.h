/* png_rows.h: the filters of PNG's rows undone. */
#ifndef PNG_ROWS_H
#define PNG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* raw [height][1 + line]: each row's filter, then its bytes; to [height][line] may not overlap raw.
 * pixel: bytes of one.  False where a filter is none of PNG's. */
bool png_rows_undo(const uint8_t *raw, size_t height, size_t line, size_t pixel, uint8_t *to);

#endif
