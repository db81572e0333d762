/* folder.c: a run folder belongs to one study, or to one training run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "study.h"

#define FOLDER_OWNER "study.json"
#define FOLDER_LOCK ".lock" /* held while a process works in the folder */
#define FILES "files_read"  /* of FOLDER_OWNER: fingerprints of files, known before a run */
#define FOUND "sites_found" /* of FOLDER_OWNER: fingerprints of sites, known when they are open */

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
  static const char *const early[] = {".", "..", FOLDER_OWNER, FOLDER_LOCK, "log.jsonl"};
  DIR *dir = opendir(path);
  int others = 0;
  for (const struct dirent *e; dir && (e = readdir(dir));) {
    bool mine =
        strncmp(e->d_name, FOLDER_OWNER, strlen(FOLDER_OWNER)) == 0 && is_abandoned(e->d_name);
    for (int i = 0; i < 5 && !mine; i++) mine = strcmp(e->d_name, early[i]) == 0;
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
  json_t *before = json_copy((json_t *)(uintptr_t)theirs);
  json_object_del(before, FOUND);
  char *key = find_difference(mine, before);
  json_decref(before);
  if (!key) return XS_OK;
  fail(XS_FAILED,
       "%s holds another run: %s differs (see %s); nothing was changed: give another --out", out,
       key, path);
  free(key);
  return XS_FAILED;
}

static xs_status write_owner(const char *out, const json_t *mine) {
  if (file_make_dirs(out)) return XS_FAILED;
  char *text = json_dumps(mine, JSON_INDENT(2)), *path = file_join(out, FOLDER_OWNER);
  int status = file_write_atomic(path, text, strlen(text));
  free(path);
  free(text);
  return status ? XS_FAILED : XS_OK;
}

xs_status folder_check(const char *out, const json_t *mine, const char *result,
                       folder_state *state) {
  char *path = file_join(out, FOLDER_OWNER), *made = file_join(out, result);
  json_t *theirs = NULL;
  xs_status status = XS_OK;
  bool unbegun = is_unbegun(out), owned = file_exists(path);
  *state = unbegun ? FOLDER_NEW : file_exists(made) ? FOLDER_FINISHED : FOLDER_BROKEN;
  if (owned) {
    theirs = read_owner(path);
    if (!theirs) status = XS_FAILED;
    if (!status && !unbegun) status = check_owner(out, path, mine, theirs);
  } else if (!unbegun) {
    status = (xs_status)fail(
        XS_FAILED,
        "%s holds other files and no run of xsite; nothing was changed: give an empty or new "
        "folder with --out",
        out);
  }
  json_decref(theirs);
  free(made);
  free(path);
  return status;
}

/* The kernel lets go of the lock when the process ends, however it does.  A file system without
 * locks grants every one. */
static xs_status lock_folder(const char *out, int *lock) {
  if (file_make_dirs(out)) return XS_FAILED;
  char *path = file_join(out, FOLDER_LOCK);
  xs_status status = XS_OK;
  *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (*lock < 0) {
    status = (xs_status)fail(XS_FAILED, "%s: cannot write: %s", path, strerror(errno));
  } else if (flock(*lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
    status = (xs_status)fail(XS_FAILED,
                             "%s: another xsite is at work in this folder; wait until it ends, or "
                             "give another --out",
                             out);
  }
  free(path);
  return status;
}

void folder_unlock(int lock) {
  if (lock >= 0) close(lock);
}

xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished, int *lock) {
  *lock = -1;
  if (!*out) return (xs_status)fail(XS_USAGE, "--out is empty: give a folder");
  folder_state state;
  xs_status status = folder_check(out, mine, result, &state);
  if (!status && state != FOLDER_FINISHED) {
    status = lock_folder(out, lock);
    /* what was there before the lock may have changed */
    if (!status) status = folder_check(out, mine, result, &state);
  }
  if (status) return status;
  *finished = state == FOLDER_FINISHED;
  if (state == FOLDER_BROKEN && !resume) {
    return (xs_status)fail(XS_FAILED,
                           "%s holds a broken run of the same work: continue it with --resume, "
                           "or give another --out",
                           out);
  }
  if (state == FOLDER_NEW) status = write_owner(out, mine);
  sweep(out);
  return status;
}

xs_status folder_note_file(json_t *mine, const char *name, const char *file) {
  uint64_t h;
  json_t *files = json_object_get(mine, FILES);
  if (fingerprint_file(file, &h)) return XS_FAILED;
  if (!files) json_object_set_new(mine, FILES, files = json_object());
  json_object_set_new(files, name, fingerprint_json(h));
  return XS_OK;
}

xs_status folder_check_site(const char *out, const char *name, const xs_site *s) {
  char *path = file_join(out, FOLDER_OWNER);
  json_t *owner = read_owner(path), *mine = fingerprint_json(fingerprint_site(s));
  xs_status status = owner ? XS_OK : XS_FAILED;
  json_t *found = json_object_get(owner, FOUND), *theirs = json_object_get(found, name);
  if (theirs && !json_equal(mine, theirs)) {
    status =
        (xs_status)fail(XS_FAILED,
                        "%s holds a run on other images or labels of %s: its files, --data-dir or "
                        "--skip-unreadable have changed; nothing was changed: give another "
                        "--out, or bring back what the run began with",
                        out, name);
  } else if (owner && !theirs) {
    if (!found) json_object_set_new(owner, FOUND, found = json_object());
    json_object_set(found, name, mine);
    status = write_owner(out, owner);
  }
  json_decref(mine);
  json_decref(owner);
  free(path);
  return status;
}

bool folder_unit_done(const char *out, const char *unit) {
  char *path = text_format("%s/units/%s/record.json", out, unit);
  bool done = file_exists(path);
  free(path);
  return done;
}
