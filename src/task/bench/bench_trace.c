/* bench_trace.c: one run of a training step as a file that Perfetto and chrome://tracing open: the
 * Trace Event Format ("Trace Event Format", Duca and Sinclair 2016), times in microseconds. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "timed_step.h"

/* Names the process ("process_name") or a track ("thread_name"). */
static json_t *name_event(const char *what, int track, const char *name) {
  return json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "ph", "M", "name", what, "pid", 1, "tid", track,
                   "args", "name", name);
}

static json_t *kernel_event(const tg_step_profile *p, int track, double start) {
  return json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:{s:s, s:s, s:f, s:f, s:f}}", "ph", "X",
                   "name", p->operation, "cat", p->kernel, "pid", 1, "tid", track, "ts",
                   1e6 * (start + p->start), "dur", 1e6 * p->seconds, "args", "site", p->site,
                   "kernel", p->kernel, "flop", p->flop, "kernel_flop", p->kernel_flop, "bytes",
                   p->bytes);
}

/* Adds the step's kernels; when the last of them ended. */
static double add_step(json_t *events, const bench_step *s, int track, double start) {
  tg_step_profile p = {0};
  for (int i = 0; i < bench_kernels(s); i++) {
    bench_profile(s, i, &p);
    json_array_append_new(events, kernel_event(&p, track, start));
  }
  return start + p.start + p.seconds;
}

int trace_write(const char *path, int n, const bench_step *step) {
  json_t *events = json_array();
  double start = 0;
  json_array_append_new(events, name_event("process_name", 0, "xsite bench"));
  for (int i = 0; i < n; i++) {
    json_array_append_new(events, name_event("thread_name", i + 1, step[i].name));
    start = add_step(events, &step[i], i + 1, start);
  }
  json_t *j = json_pack("{s:o, s:s}", "traceEvents", events, "displayTimeUnit", "ms");
  char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(12));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  json_decref(j);
  return status;
}
