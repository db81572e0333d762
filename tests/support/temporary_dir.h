/* temporary_dir.h: an empty folder for a test, in $TMPDIR or /tmp. */
#ifndef TEMPORARY_DIR_H
#define TEMPORARY_DIR_H

#include <stdlib.h>

#include "text.h"

static inline char *temporary_dir(void) {
  const char *where = getenv("TMPDIR");
  char *dir = text_format("%s/xsite-XXXXXX", where ? where : "/tmp");
  assert_non_null(mkdtemp(dir));
  return dir;
}

static inline void remove_dir(char *dir) {
  char *command = text_format("rm -rf '%s'", dir);
  assert_int_equal(system(command), 0);
  free(command);
  free(dir);
}

#endif
