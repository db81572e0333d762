/* words.h: the program's own texts and messages. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* What --help and the manual say of the whole program. */
extern const char words_purpose[], words_statuses[], words_isolation[];

/* Zeroed memory; the program ends with a message where there is none. */
void *words_new(size_t bytes);
char *words_format(const char *format, ...) __attribute__((format(printf, 1, 2))); /* allocated */
/* Returns status and keeps a message of the program itself, which words_message then gives. */
int words_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Why the verb failed: the program's own message, else the library's. */
const char *words_message(void);

#endif
