#include "mapping.h"

#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "error.h"
#include "text.h"
#include "text_set.h"
#include "xsite.h"

/* A row of a text, of a list, of a choice, of a number of years, of a flag.  at: its field. */
#define ROW(part, key, kind, at, about)                                                            \
  .section = part, .name = key, .type = kind, .offset = offsetof(mapping, at), .help = about
#define TEXT(part, key, at, must, about)                                                           \
  { ROW(part, key, OPTION_TEXT, at, about), .value = "TEXT", .required = must }
#define LIST(part, key, at, standard, must, about)                                                 \
  {                                                                                                \
    ROW(part, key, OPTION_TEXTS, at, about), .value = "TEXT", .fallback = standard,                \
                                             .required = must                                      \
  }
#define COLUMN(key, about) TEXT("columns", #key, columns.key, false, about)
#define TERMS(key, about) LIST("labels", #key, labels.key, NULL, false, about)
#define VALUES(key, standard, about) LIST("labels", #key, labels.key, standard, false, about)
#define CHOICE(part, key, standard, must, all, about)                                              \
  {                                                                                                \
    ROW(#part, #key, OPTION_CHOICE, part.key, about), .value = "WHAT", .fallback = standard,       \
                                                      .required = must, .choices = all             \
  }
#define YEARS(key, about)                                                                          \
  { ROW("keep", #key, OPTION_REAL, keep.key, about), .value = "YEARS", .high = OLDEST }
#define FLAG(key, standard, about)                                                                 \
  { ROW("keep", #key, OPTION_FLAG, keep.key, about), .fallback = standard }

static const option rows[] = {
    TEXT(NULL, "mapping", mapping, true, "Name of the mapping."),
    {.name = "version",
     .type = OPTION_INTEGER,
     .offset = offsetof(mapping, version),
     .required = true,
     .low = 1,
     .high = 1e9,
     .value = "N",
     .help = "Of this file: count it up with every change."},
    TEXT(NULL, "archive", archive, false, "The archive and its files, for people."),
    LIST(NULL, "classes", classes, NULL, true, "Two class names: the negative and the positive."),
    LIST(NULL, "join", join, NULL, false,
         "Columns by which further files are joined; without it files are stacked."),
    {.name = "rows",
     .type = OPTION_CHOICE,
     .offset = offsetof(mapping, rows),
     .value = "HOW",
     .choices = "any|all|majority",
     .help = "Several rows an image (readers, boxes) make it positive where any, all or most of "
             "them are; without it they are refused."},
    TEXT("columns", "image", columns.image, true,
         "A column, or a path made of columns: {dir}/{id}.png; {id:2} is the first two letters."),
    LIST("columns", "image_from", columns.image_from, NULL, false,
         "The path starts at the first of these texts that it holds."),
    COLUMN(patient, "Whose images never cross a split."),
    COLUMN(patient_folder, "The patient is the folder of that column's path that begins so."),
    COLUMN(study, "For counting."),
    COLUMN(study_folder, "The study is the folder of that column's path that begins so."),
    COLUMN(reader, "Whose row it is: rows of one reader about an image are one vote (rows)."),
    COLUMN(view, "The projection."),
    COLUMN(view_else, "A column that is read where the projection is empty."),
    LIST("columns", "view_names", columns.view_names, NULL, false,
         "What a projection is called, as antero-posterior=AP."),
    COLUMN(age, "Years, or with a unit: 063Y, 018M."),
    COLUMN(birth, "Year of birth, where there is no age; needs date."),
    COLUMN(date, "Of the study: it begins with the year."),
    COLUMN(sex, "F, M, or the words."),
    COLUMN(scanner, "The machine."),
    COLUMN(split, "An official split: train, validation (valid, val) or test."),
    CHOICE(
        labels, cells, NULL, true, "columns|joined|list|none",
        "A column for every finding, or one cell: terms with a separator, a Python list; or none."),
    TEXT("labels", "column", labels.column, false, "The column of the one cell."),
    TEXT("labels", "from", labels.from, false,
         "A text in the name of the file that is read where joined files have the same column."),
    {.section = "labels",
     .name = "separator",
     .type = OPTION_TEXT,
     .offset = offsetof(mapping, labels.separator),
     .fallback = "|",
     .value = "TEXT",
     .help = "Between terms."},
    TERMS(positive, "Findings that make an image positive."),
    TERMS(negative, "Findings that say that there is none."),
    TERMS(other, "Findings that are known and mean neither."),
    TERMS(exclude, "Terms whose images are left out."),
    TERMS(silent, "Terms that say nothing: a cell of these alone is no label."),
    CHOICE(labels, unmapped, "error", false, "error|other",
           "What a term means that is in none of these lists."),
    VALUES(positive_values, "1,1.0", "Cells of a finding's column that mean yes."),
    VALUES(negative_values, "0,0.0", "Cells that mean no."),
    VALUES(uncertain_values, "-1,-1.0", "Cells that mean perhaps."),
    CHOICE(policy, uncertain, "negative", false, "positive|negative|ignore",
           "What uncertain is: positive, not positive, or no label."),
    CHOICE(policy, blank, "negative", false, "negative|unknown",
           "What a finding is that is not mentioned."),
    CHOICE(policy, negatives, "loose", false, "strict|loose",
           "Negative is only what a negative finding says, or also what has no positive one."),
    LIST("keep", "views", keep.views, NULL, false, "Projections to keep; none given: all."),
    LIST("keep", "where", keep.where, NULL, false,
         "Rows to keep, as COLUMN = A | B or COLUMN != A | B."),
    YEARS(age_from, "Least age in years."),
    YEARS(age_to, "Largest age in years; 0: any."),
    FLAG(unknown_age, "yes", "Keep images of unknown age."),
    LIST("keep", "broken", keep.broken, NULL, false, "Names of files that are known to be broken."),
    FLAG(unlabelled, "no", "Keep images without a label, as unlabelled ones."),
};

static const option_table table = {
    .what = "mapping file", .row = rows, .n = sizeof rows / sizeof rows[0]};

/* ---- checks ---- */

/* A term can be in one list only, once. */
static int check_terms(const mapping *m) {
  const xs_texts *list[] = {&m->labels.positive, &m->labels.negative, &m->labels.other,
                            &m->labels.exclude, &m->labels.silent};
  text_set seen = {0};
  int status = 0;
  for (int i = 0; i < 5; i++) {
    for (int k = 0; k < list[i]->n && !status; k++) {
      int64_t before = seen.n;
      if (text_set_add(&seen, list[i]->text[k]) == before) continue;
      status = fail(XS_USAGE, "%s: labels: \"%s\" is listed twice; a finding has one meaning",
                    m->path, list[i]->text[k]);
    }
  }
  text_set_release(&seen);
  return status;
}

static int check_labels(const mapping *m) {
  bool none = !strcmp(m->labels.cells, "none"), many = !strcmp(m->labels.cells, "columns");
  if (none) return 0;
  if (many ? m->labels.column != NULL : m->labels.column == NULL) {
    return fail(XS_USAGE,
                many ? "%s: labels.column is for terms in one cell; with cells: columns every "
                       "finding has its own"
                     : "%s: labels.column is missing: the column that holds the terms",
                m->path);
  }
  if (many && (m->labels.exclude.n || m->labels.silent.n)) {
    return fail(XS_USAGE, "%s: labels.exclude and labels.silent are for terms in one cell",
                m->path);
  }
  if (!m->labels.positive.n) {
    return fail(XS_USAGE, "%s: labels.positive is missing: the findings that make an image \"%s\"",
                m->path, m->classes.text[1]);
  }
  if (!m->labels.negative.n && !strcmp(m->policy.negatives, "strict")) {
    return fail(XS_USAGE,
                "%s: policy.negatives is strict, but labels.negative lists no finding that says "
                "that there is none; list one, or use loose",
                m->path);
  }
  return check_terms(m);
}

static int check_columns(const mapping *m) {
  if (!m->columns.birth != !m->columns.date) {
    return fail(XS_USAGE, "%s: columns.birth and columns.date give an age only together", m->path);
  }
  if (m->columns.birth && m->columns.age) {
    return fail(XS_USAGE, "%s: give columns.age, or columns.birth and columns.date, not both",
                m->path);
  }
  if (m->keep.age_to > 0 && m->keep.age_to < m->keep.age_from) {
    return fail(XS_USAGE, "%s: keep.age_to is %g, below keep.age_from %g", m->path, m->keep.age_to,
                m->keep.age_from);
  }
  for (int i = 0; i < m->columns.view_names.n; i++) {
    if (strchr(m->columns.view_names.text[i], '=')) continue;
    return fail(XS_USAGE, "%s: columns.view_names: \"%s\" is not of the form FOUND=NAME", m->path,
                m->columns.view_names.text[i]);
  }
  for (int i = 0; i < m->keep.where.n; i++) {
    if (strchr(m->keep.where.text[i], '=')) continue;
    return fail(XS_USAGE, "%s: keep.where: \"%s\" is not of the form COLUMN = VALUE", m->path,
                m->keep.where.text[i]);
  }
  return 0;
}

static int check_rows(const mapping *m) {
  if (!m->columns.reader || m->rows) return 0;
  return fail(XS_USAGE,
              "%s: columns.reader is there and rows is not: say how the readers' rows become one "
              "label: rows: any, all or majority",
              m->path);
}

static int check_question(const mapping *m) {
  if (m->classes.n > 2) {
    return fail(
        XS_USAGE,
        "%s: classes: %d names; a mapping asks one question, whose answers are two classes, "
        "the negative first, e.g. [no %s, %s]; for several findings give each a domain "
        "file of its own, with a mapping of its own or with this one and other classes "
        "and labels by mapping_set",
        m->path, m->classes.n, m->classes.text[1], m->classes.text[1]);
  }
  if (m->classes.n == 2 && strcmp(m->classes.text[0], m->classes.text[1]) != 0) return 0;
  return fail(XS_USAGE,
              "%s: classes: two different names are needed, the negative first, e.g. [no opacity, "
              "opacity]",
              m->path);
}

static int check(const mapping *m) {
  if (check_question(m)) return XS_USAGE;
  if (!*m->labels.separator) return fail(XS_USAGE, "%s: labels.separator is empty", m->path);
  int status = check_columns(m);
  if (!status) status = check_rows(m);
  return status ? status : check_labels(m);
}

/* ---- opening ---- */

static int override(mapping *m, const char *text, const char *where) {
  const char *equal = strchr(text, '=');
  if (!equal) {
    return fail(XS_USAGE, "%s: '%s' is not of the form section.name=value", where, text);
  }
  size_t n = (size_t)(equal - text);
  while (n && text[n - 1] == ' ') n--;
  char *key = text_format("%.*s", (int)n, text);
  int status = option_set(&table, m, key, equal + 1 + strspn(equal + 1, " "), where);
  free(key);
  return status;
}

int mapping_open(const char *path, const xs_texts *set, const char *where, mapping *out) {
  memset(out, 0, sizeof *out);
  option_defaults(&table, out);
  out->path = path;
  int status = option_load(&table, out, path);
  for (int i = 0; set && i < set->n && !status; i++) status = override(out, set->text[i], where);
  if (!status) option_texts_trim(&out->classes);
  return status ? status : check(out);
}

void mapping_close(mapping *m) {
  option_release(&table, m);
  memset(m, 0, sizeof *m);
}

json_t *mapping_json(const mapping *m) { return option_json(&table, m); }
