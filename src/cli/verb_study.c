#include <stdlib.h>

#include "cli.h"
#include "rows.h"

typedef struct study_options {
  char *out, *device, *data_dir;
  bool resume, measure_kernels, skip_unreadable;
  int64_t threads, memory;
  option_texts set;
} study_options;

#define FIELD(name) offsetof(study_options, name)

static const option rows[] = {
    OUT_ROW(FIELD(out), false, "the run folder; by default runs/NAME, with the study's name"),
    RESUME_ROW(FIELD(resume)),
    THREADS_ROW(FIELD(threads)),
    MEMORY_ROW(FIELD(memory)),
    OPTION_CHOICE_ROW(NULL, 0, study_options, device, "cpu", "cpu", "NAME", "what computes"),
    {NULL, "set", OPTION_TEXTS, FIELD(set), NULL, false, 0, 0, NULL, "KEY=VALUE",
     "override an option of the study file, as adapter.batch=64; may be repeated"},
    DATA_DIR_ROW(FIELD(data_dir)),
    DATA_ROW(FIELD(data_dir)),
    MEASURE_KERNELS_ROW(FIELD(measure_kernels)),
    SKIP_UNREADABLE_ROW(FIELD(skip_unreadable)),
};

static xs_run_options make_run(const study_options *o) {
  return (xs_run_options){.out = o->out,
                          .data_dir = o->data_dir,
                          .resume = o->resume,
                          .threads = (int)o->threads,
                          .memory = (size_t)o->memory,
                          .device = o->device,
                          .measure_kernels = o->measure_kernels,
                          .skip_unreadable = o->skip_unreadable};
}

static xs_status open_study(const study_options *o, const char *path, xs_study **s) {
  return xs_study_open(path, o->set.n, (const char *const *)o->set.text, s);
}

static int run(void *record, int n, const char **word) {
  (void)n;
  const study_options *o = record;
  const xs_run_options options = make_run(o);
  xs_study *study = NULL;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  xs_status status = open_study(o, word[0], &study);
  if (status == XS_OK) status = xs_study_run(study, &options, &watch);
  cli_watch_end(&progress);
  xs_study_close(study);
  return status;
}

static int plan(void *record, int n, const char **word) {
  (void)n;
  const study_options *o = record;
  const xs_run_options options = make_run(o);
  xs_study *study = NULL;
  char *text = NULL;
  xs_status status = open_study(o, word[0], &study);
  if (status == XS_OK) status = xs_study_plan(study, &options, &text);
  if (status == XS_OK) fputs(text, stdout);
  free(text);
  xs_study_close(study);
  return status;
}

const cli_verb verb_study_run = {
    .name = "study run",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Train, adapt, evaluate and report everything that a study file asks for.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(study_options),
    .computes = true,
    .run = run};

const cli_verb verb_study_plan = {.name = "study plan",
                                  .words = "FILE",
                                  .least = 1,
                                  .most = 1,
                                  .summary = "Say what a study would run and what of it is done.",
                                  .options = rows,
                                  .n_options = sizeof rows / sizeof *rows,
                                  .record = sizeof(study_options),
                                  .run = plan};
