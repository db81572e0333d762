#include "run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"
#include "domain.h"
#include "error.h"
#include "file.h"
#include "file_open.h"
#include "fingerprint.h"
#include "folder_files.h"
#include "json_difference.h"
#include "label_seal.h"
#include "option.h"
#include "sealed_files.h"
#include "text.h"

#define FILES "files_read"  /* of FOLDER_OWNER: fingerprints of files, known before a run */
#define MAPPINGS "mappings" /* of FOLDER_OWNER: which mapping each site's labels are read by */

bool folder_is_seed(const char *name) {
  static const char kind[] = "seed-";
  const size_t n = strlen(kind);
  return strncmp(name, kind, n) == 0 && name[n] && !name[n + strspn(name + n, "0123456789")];
}

/* The run that a folder belongs to, or NULL and a message. */
static json_t *read_owner(const char *path) {
  json_error_t error;
  json_t *theirs = json_load_file(path, 0, &error);
  if (json_is_integer(json_object_get(theirs, "seed")) &&
      (json_is_array(json_object_get(theirs, "sites")) || json_object_get(theirs, "task"))) {
    return theirs;
  }
  fail(XS_FAILED, "%s: was not written by xsite (%s); nothing was changed: give another --out",
       path, theirs ? "no seed, or no sites" : error.text);
  json_decref(theirs);
  return NULL;
}

static bool is_of_file(const char *key) {
  return !strncmp(key, FILES ".", strlen(FILES ".")) ||
         !strncmp(key, MAPPINGS ".", strlen(MAPPINGS "."));
}

static xs_status check_owner(const char *out, const char *path, const json_t *mine,
                             const json_t *theirs) {
  char *key = json_difference(mine, theirs);
  if (!key) return XS_OK;
  bool is_file = is_of_file(key);
  fail(XS_FAILED,
       "%s holds another run: %s differs%s (see %s); nothing was changed: give another "
       "--out%s",
       out, key, is_file ? ", that file has changed since" : "", path,
       is_file ? ", or bring back the file as it was" : "");
  free(key);
  return XS_FAILED;
}

static char *owner_text(const json_t *mine) { return json_dumps(mine, JSON_INDENT(2)); }

static xs_status write_owner(const char *out, const json_t *mine) {
  if (file_make_dirs(out)) return XS_FAILED;
  char *text = owner_text(mine), *path = file_join(out, FOLDER_OWNER);
  int status = file_write_atomic(path, text, strlen(text));
  free(path);
  free(text);
  return status ? XS_FAILED : XS_OK;
}

/* Studies of one name and seed are one study that is changed; others do not share a folder. */
static bool is_same_study(const json_t *mine, const json_t *theirs) {
  return json_is_array(json_object_get(theirs, "sites")) &&
         json_equal(json_object_get(mine, "name"), json_object_get(theirs, "name")) &&
         json_equal(json_object_get(mine, "seed"), json_object_get(theirs, "seed"));
}

static xs_status compare_owner(const char *out, const char *path, const json_t *mine,
                               folder_state *state, char **differs) {
  json_t *theirs = read_owner(path);
  xs_status status = theirs ? XS_OK : XS_FAILED;
  if (!status && *state != FOLDER_NEW) {
    if (differs && is_same_study(mine, theirs)) {
      *differs = json_difference(mine, theirs);
    } else {
      status = check_owner(out, path, mine, theirs);
    }
    if (differs && *differs) *state = FOLDER_BROKEN;
  }
  json_decref(theirs);
  return status;
}

xs_status folder_check(const char *out, const json_t *mine, const char *result, folder_state *state,
                       char **differs) {
  char *path = file_join(out, FOLDER_OWNER), *made = file_join(out, result);
  bool unbegun;
  xs_status status = folder_check_unbegun(out, &unbegun);
  if (differs) *differs = NULL;
  *state = unbegun ? FOLDER_NEW : file_exists(made) ? FOLDER_FINISHED : FOLDER_BROKEN;
  if (!status && file_exists(path)) {
    status = compare_owner(out, path, mine, state, differs);
  } else if (!unbegun && !status) {
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

/* For those who find the folder locked. */
static void sign_lock(int lock) {
  char host[256] = "", since[CLOCK_TEXT];
  gethostname(host, sizeof host - 1);
  clock_date(since);
  if (ftruncate(lock, 0) == 0) {
    dprintf(lock, "process %ld on %s since %s", (long)getpid(), host, since);
  }
}

static xs_status refuse_locked(const char *out) {
  char *path = file_join(out, FOLDER_LOCK), *holder = NULL;
  size_t size;
  if (file_read(path, &holder, &size)) holder = NULL;
  xs_status status = (xs_status)fail(
      XS_FAILED,
      "%s: another xsite is at work in this folder (%s); wait until it ends, or give another --out",
      out, holder && *holder ? holder : "which one is not known");
  free(holder);
  free(path);
  return status;
}

/* The kernel lets go of the lock when the process ends, however it does. */
static xs_status open_lock(const char *dir, int *lock) {
  *lock = -1;
  if (file_make_dirs(dir)) return XS_FAILED;
  char *path = file_join(dir, FOLDER_LOCK);
  *lock = file_open(path, O_RDWR | O_CREAT, FILE_OWN);
  free(path);
  return *lock < 0 ? XS_FAILED : XS_OK;
}

/* A file system without locks grants every one. */
static bool take(int lock, int how) {
  return flock(lock, how | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static xs_status lock_folder(const char *out, int *lock) {
  if (open_lock(out, lock)) return XS_FAILED;
  if (!take(*lock, LOCK_EX)) return refuse_locked(out);
  sign_lock(*lock);
  return XS_OK;
}

xs_status folder_lock_node(const char *dir, int *lock) { return lock_folder(dir, lock); }

void folder_unlock(int lock) {
  if (lock >= 0) close(lock);
}

/* What an unbegun run has noted may be of other sites. */
static xs_status begin(const char *out, const json_t *mine) {
  xs_status status = folder_forget_sites(out);
  return status ? status : write_owner(out, mine);
}

static xs_status check_out(const char *out) {
  return *out ? XS_OK : (xs_status)fail(XS_USAGE, "--out is empty: give a folder");
}

/* Takes the lock before anything is changed; what was there before it may have changed. */
static xs_status claim(const char *out, const json_t *mine, const char *result, folder_state *state,
                       char **differs, int *lock) {
  xs_status status = check_out(out);
  if (!status) status = folder_check(out, mine, result, state, differs);
  if (status || *state == FOLDER_FINISHED) return status;
  if (differs) free(*differs);
  if (differs) *differs = NULL;
  status = lock_folder(out, lock);
  return status ? status : folder_check(out, mine, result, state, differs);
}

static xs_status refuse_broken(const char *out, const char *differs) {
  if (!differs) {
    return (xs_status)fail(XS_FAILED,
                           "%s holds a broken run of the same work: continue it with --resume, "
                           "or give another --out",
                           out);
  }
  return (xs_status)fail(XS_FAILED,
                         "%s holds this study as it was: %s differs%s (see %s/study.json); nothing "
                         "was changed: --resume makes what is missing or is made from something "
                         "else, which `xsite study plan` lists, and replaces it; or give another "
                         "--out",
                         out, differs, is_of_file(differs) ? ", that file has changed since" : "",
                         out);
}

xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished, char **differs, int *lock) {
  folder_state state;
  *lock = -1;
  xs_status status = claim(out, mine, result, &state, differs, lock);
  if (status) return status;
  *finished = state == FOLDER_FINISHED;
  if (state == FOLDER_BROKEN && !resume) return refuse_broken(out, differs ? *differs : NULL);
  if (state == FOLDER_NEW) status = begin(out, mine);
  return status ? status : folder_sweep(out);
}

xs_status folder_remove_page(const char *out) {
  return file_remove_in(out, "report.html") ? XS_FAILED : XS_OK;
}

xs_status folder_extend(const char *out, const json_t *mine, const char *result,
                        const char *differs) {
  if (differs && seal_extended(out, differs)) return XS_FAILED;
  xs_status status = folder_remove_page(out);
  if (!status && file_remove_in(out, result)) status = XS_FAILED;
  return status ? status : write_owner(out, mine);
}

xs_status folder_reopen(const char *out, const json_t *mine, const char *result, int *lock) {
  xs_status status = lock_folder(out, lock);
  return status ? status : folder_extend(out, mine, result, NULL);
}

/* Beside others it must be the run that they have begun, though no node may be done. */
static xs_status check_begun(const char *out, const json_t *mine) {
  char *path = file_join(out, FOLDER_OWNER);
  json_t *theirs = read_owner(path);
  xs_status status = theirs ? check_owner(out, path, mine, theirs) : XS_FAILED;
  json_decref(theirs);
  free(path);
  return status;
}

/* What one process that joins is told, and tells. */
typedef struct entry {
  const char *out, *result;
  const json_t *mine;
  bool resume;
  folder_state state;
  char *differs;
  int *lock;
} entry;

/* Only who is alone may change the study: others are at work on it as it was. */
static xs_status enter_changed(const entry *e, bool alone) {
  if (!e->resume) return refuse_broken(e->out, e->differs);
  return alone ? folder_extend(e->out, e->mine, e->result, e->differs) : refuse_locked(e->out);
}

/* Who is alone may begin the run. */
static xs_status enter(entry *e) {
  int *lock = e->lock;
  if (open_lock(e->out, lock)) return XS_FAILED;
  bool alone = take(*lock, LOCK_EX);
  if (!alone && !take(*lock, LOCK_SH)) return refuse_locked(e->out);
  xs_status status = folder_check(e->out, e->mine, e->result, &e->state, &e->differs);
  if (!status && e->differs) status = enter_changed(e, alone);
  if (!status && e->state == FOLDER_NEW) status = (alone ? begin : check_begun)(e->out, e->mine);
  if (!status && alone && !take(*lock, LOCK_SH)) status = refuse_locked(e->out);
  if (!status) sign_lock(*lock);
  return status;
}

/* One process after the other, so that only the first begins or changes the run; `door` is held for
 * no longer than that. */
static xs_status join(entry *e) {
  char *nodes = file_join(e->out, NODES);
  int door;
  xs_status status = open_lock(nodes, &door);
  while (!status && flock(door, LOCK_EX) && errno == EINTR) continue;
  if (!status) status = enter(e);
  folder_unlock(door);
  free(nodes);
  return status;
}

xs_status folder_join(const char *out, const json_t *mine, const char *result, bool resume,
                      bool *finished, char **differs, int *lock) {
  entry e = {.out = out, .result = result, .mine = mine, .resume = resume, .lock = lock};
  *lock = -1;
  xs_status status = check_out(out);
  if (!status) status = folder_check(out, mine, result, &e.state, &e.differs);
  *finished = !status && e.state == FOLDER_FINISHED;
  if (!status && !*finished) {
    free(e.differs);
    e.differs = NULL;
    status = join(&e);
    *finished = !status && e.state == FOLDER_FINISHED;
  }
  *differs = e.differs;
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

static json_t *mapping_of(const domain *d) {
  uint64_t h;
  if (fingerprint_file(d->mapping, &h)) return NULL;
  return json_pack("{s:o, s:I, s:o, s:o}", "mapping", option_text_json(d->map->mapping), "version",
                   (json_int_t)d->map->version, "set",
                   option_texts_json(d->mapping_set.text, d->mapping_set.n), "fingerprint",
                   fingerprint_json(h));
}

xs_status folder_note_domain(json_t *mine, const char *name, const char *file) {
  domain d;
  xs_status status = folder_note_file(mine, name, file);
  if (status) return status;
  status = (xs_status)domain_open(file, ".", &d);
  if (!status && d.map) {
    json_t *all = json_object_get(mine, MAPPINGS), *its = mapping_of(&d);
    if (!all) json_object_set_new(mine, MAPPINGS, all = json_object());
    if (!its || json_object_set_new(all, name, its)) status = XS_FAILED;
  }
  domain_close(&d);
  return status;
}

json_t *folder_reading(const json_t *identity, const char *site) {
  static const char *const how[] = {"limit", "seed", "size", "split_by"};
  json_t *j = json_object();
  for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
    json_object_set(j, how[i], json_object_get(identity, how[i]));
  }
  json_object_set(j, "file", json_object_get(json_object_get(identity, FILES), site));
  json_object_set(j, "mapping", json_object_get(json_object_get(identity, MAPPINGS), site));
  return j;
}

static char *site_path(const char *out, const char *site) {
  char *dir = file_join(out, SITES), *path = file_join(dir, site);
  free(dir);
  return path;
}

json_t *folder_site(const char *out, const char *site) {
  char *path = site_path(out, site);
  json_t *identity = json_load_file(path, 0, NULL);
  free(path);
  return identity;
}

static char *site_text(const json_t *identity) {
  char *json = json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS),
       *text = text_format("%s\n", json);
  free(json);
  return text;
}

xs_status folder_note_site(const char *out, const char *site, const json_t *identity) {
  char *dir = file_join(out, SITES), *path = file_join(dir, site);
  char *text = site_text(identity);
  int status = file_make_dirs(dir);
  if (!status) status = file_write_atomic(path, text, strlen(text));
  free(text);
  free(path);
  free(dir);
  return status ? XS_FAILED : XS_OK;
}

/* Takes the texts over. */
static void note(json_t *files, char *name, char *text) {
  sealed_note(files, name, text, strlen(text));
  free(text);
  free(name);
}

xs_status folder_note_all(const char *out, const json_t *mine, int n, const char *const *name,
                          json_t *const *site, json_t *files) {
  xs_status status = write_owner(out, mine);
  note(files, text_copy(FOLDER_OWNER), owner_text(mine));
  for (int i = 0; i < n && !status; i++) {
    status = folder_note_site(out, name[i], site[i]);
    note(files, text_format(SITES "/%s", name[i]), site_text(site[i]));
  }
  return status;
}

static xs_status refuse_site(const char *out, const char *site, const json_t *theirs) {
  char *path = site_path(out, site);
  xs_status status =
      theirs
          ? (xs_status)fail(XS_FAILED,
                            "%s holds a run on other images or labels of %s: its files, "
                            "--data-dir or --skip-unreadable have changed; nothing was changed: "
                            "give another --out, or bring back what the run began with",
                            out, site)
          : (xs_status)fail(XS_FAILED, "%s: is not there: what the run has read of %s is not known",
                            path, site);
  free(path);
  return status;
}

xs_status folder_check_site(const char *out, const char *site, const json_t *identity,
                            bool finished) {
  char *path = site_path(out, site);
  json_t *theirs = folder_site(out, site);
  xs_status status = XS_OK;
  if (!finished && !file_exists(path)) {
    status = folder_note_site(out, site, identity);
  } else if (file_exists(path) && !theirs) {
    status = (xs_status)fail(XS_FAILED,
                             "%s: is not as it was written; remove it, and the run notes anew what "
                             "it reads of %s",
                             path, site);
  } else if (!json_equal(identity, theirs)) {
    status = refuse_site(out, site, file_exists(path) ? identity : NULL);
  }
  json_decref(theirs);
  free(path);
  return status;
}

bool folder_node_done(const char *out, const char *node) {
  char *path = text_format("%s/nodes/%s/record.json", out, node);
  bool done = file_exists(path);
  free(path);
  return done;
}
