/* name_list.h: a file of image names, one a line, as NIH's train_val_list.txt. */
#ifndef NAME_LIST_H
#define NAME_LIST_H

#include <stdbool.h>

#include "text_set.h"

typedef struct name_list {
  text_set names;
  bool *seen; /* [names.n] */
  int64_t taken;
} name_list;

/* Blanks around names, empty lines, a byte-order mark and a missing last line end do not matter.
 * Release *out in any case. */
int name_list_read(const char *path, name_list *out);
void name_list_release(name_list *l);
/* Whether the list has an image by its path or by its name alone; notes that it was seen. */
bool name_list_take(name_list *l, const char *path, const char *name);
/* The first name that was not seen, or NULL. */
const char *name_list_left(const name_list *l);

#endif
