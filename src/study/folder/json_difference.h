/* json_difference.h: what of two studies, or of two notes of data, is not the same. */
#ifndef JSON_DIFFERENCE_H
#define JSON_DIFFERENCE_H

#include <jansson.h>

/* The first key in which two objects differ, as "section.key"; allocated, NULL: they are equal. */
char *json_difference(const json_t *a, const json_t *b);

#endif
