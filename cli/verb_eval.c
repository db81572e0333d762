#include <inttypes.h>

#include "cli.h"

static void print_rate(const char *what, const xs_interval *x) {
  printf("%-16s %6.2f %%  95 %% interval %.2f to %.2f (Wilson, of single images)\n", what,
         100 * x->value, 100 * x->low, 100 * x->high);
}

static void print_text(const xs_eval_task *t, const xs_evaluation *e) {
  const xs_measure *m = &e->measure;
  printf("%s on %s, split '%s', seed %" PRId64 ": %" PRId64 " images, %" PRId64 " groups\n",
         t->model, e->site, t->split, t->seed, m->n, m->groups);
  if (e->skipped > 0) {
    printf("left out         %" PRId64 " unreadable images, the first: %s\n", e->skipped,
           e->skipped_image);
  }
  printf("AUC              %6.2f %%  95 %% interval %.2f to %.2f (%s)\n", 100 * m->auc,
         100 * m->low, 100 * m->high,
         m->interval == XS_NEWCOMBE ? "few images or an AUC near its bound: Newcombe's method 5"
                                    : "groups resampled");
  printf("AUC as in paper  %6.2f %%  interval %.2f to %.2f (1,000 samples of 1,000 images)\n",
         100 * m->paper_mean, 100 * m->paper_low, 100 * m->paper_high);
  printf("accuracy         %6.2f %%  95 %% interval %.2f to %.2f (Wilson, groups together)\n",
         100 * m->accuracy, 100 * m->accuracy_low, 100 * m->accuracy_high);
  puts(e->decision);
  if (!e->threshold) return;
  print_rate("sensitivity", &e->sensitivity);
  print_rate("specificity", &e->specificity);
}

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const xs_eval_task *t = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  xs_evaluation e;
  const xs_status status = xs_eval(t, &watch, &e);
  cli_watch_end(&progress);
  if (!status && t->json) puts(e.json);
  if (!status && !t->json) print_text(t, &e);
  xs_evaluation_release(&e);
  return status;
}

const cli_verb verb_eval = {.name = "eval",
                            .words = "",
                            .summary = "Measure a classifier on a site: AUC with intervals.",
                            .record = sizeof(xs_eval_task),
                            .computes = true,
                            .run = run};
