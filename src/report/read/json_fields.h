/* json_fields.h: the fields of a JSON object, checked.
 *
 * where: what a message begins with, "FILE: pairs[0].".  What is absent or null is NAN, NULL or an
 * empty list; what has another type is refused: all give 0, or non-zero with a message. */
#ifndef JSON_FIELDS_H
#define JSON_FIELDS_H

#include <jansson.h>
#include <stddef.h>

typedef struct interval {
  double value, low, high;
} interval;

typedef struct field {
  const char *name;
  size_t offset; /* of a double */
} field;

int fields_wrong_type(const char *where, const char *name, const char *wanted, const json_t *j);
/* object may be NULL or null: then every number is NAN. */
int fields_numbers(const json_t *object, const char *where, const field *f, int n, void *record);
/* The same of the object that is called name. */
int fields_numbers_of(const json_t *object, const char *where, const char *name, const field *f,
                      int n, void *record);
int fields_number(const json_t *object, const char *where, const char *name, double *out);
int fields_interval(const json_t *object, const char *where, const char *name, interval *out);
int fields_text(const json_t *object, const char *where, const char *name, const char **out);
/* A text that must be there and is part of a folder's name. */
int fields_name(const json_t *object, const char *where, const char *name, const char **out);

/* Reads one element of a list, or one object that may be NULL, into a record. */
typedef int (*fields_reader)(const json_t *j, const char *where, void *record);
/* *n records of a size, zeroed and then read; allocated, also after a failure.  *status: nothing is
 * read where it is not 0; becomes what a reader gave. */
void *fields_list(const json_t *object, const char *where, const char *name, size_t size,
                  fields_reader read, int *n, int *status);
int fields_object(const json_t *object, const char *where, const char *name, fields_reader read,
                  void *record);
int fields_read_interval(const json_t *j, const char *where, void *record); /* an interval */

#endif
