#include "json_fields.h"

#include "error.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const field interval_fields[] = {
    {"value", offsetof(interval, value)},
    {"low", offsetof(interval, low)},
    {"high", offsetof(interval, high)},
};

static const char *type_name(const json_t *j) {
  static const char *const name[] = {"an object", "an array", "a text", "a number",
                                     "a number",  "true",     "false",  "null"};
  return j ? name[json_typeof(j)] : "nothing";
}

int fields_wrong_type(const char *where, const char *name, const char *wanted, const json_t *j) {
  return fail(XS_FAILED, "%s%s is %s, expected %s; make it again with `xsite study run`", where,
              name, type_name(j), wanted);
}

static bool absent(const json_t *j) { return !j || json_is_null(j); }

int fields_number(const json_t *object, const char *where, const char *name, double *out) {
  const json_t *j = json_object_get(object, name);
  if (!absent(j) && !json_is_number(j)) {
    return fields_wrong_type(where, name, "a number or null", j);
  }
  *out = json_is_number(j) ? json_number_value(j) : NAN;
  return 0;
}

int fields_numbers(const json_t *object, const char *where, const field *f, int n, void *record) {
  if (!absent(object) && !json_is_object(object)) {
    return fields_wrong_type(where, "", "an object of numbers", object);
  }
  int status = 0;
  for (int i = 0; i < n && !status; i++) {
    double v = NAN;
    status = fields_number(object, where, f[i].name, &v);
    memcpy((char *)record + f[i].offset, &v, sizeof v);
  }
  return status;
}

int fields_numbers_of(const json_t *object, const char *where, const char *name, const field *f,
                      int n, void *record) {
  char *inner = text_format("%s%s.", where, name);
  int status = fields_numbers(json_object_get(object, name), inner, f, n, record);
  free(inner);
  return status;
}

int fields_read_interval(const json_t *j, const char *where, void *record) {
  return fields_numbers(j, where, interval_fields, 3, record);
}

int fields_interval(const json_t *object, const char *where, const char *name, interval *out) {
  return fields_numbers_of(object, where, name, interval_fields, 3, out);
}

int fields_text(const json_t *object, const char *where, const char *name, const char **out) {
  const json_t *j = json_object_get(object, name);
  if (!absent(j) && !json_is_string(j)) return fields_wrong_type(where, name, "a text or null", j);
  *out = json_string_value(j);
  return 0;
}

int fields_name(const json_t *object, const char *where, const char *name, const char **out) {
  const json_t *j = json_object_get(object, name);
  if (!json_is_string(j)) return fields_wrong_type(where, name, "a name", j);
  *out = json_string_value(j);
  if (!**out || strchr(*out, '/')) {
    return fail(XS_FAILED, "%s%s is \"%s\", which cannot be a name here", where, name, *out);
  }
  return 0;
}

void *fields_list(const json_t *object, const char *where, const char *name, size_t size,
                  fields_reader read, int *n, int *status) {
  const json_t *list = json_object_get(object, name);
  *n = 0;
  if (*status || absent(list)) return NULL;
  if (!json_is_array(list)) {
    *status = fields_wrong_type(where, name, "an array", list);
    return NULL;
  }
  *n = (int)json_array_size(list);
  char *record = memory_new(((size_t)*n + 1) * size);
  for (int i = 0; i < *n && !*status; i++) {
    char *inner = text_format("%s%s[%d].", where, name, i);
    *status = read(json_array_get(list, (size_t)i), inner, record + (size_t)i * size);
    free(inner);
  }
  return record;
}

int fields_object(const json_t *object, const char *where, const char *name, fields_reader read,
                  void *record) {
  const json_t *j = json_object_get(object, name);
  if (!absent(j) && !json_is_object(j)) {
    return fields_wrong_type(where, name, "an object or null", j);
  }
  char *inner = text_format("%s%s.", where, name);
  int status = read(j, inner, record);
  free(inner);
  return status;
}
