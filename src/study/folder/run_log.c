/* run_log.c: log.jsonl of a run folder.  Its lines carry the time of day, so it is no part of what
 * a run reproduces; a line is one write, so that a crash leaves whole lines. */
#include "run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "file_open.h"
#include "memory.h"
#include "option.h"
#include "text.h"
#include "watch.h"

enum { PAUSE = 5 }; /* seconds between two lines of losses */

struct run_log {
  int fd; /* -1 after a failure: the run goes on without a log */
  char *path, *node;
  const xs_watch *inner;
  xs_watch watch;
  double last;
};

static void give_up(run_log *l) {
  const int error = errno;
  close(l->fd);
  l->fd = -1;
  watch_note(l->inner, "%s: cannot write: %s; the run goes on without its log", l->path,
             strerror(error));
}

static void write_line(run_log *l, json_t *j) {
  char *text = json_dumps(j, JSON_COMPACT), *line = text_format("%s\n", text);
  if (l->fd >= 0 && file_put(l->fd, line, strlen(line))) give_up(l);
  free(line);
  free(text);
  json_decref(j);
}

static json_t *new_line(const run_log *l) {
  char text[CLOCK_TEXT];
  clock_date(text);
  json_t *j = json_pack("{s:s}", "time", text);
  if (l->node) json_object_set_new(j, "node", option_text_json(l->node));
  return j;
}

static void add_text(run_log *l, const char *key, const char *text) {
  json_t *j = new_line(l);
  json_object_set_new(j, key, option_text_json(text));
  write_line(l, j);
}

static void on_progress(void *context, const xs_progress *p) {
  run_log *l = context;
  watch_progress(l->inner, p);
  double time = clock_seconds();
  if (!p->losses || (time - l->last < PAUSE && p->done != p->total)) return;
  l->last = time;
  json_t *j = new_line(l), *losses = json_object();
  json_object_set_new(j, "step", json_integer(p->done));
  json_object_set_new(j, "of", json_integer(p->total));
  for (int i = 0; i < p->losses; i++) {
    double x = p->loss[i];
    json_object_set_new(losses, p->loss_name[i], isfinite(x) ? json_real(x) : json_null());
  }
  json_object_set_new(j, "losses", losses);
  json_object_set_new(j, "waiting", json_real(round(1e4 * p->waiting) / 1e4));
  write_line(l, j);
}

static void on_note(void *context, const char *line) {
  const run_log *l = context;
  watch_note(l->inner, "%s", line);
  add_text(context, "note", line);
}

static bool on_stop(void *context) {
  const run_log *l = context;
  return watch_stops(l->inner);
}

xs_status log_open(const char *out, const xs_watch *inner, run_log **log) {
  char *path = file_join(out, "log.jsonl");
  int fd = file_open(path, O_WRONLY | O_CREAT | O_APPEND, FILE_OWN);
  *log = NULL;
  if (fd < 0) {
    fail_context(XS_FAILED, "the run needs a folder that it may write to: ");
    free(path);
    return XS_FAILED;
  }
  run_log *l = memory_new(sizeof *l);
  *l = (run_log){.fd = fd, .path = path, .inner = inner, .last = -PAUSE};
  l->watch = (xs_watch){on_progress, on_note, on_stop, l};
  *log = l;
  return XS_OK;
}

void log_close(run_log *l) {
  if (!l) return;
  if (l->fd >= 0) close(l->fd);
  free(l->node);
  free(l->path);
  free(l);
}

const xs_watch *log_watch(const run_log *l) { return &l->watch; }

void log_node(run_log *l, const char *node) {
  if (!l) return;
  free(l->node);
  l->node = node ? text_copy(node) : NULL;
}

void log_error(run_log *l, const char *message) {
  if (l) add_text(l, "error", message);
}
