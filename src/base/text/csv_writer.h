/* csv_writer.h: rows of a CSV file, cell by cell; {0} is an empty file. */
#ifndef CSV_WRITER_H
#define CSV_WRITER_H

#include "buffer.h"

#include <stdbool.h>

typedef struct csv_writer {
  buffer text;
  bool begun; /* the present row has a cell */
} csv_writer;

/* A cell that a program reads: in quotes where a reader would take it for something else, and UTF-8
 * (unicode_escape); NULL: an empty one. */
void csv_exact(csv_writer *c, const char *text);
/* The same for people, whose spreadsheet would compute a text that begins as a formula does (= + -
 * @): it gets a ' before it, unless it is a number or one character. */
void csv_text(csv_writer *c, const char *text);
/* A cell, or several with their commas, as it is. */
void csv_plain(csv_writer *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The fewest digits that are read back as the same number; an empty cell where it is not finite. */
void csv_number(csv_writer *c, double v);
void csv_end(csv_writer *c, const char *line_end); /* of the row */

#endif
