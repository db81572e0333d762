/* figure.h: draws with gnuplot: NAME.tsv and NAME.gp become NAME.svg and NAME.pdf. */
#ifndef FIGURE_H
#define FIGURE_H

#include "report_files.h"

typedef struct figure {
  const char *name;  /* file stem; figure_name makes one of any text */
  const char *title; /* what a screen reader says */
  int width, height; /* of the SVG in pixels; a hundredth of it in inches for the PDF */
  const char *table; /* the whole of NAME.tsv */
  const char *plot;  /* gnuplot commands that draw, reading the table as `table` */
} figure;

/* Writes the four files in DIR/figures.  *svg: the drawing as an element to be put in a page, in
 * the colours of the text around it; allocated.  0, or non-zero with a message. */
int figure_draw(report_files *files, const figure *f, char **svg);
/* The text with all but letters, digits and ._- replaced; allocated. */
char *figure_name(const char *text);

#endif
