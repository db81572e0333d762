/* label_cell.h: the terms in one cell of a label file. */
#ifndef LABEL_CELL_H
#define LABEL_CELL_H

enum { MOST_TERMS = 256 };

typedef struct label_terms {
  int n;
  char *term[MOST_TERMS]; /* without blanks around; none is empty; lent from the text */
} label_terms;

/* Both change the text, and return NULL or what is wrong with it. */
/* "a|b" with the separator "|". */
const char *label_split(char *text, const char *separator, label_terms *out);
/* A Python list of texts: ['a', "b's"]. */
const char *label_parse_list(char *text, label_terms *out);

#endif
