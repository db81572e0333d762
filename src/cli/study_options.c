#include "study_options.h"

xs_run_options study_run_options(const study_options *o) {
  return (xs_run_options){.out = o->out,
                          .data_dir = o->data_dir,
                          .resume = o->resume,
                          .threads = (int)o->threads,
                          .memory = (size_t)o->memory,
                          .device = o->device,
                          .measure_kernels = o->measure_kernels,
                          .skip_unreadable = o->skip_unreadable};
}

xs_status study_open(const study_options *o, const char *file, xs_study **s) {
  return xs_study_open(file, o->set.n, (const char *const *)o->set.text, s);
}
