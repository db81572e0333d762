#include "node_job.h"

#include "error.h"
#include "watch.h"

xs_status node_labels(const node_site *s, xs_split which, train_set *set) {
  return s->open(s->access, which, set);
}

xs_status node_translation(const char *generator, const train_set *from, xs_images **made,
                           train_set *to) {
  translator *g = NULL;
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translator_apply(g, from->images, from->rows, from->n, 1, made);
  if (!status) train_set_made(from, *made, to);
  translator_free(g);
  return status;
}

xs_status node_translate(const char *generator, train_set *set, xs_images **made) {
  train_set from = *set;
  xs_status status = node_translation(generator, &from, made, set);
  if (!status) train_set_release(&from);
  return status;
}

xs_status node_check_stop(const xs_watch *w, const char *next) {
  if (!watch_stops(w)) return XS_OK;
  return (xs_status)fail(XS_FAILED, "stopped before %s; continue with --resume", next);
}
