/* folder.h: the images of a folder, and rows of a CSV file about them. */
#ifndef FOLDER_H
#define FOLDER_H

#include "attribute.h"
#include "domain.h"

typedef struct entry { /* one image */
  char *file;          /* as named in the CSV file or found in the folder */
  int64_t line;        /* of the CSV file, 0 without one */
  int32_t label;       /* -1 unknown */
  uint64_t group;
  char *patient;               /* NULL where the site has none */
  char *attribute[ATTRIBUTES]; /* NULL where unknown */
} entry;

typedef struct listing {
  entry *entry;
  int64_t n;
  bool patients, present[ATTRIBUTES]; /* whether the label file has a column for them */
} listing;

/* The images of a site of format folder: the rows of its CSV file, or the PNG and JPEG files of the
 * folder in order of their names.  Release *out in any case. */
int listing_read(const domain *d, listing *out);
void listing_release(listing *l);

/* Names of the image files directly in a folder, sorted; allocated. */
option_texts folder_images(const char *dir);
/* A sub-folder of dir that has image files, or the file of this name where file is not NULL;
 * allocated, NULL where there is none. */
char *folder_below(const char *dir, const char *file);
/* Refuses a name that leads out of the folder in which it is looked up: absolute, or with "..".
 * csv:line: where it stands. */
int folder_check_inside(const char *csv, int64_t line, const char *name);
void folder_release(option_texts *names);

#endif
