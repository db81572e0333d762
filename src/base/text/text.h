/* text.h: strings: made, copied, compared, and written as YAML wants them. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* printf into a new string; never NULL. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_bytes(double bytes); /* "30 MB" or "1.5 GB"; newly allocated */
char *text_copy(const char *s); /* newly allocated */
/* A copy of start .. end (exclusive) without blanks at its ends. */
char *text_trim(const char *start, const char *end);

/* A stream into a new text, which is whole after text_close: where memory is out the program ends.
 */
FILE *text_open(char **text, size_t *size);
void text_close(FILE *f);

/* The candidate nearest to word by edit distance, or NULL if none is near (distance > 1 +
 * length/3). */
const char *text_nearest(const char *word, const char *const *candidates, int n);

/* A plain decimal number ("061", "61.0", "+61", "-.5") without what does not change it ("61",
 * "-0.5"); newly allocated; NULL where the text is no such number. */
char *text_plain_number(const char *s);
/* Whether both are such numbers, and equal. */
bool text_same_number(const char *a, const char *b);

/* As a text of YAML, in quotes; what YAML refuses, or takes for the end of a line, is written as
 * its number.  s: UTF-8; newly allocated. */
char *text_yaml(const char *s);

#endif
