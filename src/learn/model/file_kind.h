/* file_kind.h: what a file is that was given for safetensors, by its first bytes. */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include <stddef.h>

/* What it is and what to do, for a message behind "PATH: "; NULL: nothing that is known;
 * allocated. */
char *file_kind_explain(const char *path, const char *data, size_t size);

#endif
