#include "watch.h"

#include <stdarg.h>

#include "buffer.h"
#include "error.h"

void watch_note(const xs_watch *w, const char *format, ...) {
  buffer line = {0};
  va_list args;
  if (!w || !w->note) return;
  va_start(args, format);
  buffer_add_list(&line, format, args);
  va_end(args);
  w->note(w->context, line.text);
  buffer_free(&line);
}

void watch_progress(const xs_watch *w, const xs_progress *p) {
  if (w && w->progress) w->progress(w->context, p);
}

bool watch_stops(const xs_watch *w) { return w && w->stop && w->stop(w->context); }

xs_status watch_step(const xs_watch *w, const char *task, int64_t done, int64_t total) {
  if (done > 0) watch_progress(w, &(xs_progress){.task = task, .done = done, .total = total});
  return watch_stops(w) ? (xs_status)fail(XS_FAILED, "%s: stopped at image %lld of %lld", task,
                                          (long long)done, (long long)total)
                        : XS_OK;
}
