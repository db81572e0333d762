/* joined_tables.h: the rows of one label file, a row an image, with the rows of further files that
 * have the same keys. */
#ifndef JOINED_TABLES_H
#define JOINED_TABLES_H

#include "csv_table.h"
#include "mapping.h"

enum { MOST_JOINED = 16 };

typedef struct joined_tables {
  int n;                         /* files; the first has the images */
  const char *path[MOST_JOINED]; /* lent */
  csv_table table[MOST_JOINED];
  int64_t *match[MOST_JOINED]; /* of a further file: its row for each of the first's, or -1 */
  int64_t unused[MOST_JOINED]; /* of a further file: rows that belong to no image */
  const mapping *mapping;      /* lent */
} joined_tables;

typedef struct joined_column {
  int file, column; /* column -1: there is none */
} joined_column;

/* Reads files and joins them by the columns m->join, as many of them as a further file has.  The
 * file of images is the first that has the columns of m->columns.image.  Release *out in any case.
 */
int joined_tables_open(const mapping *m, int n, char *const *path, joined_tables *out);
void joined_tables_close(joined_tables *s);

/* The column of that name.  Where several files have it, of the one that the mapping's labels.from
 * means; it is an error where that is not one, unless files are joined by it.  name NULL: none.
 * key: what asks. */
int joined_tables_find(const joined_tables *s, const char *key, const char *name,
                       joined_column *out);
/* A cell of a row of images; "" without a column; NULL where the further file has no row for it. */
const char *joined_tables_cell(const joined_tables *s, joined_column c, int64_t row);
/* "FILE:LINE" of that cell; allocated. */
char *joined_tables_place(const joined_tables *s, joined_column c, int64_t row);

#endif
