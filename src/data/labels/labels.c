#include "labels.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image_folder.h"
#include "image_path.h"
#include "label_reader.h"
#include "memory.h"
#include "name_list.h"
#include "numeral.h"
#include "row_filter.h"
#include "text.h"
#include "xsite.h"

typedef struct columns { /* of one set of tables */
  image_path image;
  joined_column patient, study, reader, view, view_else, age, birth, date, sex, scanner, split;
} columns;

typedef struct reader {
  const mapping *m;
  const joined_tables *s;
  int file; /* number of the sheet's first file */
  labels *out;
  columns c;
  conditions where;
  label_reader label;
  text_set broken;
  name_list *only; /* NULL: all */
} reader;

/* ---- columns ---- */

static int find_columns(reader *r) {
  const mapping *m = r->m;
  columns *c = &r->c;
  const struct wanted {
    const char *option, *name;
    joined_column *at;
  } wanted[] = {
      {"columns.patient", m->columns.patient, &c->patient},
      {"columns.study", m->columns.study, &c->study},
      {"columns.reader", m->columns.reader, &c->reader},
      {"columns.view", m->columns.view, &c->view},
      {"columns.view_else", m->columns.view_else, &c->view_else},
      {"columns.age", m->columns.age, &c->age},
      {"columns.birth", m->columns.birth, &c->birth},
      {"columns.date", m->columns.date, &c->date},
      {"columns.sex", m->columns.sex, &c->sex},
      {"columns.scanner", m->columns.scanner, &c->scanner},
      {"columns.split", m->columns.split, &c->split},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    if (joined_tables_find(r->s, wanted[i].option, wanted[i].name, wanted[i].at)) return XS_FAILED;
  }
  return image_path_find(r->s, &c->image);
}

static const char *cell(const reader *r, joined_column c, int64_t row) {
  const char *text = joined_tables_cell(r->s, c, row);
  return text ? text : "";
}

/* ---- what a row says of its image ---- */

/* The folder of a path that begins with a text, or the whole path where there is none. */
static char *cut_folder(const char *path, const char *begin) {
  size_t length = begin ? strlen(begin) : 0;
  for (const char *s = path; length && *s; s += strcspn(s, "/"), s += *s == '/') {
    if (!strncmp(s, begin, length)) return text_format("%.*s", (int)strcspn(s, "/"), s);
  }
  return text_copy(path);
}

static int read_names(const reader *r, int64_t row, label_row *x) {
  const mapping *m = r->m;
  const char *csv = r->s->path[0];
  x->image = image_path_make(r->s, &r->c.image, &m->columns.image_from, row);
  if (x->image && folder_read_name(csv, x->line, x->image)) return XS_FAILED;
  if (csv_check_name(csv, x->line, m->columns.image, x->image)) return XS_FAILED;
  if (m->columns.patient) {
    const char *text = cell(r, r->c.patient, row);
    if (csv_check_name(csv, x->line, m->columns.patient, text)) return XS_FAILED;
    x->patient = cut_folder(text, m->columns.patient_folder);
  }
  if (m->columns.study) {
    x->study = cut_folder(cell(r, r->c.study, row), m->columns.study_folder);
  }
  if (m->columns.split) x->split = text_copy(cell(r, r->c.split, row));
  if (m->columns.reader) {
    const char *text = cell(r, r->c.reader, row);
    if (csv_check_name(csv, x->line, m->columns.reader, text)) return XS_FAILED;
    x->reader = text_copy(text);
  }
  return 0;
}

/* "20140915" and "1930.0": years between. */
static double age_between(const char *birth, const char *date) {
  char year[5] = {0};
  char *end;
  double born = numeral_read(birth, &end);
  if (strlen(date) < 4 || end == birth || *end) return -1;
  memcpy(year, date, 4);
  double age = atoi(year) - born;
  return age >= 0 && age <= OLDEST ? age : -1;
}

static void note_strange_age(const reader *r, const label_row *x, const char *text) {
  labels *out = r->out;
  if (!out->strange_ages++) {
    out->first_strange = text_format("%s:%lld: %s", r->s->path[0], (long long)x->line, text);
  }
}

static double read_age(const reader *r, int64_t row, const label_row *x) {
  bool born = r->m->columns.birth != NULL;
  const char *text = cell(r, born ? r->c.birth : r->c.age, row);
  double years = born ? age_between(text, cell(r, r->c.date, row)) : attribute_age(text);
  if (years < 0 && *text && strcmp(text, "0")) note_strange_age(r, x, text);
  return years;
}

static char *read_view(const reader *r, int64_t row) {
  const xs_texts *names = &r->m->columns.view_names;
  const char *text = cell(r, r->c.view, row);
  if (!*text) text = cell(r, r->c.view_else, row);
  size_t length = strlen(text);
  for (int i = 0; i < names->n; i++) {
    const char *name = names->text[i];
    if (!strncmp(name, text, length) && name[length] == '=') return text_copy(name + length + 1);
  }
  return *text ? text_copy(text) : NULL;
}

/* ---- whether it is kept ---- */

static bool has_text(const xs_texts *list, const char *text) {
  for (int i = 0; i < list->n; i++) {
    if (text && !strcmp(list->text[i], text)) return true;
  }
  return false;
}

static bool right_age(const mapping *m, double years) {
  bool limited = m->keep.age_from > 0 || m->keep.age_to > 0;
  if (!limited) return true;
  if (years < 0) return m->keep.unknown_age;
  return years >= m->keep.age_from && (m->keep.age_to <= 0 || years <= m->keep.age_to);
}

static label_outcome filter(reader *r, int64_t row, const label_row *x, double years,
                            label_outcome labelled) {
  const mapping *m = r->m;
  const char *slash = strrchr(x->image, '/'), *name = slash ? slash + 1 : x->image;
  if (r->only && !name_list_take(r->only, x->image, name)) return LABEL_UNLISTED;
  if (text_set_find(&r->broken, name) >= 0) return LABEL_BROKEN;
  if (!conditions_hold(&r->where, r->s, row)) return LABEL_WHERE;
  if (m->keep.views.n && !has_text(&m->keep.views, x->attribute[ATTRIBUTE_VIEW])) return LABEL_VIEW;
  return right_age(m, years) ? labelled : LABEL_AGE;
}

bool labels_keeps(const mapping *m, label_outcome outcome) {
  if (outcome == LABEL_NEGATIVE || outcome == LABEL_POSITIVE) return true;
  bool unlabelled = m->keep.unlabelled || !strcmp(m->labels.cells, "none");
  return unlabelled && outcome >= LABEL_NONE;
}

/* ---- rows ---- */

static label_row *new_row(labels *x) {
  if (x->n == x->room) {
    x->room = 2 * x->room + 1024;
    x->row = memory_grow(x->row, sizeof *x->row * (size_t)x->room);
  }
  memset(&x->row[x->n], 0, sizeof *x->row);
  return &x->row[x->n++];
}

static int read_row(reader *r, int64_t row) {
  label_row *x = new_row(r->out);
  x->file = r->file;
  x->line = r->s->table[0].line[row];
  if (read_names(r, row, x)) return XS_FAILED;
  double years = read_age(r, row, x);
  x->attribute[ATTRIBUTE_AGE] = attribute_age_text(years);
  x->attribute[ATTRIBUTE_VIEW] = read_view(r, row);
  x->attribute[ATTRIBUTE_SEX] = attribute_sex(cell(r, r->c.sex, row));
  x->attribute[ATTRIBUTE_SCANNER] = attribute_read(ATTRIBUTE_SCANNER, cell(r, r->c.scanner, row));
  label_outcome labelled;
  if (label_reader_judge(&r->label, row, &labelled)) return XS_FAILED;
  x->outcome = filter(r, row, x, years, labelled);
  if (x->outcome == labelled && labelled != LABEL_EXCLUDED) label_reader_count(&r->label);
  if (r->out->examples[x->outcome]++ < LABEL_EXAMPLES) {
    x->evidence = label_reader_evidence(&r->label, row);
  }
  return 0;
}

static int read_sheet(reader *r) {
  const xs_texts *where = &r->m->keep.where;
  int status = find_columns(r);
  if (!status) status = conditions_parse(r->m->path, where, r->s, &r->where);
  if (!status) status = label_reader_open(r->m, r->s, r->out, &r->label);
  for (int64_t i = 0; i < r->s->table[0].rows && !status; i++) status = read_row(r, i);
  for (int i = 1; i < r->s->n; i++) r->out->joined_away += r->s->unused[i];
  label_reader_close(&r->label);
  conditions_release(&r->where);
  return status;
}

/* Files are joined, or come one after the other. */
static int read_files(reader *r, const xs_texts *csv) {
  int step = r->m->join.n ? csv->n : 1, status = 0;
  for (int i = 0; i < csv->n && !status; i += step) {
    joined_tables s;
    status = joined_tables_open(r->m, step, csv->text + i, &s);
    r->s = &s;
    r->file = i;
    for (int k = i; k < csv->n && !status; k++) {
      if (csv->text[k] == s.path[0]) r->file = k;
    }
    if (!status) status = read_sheet(r);
    joined_tables_close(&s);
  }
  return status;
}

static void start(const mapping *m, labels *out) {
  const xs_texts *list[] = {
      [ROLE_POSITIVE] = &m->labels.positive, [ROLE_NEGATIVE] = &m->labels.negative,
      [ROLE_OTHER] = &m->labels.other,       [ROLE_EXCLUDE] = &m->labels.exclude,
      [ROLE_SILENT] = &m->labels.silent,
  };
  int64_t terms = 0;
  for (int role = 0; role < 5; role++) terms += list[role]->n;
  out->role = memory_new(sizeof *out->role * (size_t)(terms + 1));
  out->count = memory_new(sizeof *out->count * (size_t)(terms + 1));
  out->last = memory_new(sizeof *out->last * (size_t)(terms + 1));
  for (int role = 0; role < 5; role++) {
    for (int i = 0; i < list[role]->n; i++) {
      int64_t number = text_set_add(&out->term, list[role]->text[i]);
      out->role[number] = (label_role)role;
      out->last[number] = -1;
    }
  }
  out->patients = m->columns.patient != NULL;
  out->studies = m->columns.study != NULL;
  out->present[ATTRIBUTE_SEX] = m->columns.sex != NULL;
  out->present[ATTRIBUTE_AGE] = m->columns.age || m->columns.birth;
  out->present[ATTRIBUTE_VIEW] = m->columns.view != NULL;
  out->present[ATTRIBUTE_SCANNER] = m->columns.scanner != NULL;
}

int labels_read(const mapping *m, const xs_texts *csv, const char *only, labels *out) {
  memset(out, 0, sizeof *out);
  start(m, out);
  name_list list = {0};
  reader r = {.m = m, .out = out, .only = only ? &list : NULL};
  for (int i = 0; i < m->keep.broken.n; i++) text_set_add(&r.broken, m->keep.broken.text[i]);
  int status = image_path_parse(m->path, m->columns.image, &r.c.image);
  if (!status && only) status = name_list_read(only, &list);
  if (!status) status = read_files(&r, csv);
  out->read = out->n;
  if (!status && m->rows) status = labels_merge_rows(m, csv, out);
  out->listed = only ? list.names.n : -1;
  out->missing = only ? list.names.n - list.taken : 0;
  if (!status && out->missing) out->first_missing = text_copy(name_list_left(&list));
  name_list_release(&list);
  image_path_release(&r.c.image);
  text_set_release(&r.broken);
  return status;
}

void label_row_release(label_row *row) {
  free(row->image);
  free(row->patient);
  free(row->study);
  free(row->reader);
  free(row->split);
  free(row->evidence);
  for (int k = 0; k < ATTRIBUTES; k++) free(row->attribute[k]);
}

void labels_release(labels *x) {
  for (int64_t i = 0; i < x->n; i++) label_row_release(&x->row[i]);
  free(x->row);
  text_set_release(&x->term);
  text_set_release(&x->unmapped);
  free(x->role);
  free(x->count);
  free(x->last);
  free(x->unmapped_rows);
  free(x->first_unmapped);
  free(x->first_strange);
  free(x->first_missing);
  memset(x, 0, sizeof *x);
}

int labels_check_terms(const mapping *m, const labels *x) {
  if (!x->unmapped.n || !strcmp(m->labels.unmapped, "other")) return 0;
  const char *first = x->unmapped.text[0], *near = labels_nearest(m, x, first);
  const bool values = !strcmp(m->labels.cells, "columns");
  return fail(
      XS_FAILED,
      "%s: \"%s\" is none of the %s of %s%s%s (%lld such %s, `xsite labels` lists them); put "
      "it into labels.%s, or say labels.unmapped: other",
      x->first_unmapped, first, values ? "values" : "terms", m->path,
      near ? "; the nearest is " : "", near ? near : "", (long long)x->unmapped.n,
      values ? "values" : "terms",
      values ? "positive_values, negative_values or uncertain_values"
             : "positive, negative or other");
}

/* Not the opposite: "no mass" and "mass", "abnormal" and "normal" begin differently, and so do
 * "grade 1" and "grade 2" end. */
static bool may_mean(const char *text, const char *term) {
  static const char digits[] = "0123456789";
  if (tolower((unsigned char)*text) != tolower((unsigned char)*term)) return false;
  for (;;) {
    text += strcspn(text, digits);
    term += strcspn(term, digits);
    if (*text != *term) return false;
    if (!*text) return true;
    text++;
    term++;
  }
}

const char *labels_nearest(const mapping *m, const labels *x, const char *unmapped) {
  if (!strcmp(m->labels.cells, "columns")) return NULL;
  const char **term = memory_new(sizeof *term * (size_t)(x->term.n + 1));
  int n = 0;
  for (int64_t i = 0; i < x->term.n; i++) {
    if (may_mean(unmapped, x->term.text[i])) term[n++] = x->term.text[i];
  }
  const char *near = text_nearest(unmapped, term, n);
  free(term);
  return near;
}
