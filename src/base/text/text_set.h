/* text_set.h: texts that are numbered in the order in which they first come. */
#ifndef TEXT_SET_H
#define TEXT_SET_H

#include <stdint.h>

typedef struct text_set {
  int64_t n;
  char **text;    /* [n] */
  int64_t *place; /* [places] a number + 1, or 0: a hash table with open addressing */
  int64_t places; /* a power of two, more than 1.5 n */
} text_set;

/* An empty set is all zeros. */
int64_t text_set_add(text_set *s, const char *text);        /* its number; copies a new one */
int64_t text_set_find(const text_set *s, const char *text); /* its number, or -1 */
void text_set_release(text_set *s);
/* The index of the first of n texts that was there before; -1: all differ. */
int64_t text_set_repeated(char *const *text, int64_t n);

#endif
