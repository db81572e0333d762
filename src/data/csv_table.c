#include "csv_table.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "xsite.h"

typedef struct reader { /* what libcsv's callbacks share */
  csv_table *t;
  const char *path;
  int64_t line;
  char **cell; /* [n] of the row so far */
  int n, room;
  int status; /* sticks */
} reader;

static void take_cell(void *text, size_t length, void *context) {
  reader *r = context;
  if (r->n == r->room) {
    r->room = 2 * r->room + 16;
    r->cell = memory_grow(r->cell, sizeof *r->cell * (size_t)r->room);
  }
  char *copy = memory_new(length + 1);
  if (length) memcpy(copy, text, length);
  r->cell[r->n++] = copy;
}

static void drop_row(reader *r) {
  for (int i = 0; i < r->n; i++) free(r->cell[i]);
  r->n = 0;
}

static void take_header(reader *r) {
  r->t->columns = r->n;
  r->t->name = r->cell;
  r->cell = NULL;
  r->n = r->room = 0;
}

static void append_row(reader *r) {
  csv_table *t = r->t;
  if ((t->rows & (t->rows - 1)) == 0) { /* room doubles at powers of two */
    size_t room = t->rows ? 2 * (size_t)t->rows : 1;
    t->cell = memory_grow(t->cell, sizeof *t->cell * room * (size_t)t->columns);
    t->line = memory_grow(t->line, sizeof *t->line * room);
  }
  memcpy(t->cell + t->rows * t->columns, r->cell, sizeof *r->cell * (size_t)r->n);
  t->line[t->rows++] = r->line;
  r->n = 0;
}

static void take_row(int end, void *context) {
  (void)end;
  reader *r = context;
  if (r->status) {
    drop_row(r);
  } else if (!r->t->name) {
    take_header(r);
  } else if (r->n != r->t->columns) {
    r->status =
        fail(XS_FAILED, "%s:%lld: %d cells, the header has %d; a cell with commas needs quotes",
             r->path, (long long)r->line, r->n, r->t->columns);
    drop_row(r);
  } else {
    append_row(r);
  }
}

static unsigned char find_delimiter(const char *text) {
  size_t header = strcspn(text, "\r\n");
  return !memchr(text, ',', header) && memchr(text, ';', header) ? ';' : ',';
}

/* Goes through the text line by line, so that rows know their line. */
static void parse(struct csv_parser *p, const char *text, size_t size, reader *r) {
  const char *end = text + size;
  while (text < end && !r->status) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t length = stop ? (size_t)(stop + 1 - text) : (size_t)(end - text);
    r->line++;
    if (csv_parse(p, text, length, take_cell, take_row, r) != length) {
      r->status = fail(XS_FAILED, "%s:%lld: not CSV: %s; check the quotes", r->path,
                       (long long)r->line, csv_strerror(csv_error(p)));
    }
    text += length;
  }
  if (!r->status && csv_fini(p, take_cell, take_row, r)) {
    r->status =
        fail(XS_FAILED, "%s: a quoted cell does not end before the end of the file", r->path);
  }
}

int csv_table_read(const char *path, csv_table *out) {
  memset(out, 0, sizeof *out);
  char *data;
  size_t size;
  int status = file_read(path, &data, &size);
  if (status) return status;
  size_t skip = size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0; /* byte-order mark */
  reader r = {.t = out, .path = path};
  struct csv_parser p;
  csv_init(&p, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_delim(&p, find_delimiter(data + skip));
  parse(&p, data + skip, size - skip, &r);
  csv_free(&p);
  drop_row(&r);
  free(r.cell);
  free(data);
  if (!r.status && !out->rows) {
    r.status = fail(XS_FAILED, "%s: no rows; expected a header row and a row per image", path);
  }
  return r.status;
}

void csv_table_release(csv_table *t) {
  for (int i = 0; i < t->columns; i++) free(t->name[i]);
  for (int64_t i = 0; i < t->rows * t->columns; i++) free(t->cell[i]);
  free(t->name);
  free(t->cell);
  free(t->line);
  memset(t, 0, sizeof *t);
}

static char *list_columns(const csv_table *t) {
  char *list = text_copy("");
  for (int i = 0; i < t->columns; i++) {
    char *longer = text_format("%s%s%s", list, i ? ", " : "", t->name[i]);
    free(list);
    list = longer;
  }
  return list;
}

int csv_table_column(const csv_table *t, const char *path, const char *option, const char *name,
                     int *column) {
  for (*column = 0; *column < t->columns; (*column)++) {
    if (!strcmp(t->name[*column], name)) return 0;
  }
  const char *near = text_nearest(name, (const char *const *)t->name, t->columns);
  char *list = list_columns(t);
  char *hint = near ? text_format("; did you mean %s: %s?", option, near) : text_copy("");
  int status = fail(XS_FAILED, "%s: no column \"%s\" (%s); its columns are: %s%s", path, name,
                    option, list, hint);
  free(list);
  free(hint);
  return status;
}
