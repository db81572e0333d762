/* domain.h: a domain file, which says where one site's images and labels are. */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping.h"
#include "xsite.h"

typedef struct domain {
  char *name, *format, *root, *resize;
  option_texts images, labels, classes, first_index;
  double max_value; /* 0: by the range */
  char *range;      /* NULL: not said */
  double low_percentile, high_percentile;
  bool window;
  xs_values values; /* the three rows above */
  int64_t size;     /* of folder images, pixels per side */
  bool center_crop;
  char *file_column, *label_column, *group_column, *group_prefix, *group_file;
  char *mapping, *only; /* files */
  option_texts mapping_set;
  char *sex_column, *age_column, *view_column, *scanner_column;
  struct mapping *map; /* what the mapping file says, NULL without one */
  const char *path;    /* of the domain file, lent */
  char *dir;           /* root, resolved */
} domain;

/* Reads and checks a domain file.  data_dir: what `root: data` means, NULL for XSITE_DATA.  Release
 * *out in any case. */
int domain_open(const char *path, const char *data_dir, domain *out);
void domain_close(domain *d);
/* The class whose text is given, or -1. */
int domain_class(const domain *d, const char *text);
/* The key of the group of this name: equal prefix and name, equal key, at every site. */
uint64_t domain_group(const domain *d, const char *name);

#endif
