/* verb_bench_ingest.c: how fast a site's images are decoded, resized and put into the cache. */

#include "cli.h"
#include "clock.h"
#include "rows.h"
#include "tg.h"
#include "xsite.h"

typedef struct ingest_options {
  char *data, *data_dir, *cache;
  int64_t threads;
  bool json;
} ingest_options;

#define FIELD(name) offsetof(ingest_options, name)

static const option rows[] = {
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "DOMAIN-FILE", "the site"},
    DATA_DIR_ROW(FIELD(data_dir)),
    CACHE_ROW(FIELD(cache)),
    THREADS_ROW(FIELD(threads)),
    JSON_ROW(FIELD(json), "print JSON"),
};

static void print(const ingest_options *o, const xs_images *x, double seconds) {
  const double rate = (double)x->n / seconds;
  printf(o->json ? "{\"images\": %lld, \"seconds\": %.6g, \"images_per_second\": %.6g}\n"
                 : "%lld images in %.3g s: %.4g images/s\n",
         (long long)x->n, seconds, rate);
}

static int run(void *record, int words, const char **word) {
  (void)words, (void)word;
  const ingest_options *o = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  const xs_site_options reading = {.data_dir = o->data_dir, .cache = o->cache, .watch = &watch};
  xs_site *s = NULL;
  tg_set_threads((int)o->threads);
  const double start = clock_seconds();
  const xs_status status = xs_site_open(o->data, &reading, &s);
  const double seconds = clock_seconds() - start;
  cli_watch_end(&progress);
  if (!status) print(o, &s->images, seconds);
  xs_site_close(s);
  return status;
}

const cli_verb verb_bench_ingest = {
    .name = "bench ingest",
    .words = "",
    .summary = "Time the reading of a site's images, into the cache or from it.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(ingest_options),
    .computes = true,
    .run = run};
