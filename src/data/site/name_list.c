#include "name_list.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "unicode.h"
#include "xsite.h"

int name_list_read(const char *path, name_list *out) {
  *out = (name_list){0};
  char *data, *rest = NULL;
  size_t size;
  if (file_read(path, &data, &size)) return XS_FAILED;
  int status = 0;
  if (memchr(data, 0, size)) {
    status = fail(XS_FAILED, "%s: is no text; a list of image names, one a line, is needed", path);
  }
  char *text = data + (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0);
  for (char *s = status ? NULL : strtok_r(text, "\r\n", &rest); s;
       s = strtok_r(NULL, "\r\n", &rest)) {
    s += strspn(s, " \t");
    for (size_t n = strlen(s); n && (s[n - 1] == ' ' || s[n - 1] == '\t');) s[--n] = 0;
    unicode_compose(s);
    if (*s) text_set_add(&out->names, s);
  }
  free(data);
  out->seen = memory_new(sizeof *out->seen * (size_t)(out->names.n + 1));
  if (status || out->names.n) return status;
  return fail(XS_FAILED, "%s: lists no image", path);
}

void name_list_release(name_list *l) {
  text_set_release(&l->names);
  free(l->seen);
}

bool name_list_take(name_list *l, const char *path, const char *name) {
  int64_t number = text_set_find(&l->names, path);
  if (number < 0) number = text_set_find(&l->names, name);
  if (number < 0) return false;
  if (!l->seen[number]) l->taken++;
  l->seen[number] = true;
  return true;
}

const char *name_list_left(const name_list *l) {
  int64_t i = 0;
  while (i < l->names.n && l->seen[i]) i++;
  return i < l->names.n ? l->names.text[i] : NULL;
}
