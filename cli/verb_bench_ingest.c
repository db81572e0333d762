#include "cli.h"

static int run(void *record, int words, const char **word) {
  (void)words, (void)word;
  const xs_bench_ingest_task *t = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  int64_t n;
  double seconds;
  const xs_status status = xs_bench_ingest(t, &watch, &n, &seconds);
  cli_watch_end(&progress);
  if (status) return status;
  printf(t->json ? "{\"images\": %lld, \"seconds\": %.6g, \"images_per_second\": %.6g}\n"
                 : "%lld images in %.3g s: %.4g images/s\n",
         (long long)n, seconds, (double)n / seconds);
  return XS_OK;
}

const cli_verb verb_bench_ingest = {
    .name = "bench ingest",
    .words = "",
    .summary = "Time the reading of a site's images, into the cache or from it.",
    .record = sizeof(xs_bench_ingest_task),
    .computes = true,
    .run = run};
