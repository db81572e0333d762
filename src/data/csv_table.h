/* csv_table.h: a CSV file in memory: a header row that names the columns, rows of as many cells. */
#ifndef CSV_TABLE_H
#define CSV_TABLE_H

#include <stdint.h>

typedef struct csv_table {
  int columns;
  int64_t rows;  /* without the header */
  char **name;   /* [columns] */
  char **cell;   /* [rows][columns] */
  int64_t *line; /* [rows] of the file, from 1 */
} csv_table;

/* Reads a file with commas, or semicolons where the header has no comma.  Release *out in any case.
 */
int csv_table_read(const char *path, csv_table *out);
void csv_table_release(csv_table *t);
/* Index of the column; without one of that name a message that lists the columns there are. option:
 * what asked for it. */
int csv_table_column(const csv_table *t, const char *path, const char *option, const char *name,
                     int *column);

#endif
