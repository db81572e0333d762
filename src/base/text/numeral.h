/* numeral.h: numbers in text, with a point before the decimals whatever locale the process or its
 * thread has: a program that links the library may speak German. */
#ifndef NUMERAL_H
#define NUMERAL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

double numeral_read(const char *text, char **end); /* as strtod */
/* As vsnprintf, snprintf and fprintf. */
int numeral_vprint(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
int numeral_print(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int numeral_put(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
