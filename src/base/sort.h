/* sort.h: ascending order of plain values.  What is sorted by something else brings its own
 * comparison to qsort: one that leaves no ties, whose order would be the C library's. */
#ifndef SORT_H
#define SORT_H

#include <stdint.h>

void sort_doubles(double *x, int64_t n);
void sort_integers(int64_t *x, int64_t n);
void sort_keys(uint64_t *x, int64_t n);
/* Sorts x, too; the mean of the middle two where n is even, NAN where it is 0. */
double sort_median(double *x, int64_t n);
/* By their bytes. */
void sort_texts(const char **x, int64_t n);

/* For qsort and bsearch. */
int sort_compare_keys(const void *a, const void *b);  /* of uint64_t */
int sort_compare_texts(const void *a, const void *b); /* of const char * */

#endif
