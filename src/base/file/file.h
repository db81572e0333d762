/* file.h: files, read whole and written atomically. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a file whole; *data gets a 0 byte after the end and is to be freed.  Non-zero and a message
 * on failure. */
int file_read(const char *path, char **data, size_t *size);
/* Writes a temporary file beside path, syncs it, renames it over path and syncs the folder: after a
 * crash at any instant path holds the old or the new content, whole.  The owner alone may read it;
 * a link under either name is replaced, not followed. */
int file_write_atomic(const char *path, const void *data, size_t size);
/* The same of what is no patient's, to be passed on: whoever the umask lets may read it. */
int file_write_public(const char *path, const void *data, size_t size);
/* All of it to an open file; -1 and errno on failure. */
int file_put(int fd, const void *data, size_t size);
/* A file that is not there is removed already. */
int file_remove(const char *path);
int file_remove_in(const char *dir, const char *name); /* dir/name */
/* from/name as to/name, as file_write_atomic does. */
int file_copy_in(const char *from, const char *to, const char *name);
/* Also where that cannot be found out: who opens it says why. */
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* Fails where path is there but is a folder, pipe, socket or device: reading it may never end. */
int file_check_regular(const char *path);
/* With all parents; for the owner alone, those that are there stay as they are. */
int file_make_dirs(const char *path);
int file_make_public_dirs(const char *path); /* as the umask says */
/* dir/name, or name alone where it is absolute or dir is "."; newly allocated. */
char *file_join(const char *dir, const char *name);
char *file_dir(const char *path); /* the folder part, "." if none; newly allocated */

#endif
