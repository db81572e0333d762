/* file.h: files, read whole and written atomically. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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
/* Also where that cannot be found out: who opens it says why. */
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* Fails where path is there but is a folder, pipe, socket or device: reading it may never end. */
int file_check_regular(const char *path);
/* With all parents; for the owner alone, those that are there stay as they are. */
int file_make_dirs(const char *path);
int file_make_public_dirs(const char *path); /* as the umask says */
/* printf into a new string; never NULL. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_bytes(double bytes); /* "30 MB" or "1.5 GB"; newly allocated */
/* dir/name, or name alone where it is absolute or dir is "."; newly allocated. */
char *file_join(const char *dir, const char *name);
char *file_dir(const char *path); /* the folder part, "." if none; newly allocated */

/* The candidate nearest to word by edit distance, or NULL if none is near (distance > 1 +
 * length/3). */
const char *text_nearest(const char *word, const char *const *candidates, int n);

/* A plain decimal number ("061", "61.0", "+61", "-.5") without what does not change it ("61",
 * "-0.5"); newly allocated; NULL where the text is no such number. */
char *text_plain_number(const char *s);
/* Whether both are such numbers, and equal. */
bool text_same_number(const char *a, const char *b);

/* As a text of YAML, in quotes; what YAML refuses, or takes for the end of a line, is written as
 * its number.  s: UTF-8; newly allocated. */
char *text_yaml(const char *s);

/* As a cell of a CSV file that a program reads: in quotes where a reader would take it for
 * something else, and UTF-8 (unicode_escape); newly allocated. */
char *text_csv(const char *s);
/* The same for people, whose spreadsheet would compute a text that begins as a formula does (= + -
 * @): it gets a ' before it, unless it is a number or one character. */
char *text_csv_shown(const char *s);
void text_csv_put(FILE *f, const char *s); /* text_csv_shown, to a file */

/* Memory is out: ends the program with a message, with status 1 and without a core. */
void memory_out(const char *what) __attribute__((noreturn));
/* calloc, realloc, strdup that end so. */
void *memory_new(size_t bytes); /* zeroed */
void *memory_grow(void *p, size_t bytes);
char *text_copy(const char *s);
/* A copy of start .. end (exclusive) without blanks at its ends. */
char *text_trim(const char *start, const char *end);

/* A stream into a new text, which is whole after text_close: where memory is out the program ends.
 */
FILE *text_open(char **text, size_t *size);
void text_close(FILE *f);

#endif
