#include "study_options.h"

xs_run_options study_run_options(const study_options *o) {
  return (xs_run_options){.out = o->out,
                          .data_dir = o->data_dir,
                          .cache = o->cache,
                          .resume = o->resume,
                          .threads = (int)o->threads,
                          .memory = (size_t)o->memory,
                          .device = o->device,
                          .measure_kernels = o->measure_kernels,
                          .kernels_of = o->kernels_of,
                          .skip_unreadable = o->skip_unreadable,
                          .quick = o->quick,
                          .verify = o->verify};
}

xs_status study_open(const study_options *o, const char *file, xs_study **s) {
  return xs_study_open(file, o->set.n, (const char *const *)o->set.text, s);
}

xs_status study_work(const study_options *o, const char *file, const char *node) {
  const xs_run_options options = study_run_options(o);
  xs_study *study = NULL;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  xs_status status = study_open(o, file, &study);
  if (!status && node) status = xs_study_node(study, &options, node, &watch);
  if (!status && !node) status = xs_study_run(study, &options, &watch);
  cli_watch_end(&progress);
  xs_study_close(study);
  return status;
}
