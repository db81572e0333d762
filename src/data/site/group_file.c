/* A file of groups in place of a column: what a data check writes, so that duplicates of a film,
 * also those at another site, are on one side of every split. */
#include <stdlib.h>
#include <string.h>

#include "csv_table.h"
#include "error.h"
#include "image_folder.h"
#include "memory.h"
#include "random.h"
#include "unicode.h"
#include "xsite.h"

typedef struct row {
  const char *file, *group;
} row;

static int compare_rows(const void *a, const void *b) {
  const row *p = a, *q = b;
  return strcmp(p->file, q->file);
}

static int assign(const char *path, row *r, int64_t n, listing *l) {
  qsort(r, (size_t)n, sizeof *r, compare_rows);
  for (int64_t i = 0; i < l->n; i++) {
    char *file = unicode_escape(l->entry[i].file);
    unicode_compose(file); /* as the cells are */
    const row wanted = {file, NULL};
    const row *found = bsearch(&wanted, r, (size_t)n, sizeof *r, compare_rows);
    free(file);
    if (!found || !*found->group) {
      return fail(XS_FAILED,
                  "%s: no group for the image \"%s\"; write the file again with `xsite data check "
                  "--groups`",
                  path, l->entry[i].file);
    }
    l->entry[i].group = random_stream(found->group);
  }
  return 0;
}

int group_file_read(const char *path, listing *l) {
  csv_table t;
  int file = 0, group = 0, status = csv_table_read(path, &t);
  if (!status) status = csv_table_column(&t, path, "group_file", "file", &file);
  if (!status) status = csv_table_column(&t, path, "group_file", "group", &group);
  if (!status) {
    row *r = memory_new(sizeof *r * (size_t)t.rows);
    for (int64_t i = 0; i < t.rows; i++) {
      r[i] = (row){t.cell[i * t.columns + file], t.cell[i * t.columns + group]};
    }
    status = assign(path, r, t.rows, l);
    free(r);
  }
  csv_table_release(&t);
  return status;
}
