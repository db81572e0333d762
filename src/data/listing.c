#include <stdlib.h>
#include <string.h>

#include "csv_table.h"
#include "error.h"
#include "file.h"
#include "folder.h"
#include "xsite.h"

static int compare_entries(const void *a, const void *b) {
  const entry *p = *(const entry *const *)a, *q = *(const entry *const *)b;
  int order = strcmp(p->file, q->file);
  return order ? order : p->line < q->line ? -1 : p->line > q->line;
}

static int check_duplicates(const char *csv, const listing *l) {
  const entry **sorted = memory_new(sizeof(const entry *) * (size_t)l->n);
  int status = 0;
  for (int64_t i = 0; i < l->n; i++) sorted[i] = &l->entry[i];
  qsort(sorted, (size_t)l->n, sizeof *sorted, compare_entries);
  for (int64_t i = 1; i < l->n && !status; i++) {
    if (strcmp(sorted[i - 1]->file, sorted[i]->file)) continue;
    status = fail(XS_FAILED, "%s:%lld: image \"%s\" was already on line %lld; keep one of them",
                  csv, (long long)sorted[i]->line, sorted[i]->file, (long long)sorted[i - 1]->line);
  }
  free(sorted);
  return status;
}

static int check_present(const domain *d, const char *csv, const listing *l) {
  const char *dir = d->images.text[0];
  for (int64_t i = 0; i < l->n; i++) {
    const entry *e = &l->entry[i];
    char *path = file_join(dir, e->file);
    bool present = file_exists(path);
    free(path);
    if (present) continue;
    char *below = folder_below(dir, e->file);
    char *hint = below ? text_format("it is in %s: name that folder in `images`", below)
                       : text_copy("correct the row or remove it");
    int status = fail(XS_FAILED, "%s:%lld: image \"%s\" is not in %s; %s", csv, (long long)e->line,
                      e->file, dir, hint);
    free(below);
    free(hint);
    return status;
  }
  return 0;
}

typedef struct columns { /* indices, -1 none */
  int file, label, group, attribute[ATTRIBUTES];
} columns;

static int find_attributes(const domain *d, const char *csv, const csv_table *t, columns *c) {
  static const char *const key[] = {"sex_column", "age_column", "view_column", "scanner_column"};
  const char *const name[] = {d->sex_column, d->age_column, d->view_column, d->scanner_column};
  for (int i = 0; i < ATTRIBUTES; i++) {
    c->attribute[i] = -1;
    if (name[i] && csv_table_column(t, csv, key[i], name[i], &c->attribute[i])) return XS_FAILED;
  }
  return 0;
}

static int find_columns(const domain *d, const char *csv, const csv_table *t, columns *c) {
  const char *label = d->label_column ? d->label_column : "label";
  *c = (columns){.file = -1, .label = -1, .group = -1};
  if (find_attributes(d, csv, t, c)) return XS_FAILED;
  if (csv_table_column(t, csv, "file_column", d->file_column, &c->file)) return XS_FAILED;
  if (d->classes.n && csv_table_column(t, csv, "label_column", label, &c->label)) return XS_FAILED;
  if (!d->group_column) return 0;
  return csv_table_column(t, csv, "group_column", d->group_column, &c->group);
}

/* An empty label is unknown. */
static int read_label(const domain *d, const char *csv, int64_t line, const char *text,
                      int32_t *label) {
  *label = *text ? domain_class(d, text) : -1;
  if (*label >= 0 || !*text) return 0;
  const char *near = text_nearest(text, (const char *const *)d->classes.text, d->classes.n);
  return fail(XS_FAILED,
              "%s:%lld: label \"%s\" is not a class of %s (%s%s%s%d classes); correct it or "
              "leave it empty for unknown",
              csv, (long long)line, text, d->path, near ? "nearest: " : "", near ? near : "",
              near ? ", " : "", d->classes.n);
}

static int read_row(const domain *d, const char *csv, const csv_table *t, const columns *c,
                    int64_t row, entry *e) {
  char **cell = t->cell + row * t->columns;
  const char *group = cell[c->group >= 0 ? c->group : c->file];
  e->file = text_copy(cell[c->file]);
  e->line = t->line[row];
  e->label = -1;
  if (!*e->file || !*group) {
    return fail(XS_FAILED, "%s:%lld: the column \"%s\" is empty; every image needs one", csv,
                (long long)e->line, *e->file ? d->group_column : d->file_column);
  }
  e->group = domain_group(d, group);
  if (c->group >= 0) e->patient = text_copy(group);
  for (int i = 0; i < ATTRIBUTES; i++) {
    if (c->attribute[i] < 0) continue;
    e->attribute[i] = attribute_read((attribute_kind)i, cell[c->attribute[i]]);
  }
  return c->label >= 0 ? read_label(d, csv, e->line, cell[c->label], &e->label) : 0;
}

static int read_rows(const domain *d, const char *csv, const csv_table *t, listing *out) {
  columns c;
  int status = find_columns(d, csv, t, &c);
  if (status) return status;
  out->patients = c.group >= 0;
  for (int i = 0; i < ATTRIBUTES; i++) out->present[i] = c.attribute[i] >= 0;
  out->entry = memory_new(sizeof *out->entry * (size_t)t->rows);
  for (; out->n < t->rows && !status; out->n++) {
    status = read_row(d, csv, t, &c, out->n, &out->entry[out->n]);
  }
  if (!status) status = check_duplicates(csv, out);
  return status ? status : check_present(d, csv, out);
}

static int read_csv(const domain *d, listing *out) {
  csv_table t;
  const char *csv = d->labels.text[0];
  int status = csv_table_read(csv, &t);
  if (!status) status = read_rows(d, csv, &t, out);
  csv_table_release(&t);
  return status;
}

static int refuse_empty(const char *dir) {
  char *below = folder_below(dir, NULL);
  int status = below
                   ? fail(XS_FAILED,
                          "%s: no PNG or JPEG images here, but in %s: name that folder in `images`",
                          dir, below)
                   : fail(XS_FAILED, "%s: no PNG or JPEG images in this folder", dir);
  free(below);
  return status;
}

static int read_folder(const domain *d, listing *out) {
  const char *dir = d->images.text[0];
  option_texts names = folder_images(dir);
  int status = names.n ? 0 : refuse_empty(dir);
  out->entry = memory_new(sizeof *out->entry * (size_t)(names.n + 1));
  for (int i = 0; i < names.n; i++) {
    out->entry[out->n++] = (entry){
        .file = text_copy(names.text[i]), .label = -1, .group = domain_group(d, names.text[i])};
  }
  folder_release(&names);
  return status;
}

int listing_read(const domain *d, listing *out) {
  *out = (listing){0};
  if (!file_is_dir(d->images.text[0])) {
    return fail(XS_FAILED, "%s: images: there is no folder %s; check the path", d->path,
                d->images.text[0]);
  }
  return d->labels.n ? read_csv(d, out) : read_folder(d, out);
}

void listing_release(listing *l) {
  for (int64_t i = 0; i < l->n; i++) {
    free(l->entry[i].file);
    free(l->entry[i].patient);
    for (int k = 0; k < ATTRIBUTES; k++) free(l->entry[i].attribute[k]);
  }
  free(l->entry);
}
