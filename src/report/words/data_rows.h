/* data_rows.h: the rows of a table that describes data sets, a column each. */
#ifndef DATA_ROWS_H
#define DATA_ROWS_H

#include "number.h"
#include "results.h"

typedef enum data_row_kind {
  DATA_IMAGES,
  DATA_GROUPS,
  DATA_LEVEL,  /* images of a level, and their share of those of which it is known */
  DATA_NUMBER, /* mean and deviation */
  DATA_UNKNOWN /* images of which it is not known */
} data_row_kind;

typedef struct data_row {
  data_row_kind kind;
  const char *name, *value; /* characteristic and level */
} data_row;

enum { DATA_MOST_LEVELS = 20 }; /* of a characteristic; more are in sites.csv alone */

/* What any of the n columns knows; patients only where some have several images; allocated. */
data_row *data_rows(const data_side *const *column, int n, int *rows);
char *data_row_name(const data_row *row); /* "sex F"; allocated */
number data_cell(const data_row *row, const data_side *column);
/* NULL: nothing was tested. */
const data_test *data_row_test(const data_row *row, const data_sets *d);
number data_f(const data_test *t); /* "12.31 (1, 998)" with degrees of freedom; NULL: a dash */

#endif
