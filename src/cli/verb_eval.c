#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "file.h"
#include "job.h"
#include "preprocessing.h"
#include "study.h"

typedef struct eval_options {
  char *model, *data, *split, *split_by, *data_dir, *cache;
  int64_t seed, replicates, threads;
  bool json, skip_unreadable;
} eval_options;

#define FIELD(name) offsetof(eval_options, name)

static const option rows[] = {
    MODEL_ROW(FIELD(model), "the classifier, model.safetensors"),
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "DOMAIN-FILE",
     "the site: a YAML file that says where its images and labels are"},
    SPLIT_ROW(FIELD(split), "test"),
    SEED_ROW(FIELD(seed),
             "of the split and the bootstrap; the study's seed gives the study's test set"),
    OPTION_INTEGER_ROW(NULL, 0, eval_options, replicates, "2000", 10, 1000000,
                       "bootstrap replicates"),
    SPLIT_BY_ROW(FIELD(split_by)),
    DATA_DIR_ROW(FIELD(data_dir)),
    CACHE_ROW(FIELD(cache)),
    SKIP_UNREADABLE_ROW(FIELD(skip_unreadable)),
    THREADS_ROW(FIELD(threads)),
    JSON_ROW(FIELD(json), "print JSON"),
};

static xs_status check_labelled(const eval_options *o, const xs_site *s) {
  if (site_is_labelled(s)) return XS_OK;
  return fail(XS_FAILED,
              "%s: has no labels, so nothing can be measured; `xsite predict` needs none", o->data);
}

static xs_status select_set(const eval_options *o, const xs_site *s, test_set *t) {
  train_set images;
  xs_status status =
      train_set_open(s, split_rule_of(o->seed, o->split_by), job_split(o->split), &images);
  if (status) return status;
  test_set_make(images, s->classes, t);
  if (images.n > 0) return XS_OK;
  return fail(XS_FAILED, "%s: no labelled image is in the split '%s'", o->data, o->split);
}

/* ---- printing ---- */

static void print_text(const eval_options *o, const xs_site *s, const xs_measure *m) {
  printf("%s on %s, split '%s', seed %" PRId64 ": %" PRId64 " images, %" PRId64 " groups\n",
         o->model, s->images.name, o->split, o->seed, m->n, m->groups);
  if (s->skipped > 0) {
    printf("left out         %" PRId64 " unreadable images, the first: %s\n", s->skipped,
           s->skipped_image[0]);
  }
  printf("AUC              %6.2f %%  95 %% interval %.2f to %.2f (%s)\n", 100 * m->auc,
         100 * m->low, 100 * m->high,
         m->interval == XS_NEWCOMBE ? "few images or an AUC near its bound: Newcombe's method 5"
                                    : "groups resampled");
  printf("AUC as in paper  %6.2f %%  interval %.2f to %.2f (1,000 samples of 1,000 images)\n",
         100 * m->paper_mean, 100 * m->paper_low, 100 * m->paper_high);
  printf("accuracy         %6.2f %%\n", 100 * m->accuracy);
}

static void print_json(const eval_options *o, const xs_site *s, const xs_measure *m) {
  json_t *j = json_pack("{s:o, s:s, s:s, s:I}", "model", option_text_json(o->model), "site",
                        s->images.name, "split", o->split, "seed", (json_int_t)o->seed);
  json_t *measured = measure_json(m);
  json_object_update(j, measured);
  json_decref(measured);
  json_object_set_new(j, "skipped", json_integer((json_int_t)s->skipped));
  char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  puts(text);
  free(text);
  json_decref(j);
}

static int run(void *record, int n, const char **word) {
  (void)n, (void)word;
  const eval_options *o = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  xs_site_options reading = {.data_dir = o->data_dir,
                             .skip_unreadable = o->skip_unreadable,
                             .cache = o->cache,
                             .watch = &watch};
  xs_classifier *c = NULL;
  xs_site *s = NULL;
  test_set t = {0};
  float *logit = NULL;
  xs_measure m;
  tg_set_threads((int)o->threads);
  xs_status status = xs_classifier_load(o->model, &c);
  if (status == XS_OK) {
    reading.size = xs_classifier_preprocessing(c)->size;
    status = xs_site_open(o->data, &reading, &s);
  }
  cli_watch_end(&progress);
  if (status == XS_OK) status = check_labelled(o, s);
  if (status == XS_OK) status = job_check_classes(o->model, c, o->data, s);
  if (status == XS_OK) status = select_set(o, s, &t);
  if (status != XS_OK) goto out;
  preprocessing_note_unknown(o->model, c);
  preprocessing_note_other(o->data, &s->images.how, c);
  status = test_set_measure(&t, c, o->replicates, o->seed, &logit, &m);
  if (status == XS_OK) (o->json ? print_json : print_text)(o, s, &m);
out:
  free(logit);
  test_set_release(&t);
  xs_site_close(s);
  xs_classifier_free(c);
  return status;
}

const cli_verb verb_eval = {.name = "eval",
                            .words = "",
                            .summary = "Measure a classifier on a site: AUC with intervals.",
                            .options = rows,
                            .n_options = sizeof rows / sizeof *rows,
                            .record = sizeof(eval_options),
                            .computes = true,
                            .run = run};
