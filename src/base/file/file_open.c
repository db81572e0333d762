#include "file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

#define WHAT_TO_DO "remove it, or give another folder"

/* "alice (user 1000)" or "user 1000". */
static void name_user(uid_t user, char *text, size_t size) {
  char fields[1024];
  struct passwd entry, *found = NULL;
  if (getpwuid_r(user, &entry, fields, sizeof fields, &found) || !found) {
    snprintf(text, size, "user %ld", (long)user);
  } else {
    snprintf(text, size, "%s (user %ld)", found->pw_name, (long)user);
  }
}

static int refuse_owner(const char *path, uid_t owner) {
  char theirs[128], mine[128];
  name_user(owner, theirs, sizeof theirs);
  name_user(geteuid(), mine, sizeof mine);
  return fail(1, "%s: belongs to %s, not to %s; " WHAT_TO_DO, path, theirs, mine);
}

static int explain(const char *path, int reason) {
  struct stat st;
  const bool there = lstat(path, &st) == 0;
  if (there && S_ISLNK(st.st_mode)) {
    fail(1, "%s: is a symbolic link, and is not followed; " WHAT_TO_DO, path);
  } else if (there && reason == EACCES && st.st_uid != geteuid()) {
    refuse_owner(path, st.st_uid);
  } else {
    fail(1, "%s: cannot open: %s", path, strerror(reason));
  }
  errno = reason;
  return -1;
}

int file_open(const char *path, int flags, mode_t mode) {
  struct stat st;
  /* a pipe of this name must not keep us waiting */
  const int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
  if (fd < 0) return explain(path, errno);
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
  close(fd);
  fail(1, "%s: is no plain file; " WHAT_TO_DO, path);
  errno = EINVAL;
  return -1;
}

int file_check_own(const char *path, int fd, mode_t closed) {
  struct stat st;
  if (fstat(fd, &st)) return fail(1, "%s: %s", path, strerror(errno));
  if (st.st_uid != geteuid()) return refuse_owner(path, st.st_uid);
  if (st.st_nlink > 1) {
    return fail(1, "%s: has another name elsewhere (%ld hard links); " WHAT_TO_DO, path,
                (long)st.st_nlink);
  }
  if (!(st.st_mode & closed)) return 0;
  return fail(1, "%s: others may read or change it (mode %03o); " WHAT_TO_DO, path,
              (unsigned)(st.st_mode & 0777));
}
