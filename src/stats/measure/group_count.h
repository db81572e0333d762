/* group_count.h: how many groups (patients) some images are of. */
#ifndef GROUP_COUNT_H
#define GROUP_COUNT_H

#include <stdint.h>

/* Different keys among n; sorts them. */
int64_t group_count(uint64_t *key, int64_t n);

#endif
