/* bench_ingest.c: how fast a site's images are decoded, resized and put into the cache. */
#include "clock.h"
#include "error.h"
#include "rows.h"
#include "task_tables.h"
#include "tg.h"
#include "xsite.h"

#define FIELD(name) offsetof(xs_bench_ingest_task, name)

static const option rows[] = {
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "DOMAIN-FILE", "the site"},
    DATA_DIR_ROW(FIELD(data_dir)),
    CACHE_ROW(FIELD(cache)),
    THREADS_ROW(FIELD(threads)),
    JSON_ROW(FIELD(json), "print JSON"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_bench_ingest_table = {.what = "bench ingest", .row = rows, .n = ROWS};

xs_status xs_bench_ingest(const xs_bench_ingest_task *t, const xs_watch *w, int64_t *images,
                          double *seconds) {
  const xs_site_options reading = {.data_dir = t->data_dir, .cache = t->cache, .watch = w};
  xs_site *s = NULL;
  if (!t->data) return (xs_status)fail(XS_USAGE, "bench ingest: the site is missing: `data`");
  tg_set_threads((int)t->threads);
  const double start = clock_seconds();
  const xs_status status = xs_site_open(t->data, &reading, &s);
  *seconds = clock_seconds() - start;
  *images = s ? s->images.n : 0;
  xs_site_close(s);
  return status;
}
