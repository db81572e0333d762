/* image_path.h: a file's path made of columns: "{dir}/p{id:2}/{id}.png". */
#ifndef IMAGE_PATH_H
#define IMAGE_PATH_H

#include "joined_tables.h"

enum { MOST_PIECES = 32 };

typedef struct image_path {
  int n;
  struct path_piece {
    char *text; /* as it is, or a column's name */
    bool is_column;
    int letters;      /* only so many of the cell's first ones; 0: all */
    joined_column at; /* in the present tables */
  } piece[MOST_PIECES];
} image_path;

/* where: "FILE: columns.image".  Release *out in any case. */
int image_path_parse(const char *where, const char *pattern, image_path *out);
void image_path_release(image_path *p);
int image_path_find(const joined_tables *s, image_path *p); /* sets all `at` */
/* The path of a row, from the first of the texts `from` that it holds; allocated.  NULL where a
 * cell is empty. */
char *image_path_make(const joined_tables *s, const image_path *p, const xs_texts *from,
                      int64_t row);

#endif
