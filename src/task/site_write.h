/* site_write.h: what the tasks have in common that make a new site of another one's images: a
 * folder of PNG files with a CSV of labels and a domain file. */
#ifndef SITE_WRITE_H
#define SITE_WRITE_H

#include "rows.h"
#include "xsite/task.h"

#define SITE_WRITE_DATA_ROW(at)                                                                    \
  { NULL, "data", OPTION_TEXT, at, NULL, true, 0, 0, NULL, "FILE", "domain file of the images" }
/* of: the field of the record that holds the xs_new_site. */
#define SITE_WRITE_ROWS(record, of, what, drawn)                                                   \
  SITE_WRITE_DATA_ROW(offsetof(record, of.data)),                                                  \
      OUT_ROW(offsetof(record, of.out), true, "new folder for the " what " images"),               \
      SPLIT_ROW(offsetof(record, of.split), "all"), SPLIT_BY_ROW(offsetof(record, of.split_by)),   \
      SEED_ROW(offsetof(record, of.seed), drawn),                                                  \
      OPTION_INTEGER_ROW(NULL, offsetof(record, of), xs_new_site, limit, "0", 0, 1e12,             \
                         "most images of the site; 0: all"),                                       \
      THREADS_ROW(offsetof(record, of.threads)), DATA_DIR_ROW(offsetof(record, of.data_dir)),      \
      CACHE_ROW(offsetof(record, of.cache)),                                                       \
      SKIP_UNREADABLE_ROW(offsetof(record, of.skip_unreadable))

/* Makes the new images (made_images.h) of n rows; released with xs_images_close. */
typedef xs_status site_maker(const void *how, const xs_images *x, const int64_t *row, int64_t n,
                             xs_images **out);

/* Writes the site that `make` makes of the wanted images; its name is the old one, "-" and suffix.
 * Images of a group stay in one group; what split it falls into is drawn anew.
 * size: at which the images are read, 0: as the domain file says. */
xs_status site_write(const xs_new_site *o, const char *verb, const char *suffix, int size,
                     site_maker *make, const void *how, const xs_watch *w);

#endif
