#include "csv_table.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "text.h"
#include "unicode.h"
#include "unpack.h"
#include "xsite.h"

enum { MOST_CELLS = 4096, LARGEST_FILE = 1 << 29 };

typedef struct reader { /* what libcsv's callbacks share */
  csv_table *t;
  const char *path;
  int64_t line, start; /* the present one; where its row began, 0 between rows */
  char *cell[MOST_CELLS];
  int n;      /* cells of the row so far */
  int header; /* cells of the header */
  int widest; /* cells of every row where the header is too short, else 0 */
  char *next; /* where the next text goes */
  int64_t room;
  int status; /* sticks */
} reader;

/* ---- texts ---- */

/* Fails at the present row's next cell.  what: about it; advice: what to do. */
static int refuse_cell(const reader *r, const char *what, const char *advice) {
  bool named = r->t->name && r->n < r->t->columns;
  return fail(XS_FAILED, "%s:%lld: column %d%s%s%s: %s; %s", r->path, (long long)r->start, r->n + 1,
              named ? " (\"" : "", named ? r->t->name[r->n] : "", named ? "\")" : "", what, advice);
}

static int refuse_encoding(const reader *r, int wrong) {
  char what[32];
  snprintf(what, sizeof what, "the byte 0x%02x is not UTF-8", (unsigned)wrong);
  return refuse_cell(r, what, "convert the file, e.g. iconv -f latin1 -t utf-8");
}

static void take_cell(void *text, size_t length, void *context) {
  reader *r = context;
  if (r->status) return;
  if (r->n == MOST_CELLS) {
    r->status = fail(XS_FAILED, "%s:%lld: more than %d cells in a row; this is no label file",
                     r->path, (long long)r->start, MOST_CELLS);
    return;
  }
  char *copy = r->next;
  if (length) memcpy(copy, text, length);
  copy[length] = 0;
  r->next += length + 1;
  const char *wrong = unicode_wrong_byte(copy);
  if (wrong) r->status = refuse_encoding(r, (unsigned char)*wrong);
  unicode_compose(copy);
  r->cell[r->n++] = copy;
}

/* ---- rows ---- */

static void take_header(reader *r) {
  csv_table *t = r->t;
  r->header = r->n;
  for (int i = 0; i < r->n; i++) {
    if (!i || *r->cell[i]) t->columns = i + 1;
  }
  t->name = memory_new(sizeof *t->name * (size_t)t->columns);
  memcpy(t->name, r->cell, sizeof *t->name * (size_t)t->columns);
}

static int refuse_long(const reader *r) {
  return fail(XS_FAILED, "%s:%lld: %d cells, %s %d; a cell with commas needs quotes", r->path,
              (long long)r->start, r->n, r->widest ? "the rows before have" : "the header has",
              r->widest ? r->widest : r->header);
}

static int check_length(reader *r) {
  int used = r->n;
  if (r->n < r->t->columns) {
    return fail(
        XS_FAILED,
        "%s:%lld: %d cells, the header has %d: none for \"%s\"; complete the row (a cell with "
        "commas needs quotes, an empty one its comma)",
        r->path, (long long)r->start, r->n, r->header, r->t->name[r->n]);
  }
  while (used > r->header && !*r->cell[used - 1]) used--;
  if (!r->t->rows && used > r->header) r->widest = r->n;
  if (r->widest ? r->n != r->widest : used > r->header) return refuse_long(r);
  return 0;
}

static void append_row(reader *r) {
  csv_table *t = r->t;
  if (t->rows == r->room) {
    r->room = 2 * r->room + 64;
    t->cell = memory_grow(t->cell, sizeof *t->cell * (size_t)(r->room * t->columns));
    t->line = memory_grow(t->line, sizeof *t->line * (size_t)r->room);
  }
  char **row = t->cell + t->rows * t->columns;
  memcpy(row, r->cell, sizeof *row * (size_t)t->columns);
  t->line[t->rows++] = r->start;
}

static void take_row(int end, void *context) {
  (void)end;
  reader *r = context;
  if (!r->status && !r->t->name) {
    take_header(r);
  } else if (!r->status) {
    r->status = check_length(r);
    if (!r->status) append_row(r);
  }
  r->n = 0;
  r->start = 0;
}

/* ---- the file ---- */

static unsigned char find_delimiter(const char *text) {
  size_t header = strcspn(text, "\r\n");
  if (memchr(text, ',', header)) return ',';
  if (memchr(text, ';', header)) return ';';
  return memchr(text, '\t', header) ? '\t' : ',';
}

static bool is_blank(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (!strchr(" \t\r\n", text[i])) return false;
  }
  return true;
}

/* Goes through the text line by line, so that rows know their line. */
static void parse(struct csv_parser *p, const char *text, size_t size, reader *r) {
  const char *end = text + size;
  while (text < end && !r->status) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t length = stop ? (size_t)(stop + 1 - text) : (size_t)(end - text);
    r->line++;
    if (!r->start && !is_blank(text, length)) r->start = r->line;
    if (csv_parse(p, text, length, take_cell, take_row, r) != length && !r->status) {
      bool quote = csv_error(p) == CSV_EPARSE;
      r->status = refuse_cell(r,
                              quote ? "not CSV: a quote inside of a cell, or text behind its end"
                                    : csv_strerror(csv_error(p)),
                              "put the cell in quotes and double those within it");
    }
    text += length;
  }
  if (!r->status && csv_fini(p, take_cell, take_row, r)) {
    r->status = refuse_cell(r, "its quotes do not end before the end of the file", "close them");
  }
}

static int check_text(const char *path, const char *data, size_t size) {
  if (size >= 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2))) {
    return fail(XS_FAILED,
                "%s: is UTF-16; save it as UTF-8 (in Excel: \"CSV UTF-8\"), or convert it: iconv "
                "-f utf-16 -t utf-8",
                path);
  }
  const char *zero = memchr(data, 0, size), *start = data;
  if (!zero) return 0;
  int64_t line = 1;
  for (const char *s = data; s < zero; s++) {
    if (*s != '\n') continue;
    line++;
    start = s + 1;
  }
  return fail(
      XS_FAILED,
      "%s:%lld: byte %lld of the line is 0; the file is damaged or no text: get it again, or "
      "export it as CSV",
      path, (long long)line, (long long)(zero - start) + 1);
}

static void read_rows(const char *path, const char *data, size_t size, reader *r) {
  size_t skip = size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0; /* byte-order mark */
  struct csv_parser p;
  r->path = path;
  /* every cell ends with a byte of the file, or the file's end, which its 0 byte takes the place of
   */
  r->next = r->t->text = memory_new(size + 2);
  csv_init(&p, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_delim(&p, find_delimiter(data + skip));
  parse(&p, data + skip, size - skip, r);
  csv_free(&p);
}

/* Plain, or what gzip or ZIP packed; unpacked from the file, not from what was read. */
static int read_file(const char *path, char **data, size_t *size) {
  int status = file_read(path, data, size);
  if (status || *size < 4) return status;
  const bool gzip = !memcmp(*data, "\x1f\x8b", 2), zip = !memcmp(*data, "PK\x03\x04", 4);
  if (!gzip && !zip) return 0;
  free(*data);
  return (gzip ? unpack_stream : unpack_zip)(path, LARGEST_FILE, data, size);
}

int csv_table_read(const char *path, csv_table *out) {
  memset(out, 0, sizeof *out);
  char *data;
  size_t size;
  int status = read_file(path, &data, &size);
  if (!status) status = check_text(path, data, size);
  if (!status) {
    reader *r = memory_new(sizeof *r);
    r->t = out;
    read_rows(path, data, size, r);
    status = r->status;
    free(r);
  }
  free(data);
  if (!status && !out->rows) {
    status = fail(XS_FAILED, "%s: no rows; expected a header row and a row per image", path);
  }
  return status;
}

void csv_table_release(csv_table *t) {
  free(t->name);
  free(t->cell);
  free(t->line);
  free(t->text);
  memset(t, 0, sizeof *t);
}

/* ---- columns ---- */

static char *list_columns(const csv_table *t) {
  buffer list = {0};
  for (int i = 0; i < t->columns; i++) buffer_add(&list, "%s%s", i ? ", " : "", t->name[i]);
  return buffer_take(&list);
}

int csv_table_find(const csv_table *t, const char *name) {
  for (int i = 0; i < t->columns; i++) {
    if (!strcmp(t->name[i], name)) return i;
  }
  return -1;
}

static int refuse_column(const csv_table *t, const char *path, const char *option,
                         const char *name) {
  const char *near = text_nearest(name, (const char *const *)t->name, t->columns);
  char *list = list_columns(t);
  char *hint = near && *near ? text_format("; did you mean %s: %s?", option, near) : text_copy("");
  int status = fail(XS_FAILED, "%s: no column \"%s\" (%s); its columns are: %s%s", path, name,
                    option, list, hint);
  free(list);
  free(hint);
  return status;
}

int csv_table_column(const csv_table *t, const char *path, const char *option, const char *name,
                     int *column) {
  *column = csv_table_find(t, name);
  if (*column < 0) return refuse_column(t, path, option, name);
  for (int i = *column + 1; i < t->columns; i++) {
    if (strcmp(t->name[i], name)) continue;
    return fail(XS_FAILED,
                "%s:1: two columns are called \"%s\" (%s): columns %d and %d; rename one", path,
                name, option, *column + 1, i + 1);
  }
  return 0;
}

int csv_check_name(const char *path, int64_t line, const char *column, const char *text) {
  if (!text || !*text) {
    return fail(XS_FAILED, "%s:%lld: \"%s\" is empty; every image needs one", path, (long long)line,
                column);
  }
  if (!strpbrk(text, "\r\n")) return 0;
  return fail(XS_FAILED, "%s:%lld: \"%s\" goes over lines; check the quotes of this row", path,
              (long long)line, column);
}
