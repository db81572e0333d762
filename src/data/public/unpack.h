/* unpack.h: what is inside compressed files and archives, in memory. */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>

/* The content of a file compressed by gzip or bzip2, a 0 byte after its end, newly allocated.  More
 * than `most` bytes are an error. */
int unpack_stream(const char *path, size_t most, char **data, size_t *size);

/* The same of the one file in a ZIP archive, but for folders and what begins with a dot or lies in
 * __MACOSX; several are an error that names two. */
int unpack_zip(const char *path, size_t most, char **data, size_t *size);

typedef struct unpacked {
  char *name; /* without folders */
  char *data;
  size_t size;
} unpacked;

typedef struct unpacked_files {
  unpacked *file; /* in the order of their names' bytes, no two of one name */
  int n;
} unpacked_files;

/* The plain files that lie directly in the folder (with a / at its end) of a gzipped tar archive
 * and whose names end so.  Links, other folders and files of names that begin with a dot are passed
 * over.  Release *out in any case. */
int unpack_tar(const char *path, const char *folder, const char *ending, size_t most,
               unpacked_files *out);
void unpack_release(unpacked_files *x);

#endif
