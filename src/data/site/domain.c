#include "domain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "option_row.h"
#include "random.h"
#include "resample.h"
#include "text.h"
#include "text_set.h"
#include "values.h"
#include "xsite.h"

#define FIELD(name) offsetof(domain, name)

static const option rows[] = {
    {.name = "name",
     .type = OPTION_TEXT,
     .offset = FIELD(name),
     .required = true,
     .value = "NAME",
     .help = "Name of the site: letters, digits, - and _."},
    {.name = "format",
     .type = OPTION_CHOICE,
     .offset = FIELD(format),
     .required = true,
     .choices = "idx|folder",
     .help = "IDX files, or a folder of PNG, JPEG, TIFF, BMP and DICOM images."},
    {.name = "root",
     .type = OPTION_TEXT,
     .offset = FIELD(root),
     .fallback = ".",
     .value = "DIR",
     .help = "Where the paths start: relative to this file, or `data` for the data folder."},
    {.name = "images",
     .type = OPTION_TEXTS,
     .offset = FIELD(images),
     .required = true,
     .value = "PATH",
     .help = "IDX files of images, plain or gzipped; or folders in which images are looked up."},
    {.name = "labels",
     .type = OPTION_TEXTS,
     .offset = FIELD(labels),
     .value = "PATH",
     .help = "One IDX file of labels per file of images; or a CSV file, with a mapping several. "
             "None: unlabelled."},
    {.name = "classes",
     .type = OPTION_TEXTS,
     .offset = FIELD(classes),
     .value = "TEXT",
     .help = "Class names in the order of class indices, as the label column writes them."},
    {.name = "max_value",
     .type = OPTION_REAL,
     .offset = FIELD(max_value),
     .high = 65535,
     .value = "N",
     .help =
         "The value that means 1.0, instead of a range's; of IDX files by default 255 or 65535."},
    {.name = "range",
     .type = OPTION_CHOICE,
     .offset = FIELD(range),
     .choices = "full|stored|percentiles",
     .help = "Folder: what black and white are: of the values' bytes, of the bits that a file says "
             "it stores (default), or each image's own percentiles."},
    {.name = "low_percentile",
     .type = OPTION_REAL,
     .offset = FIELD(low_percentile),
     .fallback = "0.5",
     .high = 50,
     .value = "P",
     .help = "Range percentiles: the percentile that becomes black."},
    {.name = "high_percentile",
     .type = OPTION_REAL,
     .offset = FIELD(high_percentile),
     .fallback = "99.5",
     .low = 50,
     .high = 100,
     .value = "P",
     .help = "Range percentiles: the percentile that becomes white."},
    {.name = "window",
     .type = OPTION_FLAG,
     .offset = FIELD(window),
     .fallback = "false",
     .help = "Folder: apply the VOI table or window of DICOM files that have one."},
    {.name = "resize",
     .type = OPTION_CHOICE,
     .offset = FIELD(resize),
     .fallback = "bilinear",
     .choices = RESIZE_CHOICES,
     .help = "How images become the size that a network takes."},
    {.name = "size",
     .type = OPTION_INTEGER,
     .offset = FIELD(size),
     .high = 4096,
     .value = "N",
     .help =
         "Folder: pixels per side at which images are kept where no network is known; else they "
         "are read straight to the network's size."},
    {.name = "center_crop",
     .type = OPTION_FLAG,
     .offset = FIELD(center_crop),
     .fallback = "false",
     .help = "Folder: cut the central square before resizing, instead of changing the aspect."},
    {.name = "mapping",
     .type = OPTION_TEXT,
     .offset = FIELD(mapping),
     .value = "FILE",
     .help = "Folder: how the label files become classes (docs/labels.md); relative to this file."},
    {.name = "mapping_set",
     .type = OPTION_TEXTS,
     .offset = FIELD(mapping_set),
     .value = "SECTION.NAME=VALUE",
     .help = "Other values for the mapping's options, as policy.uncertain=ignore."},
    {.name = "only",
     .type = OPTION_TEXT,
     .offset = FIELD(only),
     .value = "FILE",
     .help = "A list of image names, one a line; other images are left out.  Needs a mapping."},
    {.name = "file_column",
     .type = OPTION_TEXT,
     .offset = FIELD(file_column),
     .fallback = "file",
     .value = "NAME",
     .help = "Folder: column of the CSV file that names the image."},
    {.name = "label_column",
     .type = OPTION_TEXT,
     .offset = FIELD(label_column),
     .value = "NAME",
     .help = "Folder: column that holds the class; an empty cell means unknown. Default label."},
    {.name = "group_column",
     .type = OPTION_TEXT,
     .offset = FIELD(group_column),
     .value = "NAME",
     .help = "Folder: column of the patient; a patient's images never cross a split."},
    {.name = "rows",
     .type = OPTION_CHOICE,
     .offset = FIELD(rows),
     .value = "HOW",
     .choices = "any|all|majority",
     .help = "Folder: several rows an image (readers, boxes) make it the second class where any or "
             "all of them are, or the class of most; without it they are refused."},
    {.name = "reader_column",
     .type = OPTION_TEXT,
     .offset = FIELD(reader_column),
     .value = "NAME",
     .help =
         "Folder: column of the reader; rows of one reader about an image are one vote (rows)."},
    {.name = "sex_column",
     .type = OPTION_TEXT,
     .offset = FIELD(sex_column),
     .value = "NAME",
     .help = "Folder: column of the patient's sex."},
    {.name = "age_column",
     .type = OPTION_TEXT,
     .offset = FIELD(age_column),
     .value = "NAME",
     .help = "Folder: column of the age: years, or with a unit as in 063Y or 018M."},
    {.name = "view_column",
     .type = OPTION_TEXT,
     .offset = FIELD(view_column),
     .value = "NAME",
     .help = "Folder: column of the projection, e.g. PA."},
    {.name = "scanner_column",
     .type = OPTION_TEXT,
     .offset = FIELD(scanner_column),
     .value = "NAME",
     .help = "Folder: column of the machine."},
    {.name = "group_prefix",
     .type = OPTION_TEXT,
     .offset = FIELD(group_prefix),
     .value = "NAME",
     .help = "Sites with the same prefix share groups; by default the site's name."},
    {.name = "group_file",
     .type = OPTION_TEXT,
     .offset = FIELD(group_file),
     .value = "PATH",
     .help = "Folder: CSV file with columns file and group that decides what no split separates."},
    {.name = "split",
     .type = OPTION_TEXTS,
     .offset = FIELD(split),
     .value = "HOW",
     .help = "hash (default of IDX files and of sites that share groups), stratified (default of "
             "folders), or the shares of train, validation and test, e.g. [0.7, 0.1, 0.2]."},
    {.section = "split",
     .name = "train",
     .type = OPTION_TEXT,
     .offset = FIELD(split_train),
     .value = "SHARE",
     .help = "The same shares, each by its name."},
    {.section = "split",
     .name = "validation",
     .type = OPTION_TEXT,
     .offset = FIELD(split_validation),
     .value = "SHARE",
     .help = "The same shares, each by its name."},
    {.section = "split",
     .name = "test",
     .type = OPTION_TEXT,
     .offset = FIELD(split_test),
     .value = "SHARE",
     .help = "The same shares, each by its name."},
    {.name = "split_column",
     .type = OPTION_TEXT,
     .offset = FIELD(split_column),
     .value = "NAME",
     .help = "Folder: column of an official split: train, validation (valid, val) or test."},
    {.name = "cross",
     .type = OPTION_INTEGER,
     .offset = FIELD(cross),
     .high = 20,
     .value = "K",
     .help = "The site's own classifier is trained and tested K times, each time on another part."},
    {.name = "first_index",
     .type = OPTION_TEXTS,
     .offset = FIELD(first_index),
     .value = "N",
     .help = "IDX: number of each file's first image, where they do not just follow on."},
};

static const option_table table = {
    .what = "domain file",
    .row = rows,
    .n = sizeof rows / sizeof rows[0],
    .mistake = {"study file", {"sites"}, "give one of the domain files that it lists under sites"}};

static int check_name(const domain *d) {
  const char *s = d->name;
  while (isalnum((unsigned char)*s) || *s == '_' || (*s == '-' && s > d->name)) s++;
  if (*s || s == d->name) {
    return fail(XS_USAGE, "%s: name: \"%s\" is not a site name: use letters, digits, - and _",
                d->path, d->name);
  }
  return 0;
}

static int check_classes(const domain *d) {
  const xs_texts *c = &d->classes;
  const int64_t twice = text_set_repeated(c->text, c->n);
  if (twice >= 0) {
    return fail(XS_USAGE, "%s: classes: \"%s\" is listed twice", d->path, c->text[twice]);
  }
  if (c->n == 1) {
    return fail(XS_USAGE, "%s: classes: one class (\"%s\"), at least two are needed", d->path,
                c->text[0]);
  }
  if (!c->n && d->labels.n && !d->mapping && (d->label_column || !strcmp(d->format, "idx"))) {
    return fail(XS_USAGE,
                "%s: classes is missing: with labels, list the class names in the order of class "
                "indices, e.g. classes: [normal, opacity]",
                d->path);
  }
  return 0;
}

static int check_idx(const domain *d) {
  if (d->mapping) {
    return fail(XS_USAGE, "%s: a mapping is for a site of format folder", d->path);
  }
  if (d->group_file) {
    return fail(XS_USAGE, "%s: group_file is for sites of format folder", d->path);
  }
  if (d->labels.n && d->labels.n != d->images.n) {
    return fail(XS_USAGE,
                "%s: %d files of images but %d of labels: list one of labels per file of images",
                d->path, d->images.n, d->labels.n);
  }
  if (d->first_index.n && d->first_index.n != d->images.n) {
    return fail(XS_USAGE, "%s: first_index has %d numbers for %d files of images: one per file",
                d->path, d->first_index.n, d->images.n);
  }
  return 0;
}

/* With a mapping the classes and columns are the mapping's. */
static int check_mapping(const domain *d) {
  const struct option_of {
    const char *name, *value;
  } other[] = {{"classes", d->classes.n ? d->classes.text[0] : NULL},
               {"label_column", d->label_column},
               {"group_column", d->group_column},
               {"split_column", d->split_column},
               {"rows", d->rows},
               {"reader_column", d->reader_column},
               {"sex_column", d->sex_column},
               {"age_column", d->age_column},
               {"view_column", d->view_column},
               {"scanner_column", d->scanner_column}};
  for (size_t i = 0; d->mapping && i < sizeof other / sizeof *other; i++) {
    if (!other[i].value) continue;
    return fail(XS_USAGE, "%s: %s is in the mapping file; leave it out here", d->path,
                other[i].name);
  }
  if (d->mapping && !d->labels.n) {
    return fail(XS_USAGE, "%s: labels is missing: the CSV files that the mapping is of", d->path);
  }
  if (!d->mapping && (d->mapping_set.n || d->only)) {
    return fail(XS_USAGE, "%s: %s needs a mapping", d->path, d->only ? "only" : "mapping_set");
  }
  return 0;
}

static int check_rows(const domain *d) {
  if (d->reader_column && !d->rows) {
    return fail(XS_USAGE,
                "%s: reader_column is there and rows is not: say how the readers' rows become one "
                "label: rows: any, all or majority",
                d->path);
  }
  if (d->rows && strcmp(d->rows, "majority") && d->classes.n != 2) {
    return fail(
        XS_USAGE,
        "%s: rows: %s needs two classes, of which the second is the one that %s row%s; with "
        "%d classes use rows: majority",
        d->path, d->rows, strcmp(d->rows, "any") ? "all" : "any",
        strcmp(d->rows, "any") ? "s have" : " gives", d->classes.n);
  }
  return 0;
}

static int check_folder(const domain *d) {
  if (d->labels.n > 1 && !d->mapping) {
    return fail(XS_USAGE,
                "%s: a site of format folder has at most one CSV file (labels), found %d; several "
                "need a mapping",
                d->path, d->labels.n);
  }
  if (d->max_value > 0 && d->range && strcmp(d->range, "full")) {
    return fail(XS_USAGE, "%s: max_value and range: %s exclude each other; keep one of them",
                d->path, d->range);
  }
  if (d->low_percentile >= d->high_percentile) {
    return fail(XS_USAGE, "%s: low_percentile and high_percentile are both %g", d->path,
                d->low_percentile);
  }
  if (d->size < 1) {
    return fail(
        XS_USAGE,
        "%s: size is missing: the pixels per side that images are resized to, e.g. size: 32",
        d->path);
  }
  int status = check_mapping(d);
  return status ? status : check_rows(d);
}

static int check(const domain *d) {
  if (check_name(d) || check_classes(d)) return XS_USAGE;
  return strcmp(d->format, "idx") ? check_folder(d) : check_idx(d);
}

/* The paths of d become absolute or relative to the working folder. */
static void resolve_path(const char *dir, char **path) {
  if (!*path) return;
  char *whole = file_join(dir, *path);
  free(*path);
  *path = whole;
}

static void resolve_paths(domain *d, xs_texts *t) {
  for (int i = 0; i < t->n; i++) resolve_path(d->dir, &t->text[i]);
}

static int resolve_root(domain *d, const char *data_dir) {
  if (!strcmp(d->root, "data")) {
    if (!data_dir) data_dir = getenv("XSITE_DATA");
    if (!data_dir || !*data_dir) {
      return fail(XS_USAGE,
                  "%s: its images are in the data folder (root: data), but none is given: pass "
                  "--data-dir DIR or set XSITE_DATA to the folder that holds %s",
                  d->path, d->images.text[0]);
    }
    d->dir = text_copy(data_dir);
  } else {
    char *home = file_dir(d->path);
    d->dir = file_join(home, d->root);
    free(home);
  }
  resolve_paths(d, &d->images);
  resolve_paths(d, &d->labels);
  resolve_path(d->dir, &d->only);
  resolve_path(d->dir, &d->group_file);
  return 0;
}

/* The classes are those of the mapping. */
static int read_mapping(domain *d) {
  if (!d->mapping) return 0;
  char *home = file_dir(d->path), *where = text_format("%s: mapping_set", d->path);
  resolve_path(home, &d->mapping);
  d->map = memory_new(sizeof *d->map);
  int status = mapping_open(d->mapping, &d->mapping_set, where, d->map);
  const option *classes = option_find(&table, NULL, "classes");
  bool labelled = !status && strcmp(d->map->labels.cells, "none") != 0;
  for (int i = 0; labelled && i < d->map->classes.n; i++) {
    option_row_append(classes, d, d->map->classes.text[i]);
  }
  free(home);
  free(where);
  return status;
}

static void set_values(domain *d) {
  d->values = (xs_values){XS_RANGE_FULL, d->low_percentile, d->high_percentile, d->window};
  if (!strcmp(d->format, "idx") || d->max_value > 0) return;
  values_range_of(d->range ? d->range : "stored", &d->values.range);
}

int domain_open(const char *path, const char *data_dir, domain *out) {
  memset(out, 0, sizeof *out);
  option_defaults(&table, out);
  out->path = path;
  int status = option_load(&table, out, path);
  if (!status) option_texts_trim(&out->classes);
  if (!status) status = check(out);
  if (!status) set_values(out);
  if (!status) status = resolve_root(out, data_dir);
  if (!status) status = read_mapping(out);
  if (!status) status = domain_read_split(out);
  return status;
}

xs_preprocessing domain_preprocessing(const domain *d, int size) {
  const bool idx = !strcmp(d->format, "idx");
  xs_resize how = XS_BILINEAR;
  resize_of(d->resize, &how);
  return (xs_preprocessing){.resize = how,
                            .max_value = d->max_value,
                            .center_crop = d->center_crop && !idx,
                            .values = d->values,
                            .size = size > 0 ? size
                                    : idx    ? 0
                                             : (int)d->size};
}

xs_status xs_preprocessing_of(const char *domain_file, xs_preprocessing *out) {
  domain d;
  const int status = domain_open(domain_file, ".", &d);
  if (!status) *out = domain_preprocessing(&d, 0);
  domain_close(&d);
  return (xs_status)status;
}

void domain_close(domain *d) {
  if (d->map) mapping_close(d->map);
  free(d->map);
  option_release(&table, d);
  free(d->dir);
  memset(d, 0, sizeof *d);
}

/* By its name, or else as the only one that is the same number. */
static int find_class(const xs_texts *c, const char *name) {
  int found = -1, n = 0;
  for (int i = 0; i < c->n; i++) {
    if (!strcmp(c->text[i], name)) return i;
    if (!text_same_number(c->text[i], name)) continue;
    found = i;
    n++;
  }
  return n == 1 ? found : -1;
}

int domain_class(const domain *d, const char *text) {
  char *name = text_trim(text, text + strlen(text));
  const int found = find_class(&d->classes, name);
  free(name);
  return found;
}

uint64_t domain_group(const domain *d, const char *name) {
  char *text = text_format("%s:%s", d->group_prefix ? d->group_prefix : d->name, name);
  uint64_t key = random_stream(text);
  free(text);
  return key;
}
