/* folder.c: a run folder belongs to one study, or to one training run. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "study.h"

#define FOLDER_OWNER "study.json"

/* Whether a name is that of a file that file_write_atomic of a dead process has left: NAME.tmpPID.
 */
static bool is_abandoned(const char *name) {
  const char *tmp = strstr(name, ".tmp");
  char *end;
  long process = tmp ? strtol(tmp + 4, &end, 10) : 0;
  return process > 0 && *end == 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

/* Whether a folder holds nothing, or only what was left of a first attempt. */
static bool is_empty(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return true;
  int entries = 0;
  for (const struct dirent *e; (e = readdir(dir));) {
    bool first = strncmp(e->d_name, FOLDER_OWNER, strlen(FOLDER_OWNER)) == 0;
    if (first && is_abandoned(e->d_name)) continue;
    entries += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  }
  closedir(dir);
  return entries == 0;
}

/* Removes what killed runs have left half-written, here and below. */
static void sweep(const char *path) {
  DIR *dir = opendir(path);
  for (const struct dirent *e; dir && (e = readdir(dir));) {
    if (e->d_name[0] == '.') continue;
    char *name = file_join(path, e->d_name);
    if (file_is_dir(name)) {
      sweep(name);
    } else if (is_abandoned(e->d_name)) {
      unlink(name);
    }
    free(name);
  }
  if (dir) closedir(dir);
}

/* The first key in which two studies differ, as "section.key"; allocated, NULL if equal. */
static char *find_difference(const json_t *a, const json_t *b) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)a, key, value) {
    const json_t *other = json_object_get(b, key);
    if (json_equal(value, other)) continue;
    char *inner =
        json_is_object(value) && json_is_object(other) ? find_difference(value, other) : NULL;
    char *path = inner ? text_format("%s.%s", key, inner) : text_copy(key);
    free(inner);
    return path;
  }
  return json_object_size(a) == json_object_size(b) ? NULL : text_copy("its options");
}

static xs_status check_owner(const char *out, const char *path, const json_t *mine) {
  json_error_t error;
  json_t *theirs = json_load_file(path, 0, &error);
  if (!theirs) {
    return (xs_status)fail(XS_FAILED, "%s:%d: %s; this is no run folder: give another --out", path,
                           error.line, error.text);
  }
  char *key = find_difference(mine, theirs);
  json_decref(theirs);
  if (!key) return XS_OK;
  fail(XS_FAILED,
       "%s holds another run: %s differs (see %s); nothing was changed: give another --out", out,
       key, path);
  free(key);
  return XS_FAILED;
}

static xs_status write_owner(const char *out, const char *path, const json_t *mine) {
  if (!is_empty(out)) {
    return (xs_status)fail(
        XS_FAILED,
        "%s holds other files and no run of xsite; nothing was changed: give an empty or new "
        "folder with --out",
        out);
  }
  if (file_make_dirs(out)) return XS_FAILED;
  char *text = json_dumps(mine, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  return status ? XS_FAILED : XS_OK;
}

xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished) {
  char *path = file_join(out, FOLDER_OWNER), *made = file_join(out, result);
  xs_status status;
  *finished = false;
  if (!file_exists(path)) {
    status = write_owner(out, path, mine);
  } else {
    status = check_owner(out, path, mine);
    *finished = !status && file_exists(made);
    if (!status && !*finished && !resume) {
      status = (xs_status)fail(XS_FAILED,
                               "%s holds a broken run of the same work: continue it with --resume, "
                               "or give another --out",
                               out);
    }
  }
  if (!status) sweep(out);
  free(made);
  free(path);
  return status;
}

bool folder_unit_done(const char *out, const char *unit) {
  char *path = text_format("%s/units/%s/record.json", out, unit);
  bool done = file_exists(path);
  free(path);
  return done;
}
