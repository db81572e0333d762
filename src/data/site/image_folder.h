/* image_folder.h: the images of a folder, and rows of a CSV file about them. */
#ifndef IMAGE_FOLDER_H
#define IMAGE_FOLDER_H

#include "attribute.h"
#include "domain.h"
#include "text_set.h"

typedef struct entry { /* one image */
  char *file;          /* as named in the CSV file or found in the folder */
  char *path;          /* where it is */
  int csv;             /* which of the label files names it */
  int64_t line;        /* of that file, 0 without one */
  int32_t label;       /* -1 unknown */
  uint64_t group;
  uint8_t side;                /* an xs_split, where the site has an official split */
  char *patient;               /* NULL where the site has none */
  char *attribute[ATTRIBUTES]; /* NULL where unknown */
} entry;

typedef struct listing {
  entry *entry;                       /* [n + missing] */
  int64_t n;                          /* images */
  int64_t missing;                    /* that are listed but not there; behind the others */
  char *first_missing;                /* what is said of the first, or NULL */
  char *unlisted;                     /* what is said of names in `only` without a row, or NULL */
  bool patients, present[ATTRIBUTES]; /* whether the label file has a column for them */
} listing;

/* The images of a site of format folder: the rows of its CSV files that its mapping keeps, the rows
 * of its CSV file, or the PNG, JPEG, TIFF, BMP and DICOM files of the folders in order of their
 * names.  skip: leave out images that are not there instead of failing.  Release *out in any case.
 */
int listing_read(const domain *d, bool skip, listing *out);
void listing_release(listing *l);
/* Takes the groups of all entries from a CSV file with the columns file and group.  A group is the
 * same at every site whose file names it so. */
int group_file_read(const char *path, listing *l);

typedef struct folder_finder { /* looks files up in folders */
  const xs_texts *dirs;        /* lent */
  int near;                    /* the folder that had the last one */
  text_set listed;             /* folders that were listed, and of each ... */
  struct folder_forms *forms;  /* [listed.n] its names by their composed form */
} folder_finder;

/* Where a file is: its path in the first of the folders that has it, searched from the last one on;
 * *path is allocated, NULL where none has it.  A name that differs in its Unicode form alone, as
 * macOS writes it, is found too.  Fails where a folder cannot be listed. */
int folder_find(folder_finder *f, const char *file, char **path);
void folder_finder_release(folder_finder *f);
/* Names of the image files directly in a folder, sorted; to be released in any case. */
int folder_images(const char *dir, xs_texts *images);
/* Paths of the image files in a folder and all folders below it, sorted in each; links to folders
 * are not followed; to be released in any case. */
int folder_walk(const char *dir, xs_texts *images);
/* For advice: a sub-folder of dir that has image files, or the file of this name where file is not
 * NULL; allocated, NULL where none is found. */
char *folder_below(const char *dir, const char *file);
/* Makes equal files have equal names: "./a//b" becomes "a/b".  Refuses a name that leads out of the
 * folder in which it is looked up: absolute, or with "..".  csv:line: where it stands. */
int folder_read_name(const char *csv, int64_t line, char *name);

#endif
