#include "joined_tables.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "image_path.h"
#include "memory.h"
#include "text.h"
#include "text_set.h"
#include "xsite.h"

/* ---- which file has the images ---- */

static bool has_images(const csv_table *t, const image_path *p) {
  for (int i = 0; i < p->n; i++) {
    if (p->piece[i].is_column && csv_table_find(t, p->piece[i].text) < 0) return false;
  }
  return true;
}

static void swap_files(joined_tables *s, int i) {
  const char *path = s->path[0];
  csv_table table = s->table[0];
  s->path[0] = s->path[i];
  s->table[0] = s->table[i];
  s->path[i] = path;
  s->table[i] = table;
}

static int bring_images_first(const mapping *m, joined_tables *s) {
  image_path p;
  int status = image_path_parse(m->path, m->columns.image, &p), found = -1;
  for (int i = s->n - 1; i >= 0; i--) {
    if (has_images(&s->table[i], &p)) found = i;
  }
  if (found > 0) swap_files(s, found);
  image_path_release(&p);
  return status; /* where no file has them, the message is that of the missing column */
}

/* ---- joining ---- */

typedef struct keys { /* the columns that two files share */
  int n, first[MOST_JOINED], further[MOST_JOINED];
} keys;

static int find_keys(const mapping *m, const joined_tables *s, int file, keys *k) {
  k->n = 0;
  for (int i = 0; i < m->join.n && i < MOST_JOINED; i++) {
    int a = csv_table_find(&s->table[0], m->join.text[i]);
    int b = csv_table_find(&s->table[file], m->join.text[i]);
    if (a < 0 || b < 0) continue;
    k->first[k->n] = a;
    k->further[k->n++] = b;
  }
  if (k->n) return 0;
  return fail(XS_FAILED,
              "%s: has none of the columns by which %s joins it to %s; check `join`, or whether "
              "it is the right file",
              s->path[file], m->path, s->path[0]);
}

/* The key of a row; cells are parted by a byte that text does not have. */
static void make_key(const csv_table *t, const int *column, int n, int64_t row, buffer *key) {
  key->size = 0;
  for (int i = 0; i < n; i++) {
    buffer_text(key, t->cell[row * t->columns + column[i]]);
    buffer_text(key, "\x1f");
  }
}

/* Numbers the rows of a further file by their keys; two of one key are an error. */
static int number_rows(const mapping *m, const joined_tables *s, int file, const keys *k,
                       text_set *rows) {
  const csv_table *t = &s->table[file];
  buffer key = {0};
  int status = 0;
  for (int64_t i = 0; i < t->rows && !status; i++) {
    make_key(t, k->further, k->n, i, &key);
    int64_t number = text_set_add(rows, key.text);
    if (number == i) continue;
    status = fail(XS_FAILED,
                  "%s:%lld: has the same keys (`join` of %s) as line %lld; keep one of the rows",
                  s->path[file], (long long)t->line[i], m->path, (long long)t->line[number]);
  }
  buffer_free(&key);
  return status;
}

static void match_rows(joined_tables *s, int file, const keys *k, const text_set *rows) {
  const csv_table *t = &s->table[0];
  buffer key = {0};
  bool *used = memory_new(sizeof *used * (size_t)rows->n);
  s->unused[file] = rows->n;
  s->match[file] = memory_new(sizeof *s->match[file] * (size_t)t->rows);
  for (int64_t i = 0; i < t->rows; i++) {
    make_key(t, k->first, k->n, i, &key);
    int64_t number = text_set_find(rows, key.text);
    s->match[file][i] = number;
    if (number < 0 || used[number]) continue;
    used[number] = true;
    s->unused[file]--;
  }
  free(used);
  buffer_free(&key);
}

static int join(const mapping *m, joined_tables *s, int file) {
  keys k;
  text_set rows = {0};
  int status = find_keys(m, s, file, &k);
  if (!status) status = number_rows(m, s, file, &k, &rows);
  if (!status) match_rows(s, file, &k, &rows);
  text_set_release(&rows);
  return status;
}

int joined_tables_open(const mapping *m, int n, char *const *path, joined_tables *out) {
  *out = (joined_tables){.mapping = m};
  if (n > MOST_JOINED) {
    return fail(XS_USAGE, "%s: %d label files are too many, at most %d are joined", m->path, n,
                MOST_JOINED);
  }
  int status = 0;
  for (; out->n < n && !status; out->n++) {
    out->path[out->n] = path[out->n];
    status = csv_table_read(path[out->n], &out->table[out->n]);
  }
  if (!status) status = bring_images_first(m, out);
  for (int i = 1; i < n && !status; i++) status = join(m, out, i);
  return status;
}

void joined_tables_close(joined_tables *s) {
  for (int i = 0; i < s->n; i++) {
    csv_table_release(&s->table[i]);
    free(s->match[i]);
  }
  memset(s, 0, sizeof *s);
}

/* ---- cells ---- */

static bool is_key(const joined_tables *s, const char *name) {
  const xs_texts *join = &s->mapping->join;
  for (int i = 0; i < join->n; i++) {
    if (!strcmp(join->text[i], name)) return true;
  }
  return false;
}

static bool has(const joined_tables *s, int file, const char *name, bool preferred) {
  const char *from = s->mapping->labels.from, *slash = strrchr(s->path[file], '/');
  if (csv_table_find(&s->table[file], name) < 0) return false;
  return !preferred || (from && strstr(slash ? slash : s->path[file], from));
}

/* The first file that has the column, which becomes *file; how many have it. */
static int count_files(const joined_tables *s, const char *name, bool preferred, int *file) {
  int n = 0;
  for (int i = s->n - 1; i >= 0; i--) {
    if (!has(s, i, name, preferred)) continue;
    *file = i;
    n++;
  }
  return n;
}

/* Of two files' labels neither is taken silently. */
static int refuse_both(const joined_tables *s, const char *key, const char *name, int file) {
  int other = file + 1;
  while (!has(s, other, name, false)) other++;
  return fail(XS_FAILED,
              "%s and %s both have the column \"%s\" (%s); name only one of them, or say by "
              "labels.from what is in one's name only",
              s->path[file], s->path[other], name, key);
}

int joined_tables_find(const joined_tables *s, const char *key, const char *name,
                       joined_column *out) {
  *out = (joined_column){0, -1};
  if (!name) return 0;
  const int n = count_files(s, name, false, &out->file);
  if (n > 1 && !is_key(s, name) && count_files(s, name, true, &out->file) != 1) {
    count_files(s, name, false, &out->file);
    return refuse_both(s, key, name, out->file);
  }
  return csv_table_column(&s->table[out->file], s->path[out->file], key, name, &out->column);
}

const char *joined_tables_cell(const joined_tables *s, joined_column c, int64_t row) {
  if (c.column < 0) return "";
  if (c.file) row = s->match[c.file][row];
  if (row < 0) return NULL;
  const csv_table *t = &s->table[c.file];
  return t->cell[row * t->columns + c.column];
}

char *joined_tables_place(const joined_tables *s, joined_column c, int64_t row) {
  if (c.file && s->match[c.file][row] >= 0) row = s->match[c.file][row];
  return text_format("%s:%lld", s->path[c.file], (long long)s->table[c.file].line[row]);
}
