#include "study_options.h"

xs_status study_open(const xs_study_task *t, const char *file, xs_study **s) {
  return xs_study_open(file, t->set.n, (const char *const *)t->set.text, s);
}

xs_status study_work(const xs_study_task *t, const char *file, const char *node) {
  xs_study *study = NULL;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  if (t->seeds > 1) {
    const xs_status status =
        xs_study_seeds(file, t->set.n, (const char *const *)t->set.text, t->seeds, &t->run, &watch);
    cli_watch_end(&progress);
    return status;
  }
  xs_status status = study_open(t, file, &study);
  if (!status && node) status = xs_study_node(study, &t->run, node, &watch);
  if (!status && !node) status = xs_study_run(study, &t->run, &watch);
  cli_watch_end(&progress);
  xs_study_close(study);
  return status;
}
