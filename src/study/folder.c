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

/* Whether a folder holds nothing but what a run writes before its first unit. */
static bool is_unbegun(const char *path) {
  static const char *const early[] = {".", "..", FOLDER_OWNER, "log.jsonl"};
  DIR *dir = opendir(path);
  int others = 0;
  for (const struct dirent *e; dir && (e = readdir(dir));) {
    bool mine =
        strncmp(e->d_name, FOLDER_OWNER, strlen(FOLDER_OWNER)) == 0 && is_abandoned(e->d_name);
    for (int i = 0; i < 4 && !mine; i++) mine = strcmp(e->d_name, early[i]) == 0;
    others += !mine;
  }
  if (dir) closedir(dir);
  return others == 0;
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

/* The run that a folder belongs to, or NULL and a message. */
static json_t *read_owner(const char *path) {
  json_error_t error;
  json_t *theirs = json_load_file(path, 0, &error);
  if (json_is_integer(json_object_get(theirs, "seed"))) return theirs;
  fail(XS_FAILED, "%s: was not written by xsite (%s); nothing was changed: give another --out",
       path, theirs ? "no seed" : error.text);
  json_decref(theirs);
  return NULL;
}

static xs_status check_owner(const char *out, const char *path, const json_t *mine,
                             const json_t *theirs) {
  char *key = find_difference(mine, theirs);
  if (!key) return XS_OK;
  fail(XS_FAILED,
       "%s holds another run: %s differs (see %s); nothing was changed: give another --out", out,
       key, path);
  free(key);
  return XS_FAILED;
}

static xs_status write_owner(const char *out, const char *path, const json_t *mine) {
  if (file_make_dirs(out)) return XS_FAILED;
  char *text = json_dumps(mine, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  return status ? XS_FAILED : XS_OK;
}

/* A folder that has an owner already. */
static xs_status reclaim(const char *out, const char *path, const json_t *mine, bool finished,
                         bool resume) {
  json_t *theirs = read_owner(path);
  if (!theirs) return XS_FAILED;
  xs_status status;
  if (is_unbegun(out)) {
    status = write_owner(out, path, mine);
  } else {
    status = check_owner(out, path, mine, theirs);
    if (!status && !finished && !resume) {
      status = (xs_status)fail(XS_FAILED,
                               "%s holds a broken run of the same work: continue it with --resume, "
                               "or give another --out",
                               out);
    }
  }
  json_decref(theirs);
  if (!status) sweep(out);
  return status;
}

xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished) {
  if (!*out) return (xs_status)fail(XS_USAGE, "--out is empty: give a folder");
  char *path = file_join(out, FOLDER_OWNER), *made = file_join(out, result);
  xs_status status;
  *finished = file_exists(path) && file_exists(made);
  if (file_exists(path)) {
    status = reclaim(out, path, mine, *finished, resume);
  } else if (is_unbegun(out)) {
    status = write_owner(out, path, mine);
  } else {
    status = (xs_status)fail(
        XS_FAILED,
        "%s holds other files and no run of xsite; nothing was changed: give an empty or new "
        "folder with --out",
        out);
  }
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
