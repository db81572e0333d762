/* file_open.h: opening files under names that another user can guess, where he may have put
 * something beforehand: a link to a file of ours, or a file that he can read or change. */
#ifndef FILE_OPEN_H
#define FILE_OPEN_H

#include <sys/types.h>

enum { FILE_OWN = 0600 }; /* mode of what is for its owner's eyes: films, patients, results */

/* Opens a file as open(2) does, but follows no symbolic link and takes nothing but a plain file.  A
 * descriptor; or -1, errno and a message: what is in the way, whose it is and what to do. */
int file_open(const char *path, int flags, mode_t mode);
/* Fails where the open file is another user's, has a second name, or gives others one of the
 * permissions in `closed`. */
int file_check_own(const char *path, int fd, mode_t closed);

#endif
