/* curve.h: a unit's curve.tsv, thinned for drawing. */
#ifndef CURVE_H
#define CURVE_H

#include <stdbool.h>

typedef struct curve {
  int columns, rows;
  char **name;   /* [columns] lent from text */
  double *value; /* [rows][columns], NAN where not measured */
  char *text;
} curve;

/* Reads a header line and rows of as many numbers; 0, or non-zero with a message. */
int curve_read(const char *path, curve *out);
void curve_free(curve *c);
int curve_column(const curve *c, const char *name); /* -1 if there is none */
/* At most `most` rows, each the mean of the measured values of a block; the first column is its
 * last value. */
void curve_thin(curve *c, int most);
bool curve_measured(const curve *c, int column); /* any number in it */

#endif
