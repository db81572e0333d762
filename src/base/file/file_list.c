#include "file_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "sort.h"
#include "text.h"

void file_list_append(xs_texts *names, char *text) {
  if ((names->n & (names->n - 1)) == 0) { /* room doubles at powers of two */
    names->text =
        memory_grow(names->text, sizeof *names->text * (names->n ? 2 * (size_t)names->n : 1));
  }
  names->text[names->n++] = text;
}

void file_list_release(xs_texts *names) {
  for (int i = 0; i < names->n; i++) free(names->text[i]);
  free(names->text);
  *names = (xs_texts){0};
}

static int refuse(const char *dir, const char *what, int reason) {
  const char *advice = reason == EMFILE || reason == ENFILE
                           ? "; too many files are open: raise the limit (ulimit -n)"
                       : reason == EACCES ? "; allow reading it (chmod u+rx)"
                                          : "";
  return fail(1, "%s: cannot %s this folder: %s%s", dir, what, strerror(reason), advice);
}

/* readdir tells its end from a failure by errno alone. */
static int read_names(const char *dir, DIR *d, xs_texts *names) {
  for (;;) {
    errno = 0;
    const struct dirent *e = readdir(d);
    if (!e) return errno ? refuse(dir, "read", errno) : 0;
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
      file_list_append(names, text_copy(e->d_name));
  }
}

static int list(const char *dir, bool must, xs_texts *names) {
  *names = (xs_texts){0};
  DIR *d = opendir(dir);
  const int reason = d ? 0 : errno;
  if (!d && !must && !file_exists(dir) && reason != EACCES) return 0;
  if (!d) return refuse(dir, "open", reason);
  const int status = read_names(dir, d, names);
  closedir(d);
  sort_texts((const char **)names->text, names->n);
  return status;
}

int file_list(const char *dir, xs_texts *names) { return list(dir, true, names); }

int file_list_if_there(const char *dir, xs_texts *names) { return list(dir, false, names); }
