/* download.h: a public file from the servers that have it, whole and checked. */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include "xsite.h"

typedef struct download {
  const char *name;      /* of the file, at every address */
  const char *folder[4]; /* addresses of the folders that hold it, in the order of asking */
  int64_t bytes;         /* about */
  const char *md5;       /* NULL where none is published: a gzip file, told by its own CRC-32 */
} download;

/* Leaves the file at path, with its folders.  A right file that is there already is not asked for
 * again; a wrong one is an error, or replaced where o->overwrite says so.  What came of a broken
 * download stays in path.part, and the next call continues it; path itself is only ever whole. */
int download_file(const download *d, const char *path, const xs_get_task *o, const xs_watch *w);
/* Is this the file?  Non-zero and a message that says how it differs. */
int download_check(const download *d, const char *path);

#endif
