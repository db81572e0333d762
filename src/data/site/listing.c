#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buffer.h"
#include "csv_table.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "image_folder.h"
#include "labels.h"
#include "memory.h"
#include "row_votes.h"
#include "text.h"
#include "xsite.h"

static int compare_entries(const void *a, const void *b) {
  const entry *p = *(const entry *const *)a, *q = *(const entry *const *)b;
  int order = strcmp(p->file, q->file);
  return order ? order : p->line < q->line ? -1 : p->line > q->line;
}

/* n: how many there are. */
static int refuse_duplicate(const domain *d, const entry *first, const entry *again, int64_t n) {
  const bool other_file = first->csv != again->csv, other_label = first->label != again->label;
  if (!again->line) {
    return fail(XS_FAILED, "%s: image \"%s\" is in two folders: %s and %s", d->path, again->file,
                first->path, again->path);
  }
  return fail(XS_FAILED,
              "%s:%lld: image \"%s\" was already on line %lld%s%s%s; keep one of them (%lld row%s "
              "an image again), or say in %s how the rows of an image become one label: rows: any, "
              "all or majority",
              d->labels.text[again->csv], (long long)again->line, again->file,
              (long long)first->line, other_file ? " of " : "",
              other_file ? d->labels.text[first->csv] : "",
              other_label ? ", with another label" : "", (long long)n, n == 1 ? " lists" : "s list",
              d->mapping ? d->mapping : d->path);
}

static int check_duplicates(const domain *d, const listing *l) {
  const entry **sorted = memory_new(sizeof(const entry *) * (size_t)l->n);
  int64_t n = 0, first = 0;
  for (int64_t i = 0; i < l->n; i++) sorted[i] = &l->entry[i];
  if (l->n) qsort(sorted, (size_t)l->n, sizeof *sorted, compare_entries);
  for (int64_t i = 1; i < l->n; i++) {
    if (!strcmp(sorted[i - 1]->file, sorted[i]->file) && !n++) first = i;
  }
  int status = n ? refuse_duplicate(d, sorted[first - 1], sorted[first], n) : 0;
  free(sorted);
  return status;
}

/* ---- where the images are ---- */

static bool is_link(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
}

/* What to do about an image that is not there; allocated. */
static char *advise(const domain *d, const entry *e) {
  const char *dir = d->images.text[0];
  char *path = file_join(dir, e->file), *below = folder_below(dir, e->file), *advice;
  if (is_link(path)) {
    advice = text_copy("it is a link that leads nowhere, or in a circle");
  } else if (below) {
    advice = text_format("it is in %s: name that folder in `images`", below);
  } else {
    advice = text_copy("correct the row or remove it");
  }
  free(below);
  free(path);
  return advice;
}

static void note_missing(const domain *d, const entry *e, listing *l) {
  if (l->missing++) return;
  char *advice = advise(d, e);
  l->first_missing = text_format("%s:%lld: image \"%s\" is not in %s%s; %s", d->labels.text[e->csv],
                                 (long long)e->line, e->file, d->images.text[0],
                                 d->images.n > 1 ? " or the other folders of images" : "", advice);
  free(advice);
}

static void release_entry(entry *e) {
  free(e->file);
  free(e->path);
  free(e->patient);
  for (int k = 0; k < ATTRIBUTES; k++) free(e->attribute[k]);
}

/* Finds the images; those that are not there are put behind the others. */
static int find_images(const domain *d, bool skip, listing *l) {
  int64_t all = l->n;
  entry *lost = memory_new(sizeof *lost * (size_t)all);
  folder_finder finder = {.dirs = &d->images};
  int status = 0;
  l->n = 0;
  for (int64_t i = 0; i < all; i++) {
    entry e = l->entry[i];
    if (!status) status = folder_find(&finder, e.file, &e.path);
    if (e.path) {
      l->entry[l->n++] = e;
    } else {
      lost[l->missing] = e;
      note_missing(d, &e, l);
    }
  }
  folder_finder_release(&finder);
  memcpy(l->entry + l->n, lost, sizeof *lost * (size_t)l->missing);
  free(lost);
  if (status) return status;
  if (!l->missing || (skip && l->n)) return 0;
  if (!l->n) return fail(XS_FAILED, "%s (none of the images is there)", l->first_missing);
  return fail(XS_FAILED,
              "%s (%lld of %lld images %s not there; `xsite data check %s --out DIR` lists them; "
              "--skip-unreadable leaves them out)",
              l->first_missing, (long long)l->missing, (long long)all,
              l->missing == 1 ? "is" : "are", d->path);
}

/* ---- a plain table ---- */

typedef struct columns { /* indices, -1 none */
  int file, label, group, reader, split, attribute[ATTRIBUTES];
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
  *c = (columns){.file = -1, .label = -1, .group = -1, .reader = -1, .split = -1};
  if (find_attributes(d, csv, t, c)) return XS_FAILED;
  if (csv_table_column(t, csv, "file_column", d->file_column, &c->file)) return XS_FAILED;
  if (d->classes.n && csv_table_column(t, csv, "label_column", label, &c->label)) return XS_FAILED;
  if (d->reader_column && csv_table_column(t, csv, "reader_column", d->reader_column, &c->reader)) {
    return XS_FAILED;
  }
  if (d->split_column && csv_table_column(t, csv, "split_column", d->split_column, &c->split)) {
    return XS_FAILED;
  }
  if (!d->group_column) return 0;
  return csv_table_column(t, csv, "group_column", d->group_column, &c->group);
}

/* The classes for a message: no one of them is proposed, which might be the opposite; allocated. */
static char *list_classes(const domain *d) {
  enum { SHOWN = 8 };
  buffer list = {0};
  for (int i = 0; i < d->classes.n && i < SHOWN; i++) {
    buffer_add(&list, "%s\"%s\"", i ? ", " : "", d->classes.text[i]);
  }
  if (d->classes.n > SHOWN) buffer_add(&list, " and %d more", d->classes.n - SHOWN);
  return buffer_take(&list);
}

/* An empty label is unknown. */
static int read_label(const domain *d, const char *csv, int64_t line, const char *text,
                      int32_t *label) {
  *label = *text ? domain_class(d, text) : -1;
  if (*label >= 0 || !*text) return 0;
  char *classes = list_classes(d);
  fail(XS_FAILED,
       "%s:%lld: label \"%s\" is not a class of %s (%s); correct it or leave it empty for unknown",
       csv, (long long)line, text, d->path, classes);
  free(classes);
  return XS_FAILED;
}

static int read_row(const domain *d, const char *csv, const csv_table *t, const columns *c,
                    int64_t row, entry *e) {
  char **cell = t->cell + row * t->columns;
  const char *group = cell[c->group >= 0 ? c->group : c->file];
  e->file = text_copy(cell[c->file]);
  e->line = t->line[row];
  e->label = -1;
  if (folder_read_name(csv, e->line, e->file)) return XS_FAILED;
  if (csv_check_name(csv, e->line, d->file_column, e->file)) return XS_FAILED;
  if (c->group >= 0 && csv_check_name(csv, e->line, d->group_column, group)) return XS_FAILED;
  e->group = domain_group(d, group);
  if (c->group >= 0) e->patient = text_copy(group);
  if (c->split >= 0 && domain_side(d, csv, e->line, cell[c->split], &e->side)) return XS_FAILED;
  for (int i = 0; i < ATTRIBUTES; i++) {
    if (c->attribute[i] < 0) continue;
    e->attribute[i] = attribute_read((attribute_kind)i, cell[c->attribute[i]]);
  }
  return c->label >= 0 ? read_label(d, csv, e->line, cell[c->label], &e->label) : 0;
}

static int check_same(const char *csv, const entry *first, const entry *e) {
  if (e->side != first->side) {
    return fail(
        XS_FAILED,
        "%s:%lld: image \"%s\" is on another side of the split than on line %lld; correct the "
        "column",
        csv, (long long)e->line, e->file, (long long)first->line);
  }
  if (!e->patient || !strcmp(e->patient, first->patient)) return 0;
  return fail(
      XS_FAILED,
      "%s:%lld: image \"%s\" is of patient %s, on line %lld of patient %s; an image has one", csv,
      (long long)e->line, e->file, e->patient, (long long)first->line, first->patient);
}

/* The first entry of each image stays, with the label of the vote and what of its attributes any
 * row says. */
static int keep_first(const char *csv, const row_votes *v, listing *l) {
  int status = 0;
  for (int64_t i = 0; i < l->n; i++) {
    entry *e = &l->entry[i], *first = &l->entry[v->first[v->image[i]]];
    if (!status) status = check_same(csv, first, e);
    for (int k = 0; k < ATTRIBUTES; k++) {
      if (first->attribute[k]) continue;
      first->attribute[k] = e->attribute[k];
      e->attribute[k] = NULL;
    }
  }
  for (int64_t i = 0; i < l->n; i++) {
    if (v->first[v->image[i]] != i) release_entry(&l->entry[i]);
  }
  for (int64_t k = 0; k < v->images; k++) {
    l->entry[k] = l->entry[v->first[k]];
    l->entry[k].label = v->label[k];
  }
  l->n = v->images;
  return status;
}

/* Several rows of an image become one entry, the first. */
static int merge_rows(const domain *d, const char *csv, const csv_table *t, const columns *c,
                      listing *l) {
  const size_t n = (size_t)l->n + 1;
  const char **image = memory_new(sizeof *image * n), **reader = memory_new(sizeof *reader * n);
  int32_t *label = memory_new(sizeof *label * n);
  int status = 0;
  row_votes v;
  for (int64_t i = 0; i < l->n; i++) {
    image[i] = l->entry[i].file;
    label[i] = l->entry[i].label;
    reader[i] = c->reader < 0 ? NULL : t->cell[i * t->columns + c->reader];
    if (!reader[i] || status) continue;
    status = csv_check_name(csv, l->entry[i].line, d->reader_column, reader[i]);
  }
  const row_votes_in in = {d->rows, d->classes.n > 2 ? d->classes.n : 2, l->n,
                           image,   c->reader < 0 ? NULL : reader,       label};
  row_votes_count(&in, &v);
  if (!status) status = keep_first(csv, &v, l);
  row_votes_release(&v);
  free(label);
  free(reader);
  free(image);
  return status;
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
  return status || !d->rows ? status : merge_rows(d, csv, t, &c, out);
}

static int read_csv(const domain *d, listing *out) {
  csv_table t;
  const char *csv = d->labels.text[0];
  int status = csv_table_read(csv, &t);
  if (!status) status = read_rows(d, csv, &t, out);
  csv_table_release(&t);
  return status;
}

/* ---- label files with a mapping ---- */

static int take_row(const domain *d, label_row *row, entry *e) {
  *e = (entry){.file = row->image,
               .csv = row->file,
               .line = row->line,
               .label = row->outcome <= LABEL_POSITIVE ? (int32_t)row->outcome : -1,
               .group = domain_group(d, row->patient ? row->patient : row->image),
               .patient = row->patient};
  memcpy(e->attribute, row->attribute, sizeof e->attribute);
  memset(row->attribute, 0, sizeof row->attribute);
  row->image = row->patient = NULL;
  return row->split ? domain_side(d, d->labels.text[e->csv], e->line, row->split, &e->side) : 0;
}

static int take_rows(const domain *d, labels *x, listing *out) {
  out->entry = memory_new(sizeof *out->entry * (size_t)(x->n + 1));
  int status = 0;
  for (int64_t i = 0; i < x->n && !status; i++) {
    if (!labels_keeps(d->map, x->row[i].outcome)) continue;
    status = take_row(d, &x->row[i], &out->entry[out->n++]);
  }
  out->patients = x->patients;
  memcpy(out->present, x->present, sizeof out->present);
  if (status || out->n) return status;
  return fail(XS_FAILED, "%s: %s keeps none of the %lld rows; `xsite labels` says why", d->path,
              d->mapping, (long long)x->n);
}

static int read_mapped(const domain *d, listing *out) {
  labels x;
  int status = labels_read(d->map, &d->labels, d->only, &x);
  if (!status) status = labels_check_terms(d->map, &x);
  if (!status) status = take_rows(d, &x, out);
  if (x.first_missing) {
    out->unlisted =
        text_format("%lld of %lld names in %s have no row in the label files of %s; the first: %s",
                    (long long)x.missing, (long long)x.listed, d->only, d->name, x.first_missing);
  }
  labels_release(&x);
  return status;
}

/* ---- folders without a table ---- */

static int refuse_empty(const char *dir) {
  char *below = folder_below(dir, NULL);
  int status =
      below ? fail(XS_FAILED,
                   "%s: no PNG, JPEG, TIFF, BMP or DICOM images here, but in %s: name that folder "
                   "in `images`",
                   dir, below)
            : fail(XS_FAILED, "%s: no PNG, JPEG, TIFF, BMP or DICOM images in this folder", dir);
  free(below);
  return status;
}

static int read_folder(const domain *d, const char *dir, listing *out) {
  xs_texts names;
  int status = folder_images(dir, &names);
  if (!status && !names.n) status = refuse_empty(dir);
  out->entry = memory_grow(out->entry, sizeof *out->entry * (size_t)(out->n + names.n + 1));
  for (int i = 0; i < names.n; i++) {
    out->entry[out->n++] = (entry){.file = text_copy(names.text[i]),
                                   .path = file_join(dir, names.text[i]),
                                   .label = -1,
                                   .group = domain_group(d, names.text[i])};
  }
  file_list_release(&names);
  return status;
}

static int read_folders(const domain *d, listing *out) {
  int status = 0;
  for (int i = 0; i < d->images.n && !status; i++) {
    status = read_folder(d, d->images.text[i], out);
  }
  return status;
}

/* ---- all kinds ---- */

static int check_folders(const domain *d) {
  for (int i = 0; i < d->images.n; i++) {
    if (file_is_dir(d->images.text[i])) continue;
    return fail(XS_FAILED, "%s: images: there is no folder %s; check the path", d->path,
                d->images.text[i]);
  }
  return 0;
}

int listing_read(const domain *d, bool skip, listing *out) {
  *out = (listing){0};
  int status = check_folders(d);
  if (!status) {
    status = d->mapping    ? read_mapped(d, out)
             : d->labels.n ? read_csv(d, out)
                           : read_folders(d, out);
  }
  if (!status) status = check_duplicates(d, out);
  if (!status && d->labels.n) status = find_images(d, skip, out);
  return status || !d->group_file ? status : group_file_read(d->group_file, out);
}

void listing_release(listing *l) {
  for (int64_t i = 0; i < l->n + l->missing; i++) release_entry(&l->entry[i]);
  free(l->entry);
  free(l->first_missing);
  free(l->unlisted);
}
