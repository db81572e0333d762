/* csv_table.h: a CSV file in memory: a header row that names the columns, rows of as many cells.
 *
 * Read are RFC 4180's quotes (also with line ends inside), LF, CRLF and CR, a byte-order mark, and
 * files packed by gzip or alone in a ZIP archive.  Text is UTF-8 without 0 bytes; accented letters
 * become one character each (unicode.h).  Cells beyond the header's are dropped where they are
 * empty, or where all rows have as many; a row that is longer than others is an error, since a
 * comma too many moves all cells behind it.  A row may end early only where no named column is
 * left. */
#ifndef CSV_TABLE_H
#define CSV_TABLE_H

#include <stdint.h>

typedef struct csv_table {
  int columns;
  int64_t rows;  /* without the header */
  char **name;   /* [columns], the last of which has a name; "" where the header has none */
  char **cell;   /* [rows][columns] */
  int64_t *line; /* [rows] of the file where the row begins, from 1 */
  char *text;    /* of all names and cells */
} csv_table;

/* Reads a file with commas, or semicolons or tabs where the header has no comma.  Release *out in
 * any case. */
int csv_table_read(const char *path, csv_table *out);
void csv_table_release(csv_table *t);
/* Index of the column; without one of that name a message that lists the columns there are; with
 * two it is an error.  option: what asked for it. */
int csv_table_column(const csv_table *t, const char *path, const char *option, const char *name,
                     int *column);
/* Fails where what names an image or a patient is NULL, empty, or goes over lines, as it does where
 * a quote was forgotten.  path:line: where it stands. */
int csv_check_name(const char *path, int64_t line, const char *column, const char *text);
/* Index of the first column of that name, or -1. */
int csv_table_find(const csv_table *t, const char *name);

#endif
