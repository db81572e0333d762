/* domain.h: a domain file, which says where one site's images and labels are. */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping.h"
#include "xsite.h"

typedef struct domain {
  char *name, *format, *root, *resize;
  xs_texts images, labels, classes, first_index;
  double max_value; /* 0: by the range */
  char *range;      /* NULL: not said */
  double low_percentile, high_percentile;
  bool window;
  xs_values values; /* the three rows above */
  int64_t size;     /* of folder images, pixels per side */
  bool center_crop;
  char *file_column, *label_column, *group_column, *group_prefix, *group_file;
  char *mapping, *only; /* files */
  xs_texts mapping_set;
  char *rows, *reader_column; /* how several rows of an image become one; NULL: they are refused */
  char *sex_column, *age_column, *view_column, *scanner_column;
  xs_texts split; /* a word or three shares */
  char *split_train, *split_validation, *split_test, *split_column;
  int64_t cross;
  xs_split_plan plan;  /* the rows above; side NULL */
  struct mapping *map; /* what the mapping file says, NULL without one */
  const char *path;    /* of the domain file, lent */
  char *dir;           /* root, resolved */
} domain;

/* Reads and checks a domain file.  data_dir: what `root: data` means, NULL for XSITE_DATA.  Release
 * *out in any case. */
int domain_open(const char *path, const char *data_dir, domain *out);
void domain_close(domain *d);
/* Fills plan; 0, or non-zero and a message. */
int domain_read_split(domain *d);
/* The side that a cell of the column of sides names; csv:line: where it stands. */
int domain_side(const domain *d, const char *csv, int64_t line, const char *cell, uint8_t *side);
/* How its files become pixels of this size; 0: of a folder's `size`, of IDX as they are. */
xs_preprocessing domain_preprocessing(const domain *d, int size);
/* The class whose text is given, or that is the same number (1.0 of class 1); or -1. */
int domain_class(const domain *d, const char *text);
/* The key of the group of this name: equal prefix and name, equal key, at every site. */
uint64_t domain_group(const domain *d, const char *name);

#endif
