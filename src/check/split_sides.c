#include <stdlib.h>
#include <string.h>

#include "csv_table.h"
#include "data_check.h"
#include "error.h"
#include "memory.h"
#include "text.h"

static int name_side(check_site *t, const char *name) {
  for (int k = 0; k < t->sides; k++) {
    if (!strcmp(t->side[k], name)) return k;
  }
  t->side = memory_grow(t->side, sizeof *t->side * (size_t)(t->sides + 1));
  t->side[t->sides] = text_copy(name);
  return t->sides++;
}

/* ---- drawn from the seed --------------------------------------------------------------------- */

typedef struct readable { /* a site's images that can be read, as a study would split them */
  xs_images images;
  int32_t *label;
  int64_t *at; /* places of the samples */
} readable;

static readable find_readable(const check *c, const check_site *t) {
  const size_t n = (size_t)t->n + 1;
  readable r = {.images = {.group = memory_new(sizeof(uint64_t) * n), .split = t->d.plan},
                .label = memory_new(sizeof *r.label * n),
                .at = memory_new(sizeof *r.at * n)};
  r.images.split.side = memory_new(n);
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    const image_stats *s = &c->sample[i];
    if (s->error) continue;
    const int64_t k = r.images.n++;
    r.at[k] = i;
    r.images.group[k] = s->group;
    r.label[k] = s->label;
    if (!t->read) r.images.split.side[k] = t->l.entry[s->row].side;
  }
  return r;
}

static int draw_sides(check *c, check_site *t) {
  static const char *const name[] = {"train", "validation", "test"};
  readable r = find_readable(c, t);
  int status = 0;
  for (int k = 0; k < 3 && !status; k++) {
    int64_t *rows, n;
    status = (int)xs_split_labelled(&r.images, r.label, t->d.classes.n, (uint64_t)c->o->seed,
                                    check_by_image(c->o), 0, (xs_split)k, &rows, &n);
    const int side = name_side(t, name[k]);
    for (int64_t i = 0; i < n; i++) c->sample[r.at[rows[i]]].side = side;
    free(rows);
  }
  free(r.images.group);
  free(r.images.split.side);
  free(r.label);
  free(r.at);
  return status;
}

/* ---- a column of the site's file ------------------------------------------------------------- */

/* file: the number of the label file. */
static void take_cells(check *c, check_site *t, int file, const csv_table *table, int column) {
  int64_t last = table->line[table->rows - 1], *row = memory_new(sizeof *row * (size_t)(last + 1));
  for (int64_t i = 0; i < table->rows; i++) row[table->line[i]] = i;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    image_stats *s = &c->sample[i];
    const entry *e = &t->l.entry[s->row];
    if (s->error || e->csv != file) continue;
    const char *cell = table->cell[row[e->line] * table->columns + column];
    if (*cell) s->side = name_side(t, cell);
  }
  free(row);
}

static bool has_images(const check_site *t, int file) {
  for (int64_t i = 0; i < t->l.n; i++) {
    if (t->l.entry[i].csv == file) return true;
  }
  return false;
}

static int read_file(check *c, check_site *t, int file) {
  const char *path = t->d.labels.text[file];
  csv_table table;
  int column, status = csv_table_read(path, &table);
  if (!status) {
    status = csv_table_column(&table, path, "split_column", c->o->split_column, &column);
  }
  if (!status) take_cells(c, t, file, &table, column);
  csv_table_release(&table);
  return status;
}

/* Of files that are joined only one has images. */
static int read_sides(check *c, check_site *t) {
  if (t->read || !t->d.labels.n) {
    return fail(XS_USAGE, "%s: split_column: the site has no CSV file with columns", t->path);
  }
  int status = 0;
  for (int i = 0; i < t->d.labels.n && !status; i++) {
    if (has_images(t, i)) status = read_file(c, t, i);
  }
  return status;
}

int sides_find(check *c) {
  int status = 0;
  for (int i = 0; i < c->sites && !status; i++) {
    status = c->o->split_column ? read_sides(c, &c->site[i]) : draw_sides(c, &c->site[i]);
  }
  return status;
}
