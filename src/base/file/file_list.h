/* file_list.h: the names in a folder. */
#ifndef FILE_LIST_H
#define FILE_LIST_H

#include "option.h"

/* All names in a folder but "." and "..", sorted.  A folder that is not there, cannot be opened or
 * cannot be read to its end is an error: no name is ever left out in silence.  Release *names in
 * any case. */
int file_list(const char *dir, xs_texts *names);
/* The same; a folder that is not there has no names. */
int file_list_if_there(const char *dir, xs_texts *names);
/* Puts a text, which is taken over, behind the others. */
void file_list_append(xs_texts *names, char *text);
void file_list_release(xs_texts *names);

#endif
