/* xsite/bench.h: how long a step takes on this machine, on made-up images or on a site's. */
#ifndef XSITE_BENCH_H
#define XSITE_BENCH_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xs_bench_task {
  int64_t channels, blocks; /* of a generator and a critic */
  int64_t image_channels, batch, size, repeats, threads;
  int64_t memory;              /* as of xs_job */
  const char *precision;       /* "f32", "bf16" */
  const char *model;           /* an architecture of classifiers */
  const char *trace;           /* new file for Perfetto, or NULL */
  const char *data, *data_dir; /* domain file of a site whose images are read ahead, or NULL */
  bool json, plan, measure_kernels, explain, first;
} xs_bench_task;

/* The defaults of "step", "classifier" or "inference". */
XS_API void xs_bench_defaults(const char *work, xs_bench_task *t);
/* *text: medians, and what else the options ask for; allocated, NULL where nothing was timed. */
XS_API xs_status xs_bench_step(const xs_bench_task *t, char **text);
XS_API xs_status xs_bench_classifier(const xs_bench_task *t, char **text);
XS_API xs_status xs_bench_inference(const xs_bench_task *t, char **text);

/* The reading of a site's images, which goes into the cache or comes from it. */
typedef struct xs_bench_ingest_task { /* zeros are the defaults, but `data` is to be set */
  const char *data;                   /* domain file of the site */
  const char *data_dir, *cache;       /* as of xs_site_options */
  int64_t threads;                    /* as of xs_job */
  bool json;                          /* of the program's verb: no meaning here */
} xs_bench_ingest_task;
XS_API xs_status xs_bench_ingest(const xs_bench_ingest_task *t, const xs_watch *w, int64_t *images,
                                 double *seconds);

#ifdef __cplusplus
}
#endif

#endif
