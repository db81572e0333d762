/* union_find.h: disjoint sets of 0 .. n-1 that are joined (union-find with path halving). */
#ifndef UNION_FIND_H
#define UNION_FIND_H

#include <stdint.h>

int64_t *sets_new(int64_t n);               /* each alone; allocated */
int64_t sets_find(int64_t *set, int64_t i); /* the least member of i's set */
void sets_join(int64_t *set, int64_t i, int64_t j);

#endif
