/* node_adapt.c: nodes that adapt a classifier to a target, whose labels they cannot see. */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "example_strips.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "model_outputs.h"
#include "node_job.h"
#include "study_file.h"
#include "translator.h"

/* ---- translators --------------------------------------------------------------------------------
 */

static xs_status target_rows(const node_job *job, const xs_images *target, int64_t **rows,
                             int64_t *count) {
  return xs_split_rows(target, job->split.seed, job->split.by_image, XS_TRAIN, rows, count);
}

/* The classifier that the steps before this one gave; model_close also after a failure. */
static xs_status open_start(const node_job *job, model_file *start) {
  return model_open(job->previous, "classifier", start) ? XS_FAILED : XS_OK;
}

/* One translator to all of these targets. */
static xs_status train_stargan(const node_job *job, const xs_images *const *target, int n) {
  model_file start;
  train_images *images = memory_new((size_t)n * sizeof *images);
  adapt_task task = {
      .options = &job->settings->adapter, .classifier = &start, .target = images, .targets = n};
  xs_status status = open_start(job, &start);
  if (!status) status = node_labels(&job->site[0], XS_TRAIN, &task.source);
  if (!status) status = node_labels(&job->site[0], XS_VALIDATION, &task.validation);
  for (int t = 0; t < n && !status; t++) {
    int64_t *rows = NULL;
    images[t].images = target[t];
    status = target_rows(job, target[t], &rows, &images[t].n);
    images[t].rows = rows;
  }
  if (!status) status = train_adapt(job->train, &task);
  model_close(&start);
  train_set_release(&task.source);
  train_set_release(&task.validation);
  for (int t = 0; t < n; t++) free((int64_t *)(uintptr_t)images[t].rows);
  free(images);
  return status;
}

xs_status node_shared(const node_job *job) {
  return train_stargan(job, job->targets, job->n_targets);
}

static train_images as_images(const train_set *s) {
  return (train_images){.images = s->images, .rows = s->rows, .n = s->n};
}

static xs_status match(const node_job *job) {
  train_set source = {0}, examples = {0};
  xs_match_options options = *(const xs_match_options *)method_options(job->settings, job->method);
  options.method = job->method;
  int64_t *rows = NULL, count = 0;
  xs_status status = node_labels(&job->site[0], XS_TRAIN, &source);
  if (!status) status = node_labels(&job->site[0], XS_VALIDATION, &examples);
  if (!status) status = target_rows(job, job->target, &rows, &count);
  const match_task task = {.options = &options,
                           .size = job->geometry.size,
                           .channels = job->geometry.channels,
                           .source = as_images(&source),
                           .target = {job->target, rows, count},
                           .examples = as_images(&examples)};
  if (!status) status = train_match(job->train, &task);
  train_set_release(&source);
  train_set_release(&examples);
  free(rows);
  return status;
}

/* The validation images whose translations the source's classifier is most wrong about. */
static xs_status write_worst(const train_set *from, const train_set *made, xs_classifier *c,
                             const char *dir) {
  const train_geometry *g = classifier_geometry(c);
  int64_t place[EXAMPLE_STRIPS_COLUMNS], row[EXAMPLE_STRIPS_COLUMNS], found = 0;
  xs_labelled_outputs said;
  xs_status status = outputs_open(c, made, false, &said);
  if (!status) status = xs_worst_images(&said, EXAMPLE_STRIPS_COLUMNS, place, NULL, &found);
  for (int64_t i = 0; i < found && !status; i++) row[i] = from->rows[place[i]];
  if (!status &&
      (example_strips_write_row(dir, "worst_original.png", from->images, row, found, g) ||
       example_strips_write_row(dir, "worst_translated.png", made->images, place, found, g))) {
    status = XS_FAILED;
  }
  outputs_release(&said);
  return status;
}

static xs_status write_change(const node_job *job, const train_set *from, const xs_images *made) {
  const node_site *site = &job->site[0];
  const int status = example_strips_write_change(job->train->dir, from, made, site->classes,
                                                 site->class_name, &job->geometry);
  return status ? XS_FAILED : XS_OK;
}

/* What a translator does to the source's validation images. */
static xs_status show_translations(const node_job *job) {
  char *generator = file_join(job->train->dir, "generator.safetensors");
  xs_classifier *c = NULL;
  xs_images *made = NULL;
  train_set from = {0}, translated = {0};
  xs_status status = xs_classifier_load(job->previous, &c);
  if (!status) status = node_labels(&job->site[0], XS_VALIDATION, &from);
  if (!status) status = node_translation(generator, &from, &made, &translated);
  if (!status) status = write_worst(&from, &translated, c, job->train->dir);
  if (!status) status = write_change(job, &from, made);
  train_set_release(&translated);
  xs_images_close(made);
  train_set_release(&from);
  xs_classifier_free(c);
  free(generator);
  return status;
}

/* As train_adapt writes them of a pair's own. */
static xs_status show_examples(const node_job *job, const char *generator) {
  translator *t = NULL;
  train_set examples = {0};
  int64_t *rows = NULL, n = 0;
  xs_status status = translator_load(generator, &t) ? XS_FAILED : XS_OK;
  if (!status) status = node_labels(&job->site[0], XS_VALIDATION, &examples);
  if (!status) status = target_rows(job, job->target, &rows, &n);
  const train_images target = {job->target, rows, n};
  if (!status && example_strips_write(job->train->dir, as_images(&examples), target, t)) {
    status = XS_FAILED;
  }
  free(rows);
  train_set_release(&examples);
  translator_free(t);
  return status;
}

/* The pair's copy of a translator that it shares. */
static xs_status take_shared(const node_job *job) {
  const char *dir = job->train->dir;
  char *path = file_join(dir, "generator.safetensors"), *shared = file_dir(job->shared);
  int status = file_make_dirs(dir);
  if (!status) status = translator_for_pair(job->shared, job->domain, path);
  if (!status) status = file_copy_in(shared, dir, "curve.tsv");
  if (!status) status = (int)show_examples(job, path);
  free(shared);
  free(path);
  return status ? XS_FAILED : XS_OK;
}

xs_status node_translator(const node_job *job) {
  const bool trained = method_last(job->method) == METHOD_STARGAN;
  xs_status status = job->shared ? take_shared(job)
                     : trained   ? train_stargan(job, &job->target, 1)
                                 : match(job);
  return status ? status : show_translations(job);
}

/* ---- classifiers fine-tuned on translated images ------------------------------------------------
 */

/* A split of the source as the method's translator makes it, where there is one. */
static xs_status open_split(const node_job *job, xs_split which, xs_images **made, train_set *set) {
  xs_status status = node_labels(&job->site[0], which, set);
  if (status || !job->generator) return status;
  return node_translate(job->generator, set, made);
}

static xs_status fine_tune(const node_job *job) {
  const node_site *site = &job->site[0];
  model_file start;
  xs_images *train = NULL, *validation = NULL;
  fit_task task = {.options = &job->settings->tune,
                   .geometry = job->geometry,
                   .classes = site->classes,
                   .class_name = site->class_name,
                   .start_from = &start,
                   .like = job->target};
  xs_status status = open_start(job, &start);
  if (!status) status = open_split(job, XS_TRAIN, &train, &task.train);
  if (!status) status = open_split(job, XS_VALIDATION, &validation, &task.validation);
  if (!status && job->settings->keep_translated) {
    status = translated_site_write(job->train->dir, job->train->task, &task.train, task.classes,
                                   task.class_name);
  }
  if (!status) status = train_fit(job->train, &task);
  model_close(&start);
  train_set_release(&task.train);
  train_set_release(&task.validation);
  xs_images_close(train);
  xs_images_close(validation);
  return status;
}

/* ---- classifiers adapted themselves -------------------------------------------------------------
 */

static xs_status align(const node_job *job) {
  char *method = method_last_name(job->method);
  xs_align_options options = *(const xs_align_options *)method_options(job->settings, method);
  options.method = method;
  model_file start;
  align_task task = {.options = &options, .start_from = &start, .target = job->target};
  xs_images *made = NULL;
  xs_status status = open_start(job, &start);
  if (!status && align_needs_source(method))
    status = open_split(job, XS_TRAIN, &made, &task.source);
  if (!status) status = target_rows(job, job->target, &task.target_rows, &task.target_n);
  if (!status) status = train_align(job->train, &task);
  model_close(&start);
  train_set_release(&task.source);
  xs_images_close(made);
  free(task.target_rows);
  free(method);
  return status;
}

xs_status node_adapted(const node_job *job) {
  return method_is_translator(method_last(job->method)) ? fine_tune(job) : align(job);
}
