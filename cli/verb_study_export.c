#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "study_options.h"
#include "tg.h"
#include "words.h"

/* The words of a command, each allocated. */
typedef struct words {
  char **word;
  int n;
} words;

static void add(words *w, char *word) {
  char **longer = words_new(((size_t)w->n + 1) * sizeof *longer);
  for (int i = 0; i < w->n; i++) longer[i] = w->word[i];
  longer[w->n++] = word;
  free(w->word);
  w->word = longer;
}

static void add_option(words *w, const char *name, const char *value) {
  if (!value) return;
  add(w, words_format("%s", name));
  add(w, words_format("%s", value));
}

static void add_number(words *w, const char *name, int64_t value) {
  if (!value) return;
  add(w, words_format("%s", name));
  add(w, words_format("%" PRId64, value));
}

/* This program, by a path that any folder can call. */
static char *program(void) {
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  return n > 0 ? words_format("%.*s", (int)n, path) : words_format("%s", "xsite");
}

static words command(const xs_study_task *t, const char *file) {
  words w = {0};
  add(&w, program());
  add(&w, words_format("%s", "study"));
  add(&w, words_format("%s", "node"));
  if (xs_is_isolated()) add(&w, words_format("%s", "--isolate"));
  add_option(&w, "--out", t->run.out);
  add_option(&w, "--data-dir", t->run.data_dir);
  add_option(&w, "--cache", t->run.cache);
  add_number(&w, "--threads", t->run.threads);
  add_number(&w, "--memory", t->run.memory);
  add_option(&w, "--kernels-of", t->run.kernels_of);
  if (t->run.measure_kernels) add(&w, words_format("%s", "--measure-kernels"));
  if (t->run.skip_unreadable) add(&w, words_format("%s", "--skip-unreadable"));
  for (int i = 0; i < t->set.n; i++) add_option(&w, "--set", t->set.text[i]);
  add(&w, words_format("%s%s", *file == '-' ? "./" : "", file)); /* no option */
  return w;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  xs_study_task *t = record;
  tg_set_threads((int)t->run.threads);
  t->run.threads = tg_threads();
  xs_study *study = NULL;
  char *text = NULL;
  if (!t->snakemake) return words_fail(XS_USAGE, "say for which engine: --snakemake");
  xs_status status = study_open(t, word[0], &study);
  words w = command(t, word[0]);
  if (status == XS_OK) {
    status = xs_study_export(study, &t->run, w.n, (const char *const *)w.word, &text);
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
                                    .record = sizeof(xs_study_task),
                                    .run = run};
