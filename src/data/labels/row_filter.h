/* row_filter.h: "COLUMN = A | B" and "COLUMN != A | B" on rows of a label file. */
#ifndef ROW_FILTER_H
#define ROW_FILTER_H

#include "joined_tables.h"
#include "label_cell.h"

typedef struct condition {
  char *text; /* of the names below */
  joined_column at;
  bool differs;
  label_terms values; /* none: the empty cell */
} condition;

typedef struct conditions {
  int n;
  condition *condition;
} conditions;

/* path: of the mapping, for messages.  Release *out in any case. */
int conditions_parse(const char *path, const xs_texts *texts, const joined_tables *s,
                     conditions *out);
bool conditions_hold(const conditions *c, const joined_tables *s, int64_t row); /* all of them */
void conditions_release(conditions *c);

#endif
