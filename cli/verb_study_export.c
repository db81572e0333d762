#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"
#include "image.h"
#include "memory.h"
#include "study_options.h"
#include "text.h"
#include "tg.h"

static const option rows[] = {{NULL, "snakemake", OPTION_FLAG, STUDY_FIELD(snakemake), "no", false,
                               0, 0, NULL, NULL, "as a Snakefile, which also runs on clusters"},
                              STUDY_ROWS};

/* The words of a command, each allocated. */
typedef struct words {
  char **word;
  int n;
} words;

static void add(words *w, char *word) {
  w->word = memory_grow(w->word, ((size_t)w->n + 1) * sizeof *w->word);
  w->word[w->n++] = word;
}

static void add_option(words *w, const char *name, const char *value) {
  if (!value) return;
  add(w, text_copy(name));
  add(w, text_copy(value));
}

static void add_number(words *w, const char *name, int64_t value) {
  if (!value) return;
  add(w, text_copy(name));
  add(w, text_format("%" PRId64, value));
}

/* This program, by a path that any folder can call. */
static char *program(void) {
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  return n > 0 ? text_format("%.*s", (int)n, path) : text_copy("xsite");
}

static words command(const study_options *o, const char *file) {
  words w = {0};
  add(&w, program());
  add(&w, text_copy("study"));
  add(&w, text_copy("node"));
  if (image_is_isolated()) add(&w, text_copy("--isolate"));
  add_option(&w, "--out", o->out);
  add_option(&w, "--data-dir", o->data_dir);
  add_option(&w, "--cache", o->cache);
  add_number(&w, "--threads", o->threads);
  add_number(&w, "--memory", o->memory);
  add_option(&w, "--kernels-of", o->kernels_of);
  if (o->measure_kernels) add(&w, text_copy("--measure-kernels"));
  if (o->skip_unreadable) add(&w, text_copy("--skip-unreadable"));
  for (int i = 0; i < o->set.n; i++) add_option(&w, "--set", o->set.text[i]);
  add(&w, text_format("%s%s", *file == '-' ? "./" : "", file)); /* no option */
  return w;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  study_options *o = record;
  tg_set_threads((int)o->threads);
  o->threads = tg_threads();
  const xs_run_options options = study_run_options(o);
  xs_study *study = NULL;
  char *text = NULL;
  if (!o->snakemake) return fail(XS_USAGE, "say for which engine: --snakemake");
  xs_status status = study_open(o, word[0], &study);
  words w = command(o, word[0]);
  if (status == XS_OK) {
    status = xs_study_export(study, &options, w.n, (const char *const *)w.word, &text);
  }
  if (status == XS_OK) fputs(text, stdout);
  for (int i = 0; i < w.n; i++) free(w.word[i]);
  free(w.word);
  free(text);
  xs_study_close(study);
  return status;
}

const cli_verb verb_study_export = {.name = "study export",
                                    .words = "FILE",
                                    .least = 1,
                                    .most = 1,
                                    .summary = "Write a study's graph for a workflow engine.",
                                    .options = rows,
                                    .n_options = sizeof rows / sizeof *rows,
                                    .record = sizeof(study_options),
                                    .run = run};
