/* curve_file.h: a unit's curve.tsv, thinned for drawing. */
#ifndef CURVE_FILE_H
#define CURVE_FILE_H

#include <stdbool.h>

typedef struct history {
  int columns, rows;
  char **name;   /* [columns] lent from text */
  double *value; /* [rows][columns], NAN where not measured */
  char *text;
} history;

/* Reads a header line and rows of as many numbers; 0, or non-zero with a message. */
int history_read(const char *path, history *out);
void history_free(history *c);
int history_column(const history *c, const char *name); /* -1 if there is none */
/* At most `most` rows, each the mean of the measured values of a block; the first column is its
 * last value. */
void history_thin(history *c, int most);
bool history_measured(const history *c, int column); /* any number in it */

#endif
