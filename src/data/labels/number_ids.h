/* number_ids.h: ids that are one number in several writings, as 61, 00000061 and 61.0: a
 * spreadsheet takes zeros away and puts points in, and one patient becomes several. */
#ifndef NUMBER_IDS_H
#define NUMBER_IDS_H

#include <stdint.h>

/* How many numbers are written in several ways among id [n] (NULL: none); set [n]: which of them it
 * is, in the order in which a second way first comes, or -1. */
int64_t number_ids_find(const char *const *id, int64_t n, int64_t *set);

#endif
