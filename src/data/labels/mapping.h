/* mapping.h: a mapping file, which says how an archive's label files become classes. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "option.h"

typedef struct mapping {
  char *mapping, *archive;
  int64_t version;
  xs_texts classes; /* the negative one, the positive one */
  char *rows;       /* how several rows of an image become one; NULL: they are refused */
  xs_texts join;    /* columns by which further files are joined; none: files are stacked */
  struct {
    char *image, *patient, *patient_folder, *study, *study_folder, *reader, *view, *view_else, *age,
        *birth, *date, *sex, *scanner, *split;
    xs_texts image_from, view_names;
  } columns;
  struct {
    char *cells, *column, *separator, *unmapped, *from;
    xs_texts positive, negative, other, exclude, silent;
    xs_texts positive_values, negative_values, uncertain_values;
  } labels;
  struct {
    char *uncertain, *blank, *negatives;
  } policy;
  struct {
    xs_texts views, where, broken;
    double age_from, age_to;
    bool unknown_age, unlabelled;
  } keep;
  const char *path; /* of the file, lent */
} mapping;

/* Reads and checks a mapping file; set: "section.name=value" overrides, in the order given; where:
 * what they belong to, for messages.  Release *out in any case. */
int mapping_open(const char *path, const xs_texts *set, const char *where, mapping *out);
void mapping_close(mapping *m);
json_t *mapping_json(const mapping *m); /* as it was applied */

#endif
