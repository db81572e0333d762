/* folder_files.c: which files of a run folder are xsite's own. */
#include "folder_files.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "file_list.h"
#include "training_run.h"

#define LOG_START "{\"time\":"        /* of log.jsonl */
#define SITE_START "{\"all_labels\":" /* of SITES/SITE */
#define BEGUN_START "{\"inputs\":"    /* of a node's RUN_BEGUN */

/* The process whose file_write_atomic writes, or has left, a file of this path: NAME.tmpPID; 0:
 * none. */
static long writer_of(const char *path) {
  const char *base = strrchr(path, '/'), *tmp = strstr(base ? base : path, ".tmp");
  char *end;
  long process = tmp ? strtol(tmp + 4, &end, 10) : 0;
  return process > 0 && *end == 0 ? process : 0;
}

static bool is_abandoned(const char *path) {
  long process = writer_of(path);
  return process && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

/* ---- before the first node --------------------------------------------------------------------
 */

/* Whether a file begins as those do that xsite writes under its name, or is empty. */
static xs_status check_start(const char *path, const char *start, bool *is) {
  char *text;
  size_t size;
  *is = false;
  if (file_is_dir(path)) return XS_OK;
  if (file_read(path, &text, &size)) return XS_FAILED;
  *is = size == 0 || strncmp(text, start, strlen(start)) == 0;
  free(text);
  return XS_OK;
}

static xs_status check_lock(const char *path, bool *is) {
  return check_start(path, LOCK_START, is);
}

/* That or begun to be written. */
static xs_status check_site_note(const char *path, bool *is) {
  *is = !file_is_dir(path) && writer_of(path);
  return *is ? XS_OK : check_start(path, SITE_START, is);
}

/* Whether all entries of a folder are of a kind. */
static xs_status check_all(const char *dir, xs_status (*check)(const char *path, bool *is),
                           bool *are) {
  xs_texts names;
  xs_status status = file_list(dir, &names) ? XS_FAILED : XS_OK;
  *are = true;
  for (int i = 0; i < names.n && *are && !status; i++) {
    char *path = file_join(dir, names.text[i]);
    status = check(path, are);
    free(path);
  }
  file_list_release(&names);
  return status;
}

/* A lock, or a folder of them: that of a node that has not come to its first checkpoint. */
static xs_status check_locks(const char *path, bool *are) {
  const char *name = strrchr(path, '/') + 1;
  if (file_is_dir(path)) return check_all(path, check_locks, are);
  *are = false;
  if (strcmp(name, RUN_BEGUN) == 0) return check_start(path, BEGUN_START, are);
  return strcmp(name, FOLDER_LOCK) ? XS_OK : check_lock(path, are);
}

/* By its name and by what it holds; the log and SITES without a study.json beside them are the
 * user's. */
static xs_status check_early(const char *name, const char *path, bool owned, bool *is) {
  const bool owner = strncmp(name, FOLDER_OWNER, strlen(FOLDER_OWNER)) == 0;
  *is = owner && (strcmp(name, FOLDER_OWNER) == 0 || writer_of(name));
  if (*is) return XS_OK;
  if (strcmp(name, FOLDER_LOCK) == 0) return check_lock(path, is);
  if (strcmp(name, NODES) == 0 && file_is_dir(path)) return check_locks(path, is);
  if (owned && strcmp(name, "log.jsonl") == 0) return check_start(path, LOG_START, is);
  if (owned && strcmp(name, SITES) == 0 && file_is_dir(path)) {
    return check_all(path, check_site_note, is);
  }
  return XS_OK;
}

xs_status folder_check_unbegun(const char *out, bool *unbegun) {
  char *owner = file_join(out, FOLDER_OWNER);
  const bool owned = file_exists(owner);
  xs_texts names;
  xs_status status = file_list_if_there(out, &names) ? XS_FAILED : XS_OK;
  *unbegun = true;
  for (int i = 0; i < names.n && *unbegun && !status; i++) {
    char *path = file_join(out, names.text[i]);
    status = check_early(names.text[i], path, owned, unbegun);
    free(path);
  }
  file_list_release(&names);
  free(owner);
  return status;
}

/* ---- removing
 * ------------------------------------------------------------------------------------
 */

xs_status folder_forget_sites(const char *out) {
  char *sites = file_join(out, SITES);
  xs_texts names;
  xs_status status = file_list_if_there(sites, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    char *path = file_join(sites, names.text[i]);
    bool ours;
    status = check_site_note(path, &ours);
    if (!status && ours && file_remove(path)) status = XS_FAILED;
    free(path);
  }
  file_list_release(&names);
  free(sites);
  return status;
}

static xs_status sweep(const char *dir) {
  xs_texts names;
  xs_status status = file_list_if_there(dir, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    char *path = file_join(dir, names.text[i]);
    if (*names.text[i] != '.' && !file_is_dir(path) && is_abandoned(path) && file_remove(path)) {
      status = XS_FAILED;
    }
    free(path);
  }
  file_list_release(&names);
  return status;
}

static xs_status sweep_nodes(const char *out) {
  char *nodes = file_join(out, NODES);
  xs_texts names;
  xs_status status = file_list_if_there(nodes, &names) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status; i++) {
    char *node = file_join(nodes, names.text[i]);
    if (*names.text[i] != '.' && file_is_dir(node)) status = sweep(node);
    free(node);
  }
  file_list_release(&names);
  free(nodes);
  return status;
}

xs_status folder_sweep(const char *out) {
  char *sites = file_join(out, SITES), *figures = file_join(out, "figures");
  xs_status status = sweep(out);
  if (!status) status = sweep(sites);
  if (!status) status = sweep(figures);
  if (!status) status = sweep_nodes(out);
  free(figures);
  free(sites);
  return status;
}
