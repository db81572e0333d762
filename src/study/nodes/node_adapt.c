/* node_adapt.c: nodes that adapt a classifier to a target, whose labels they cannot see. */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "example_strips.h"
#include "file.h"
#include "model_outputs.h"
#include "study_file.h"

static char *start_path(const study_run *r, int site) {
  return run_node_path(r, nodes_start(r->study, &r->nodes, site), "model.safetensors");
}

/* ---- translators --------------------------------------------------------------------------------
 */

static xs_status target_rows(const study_run *r, const study_node *n, int64_t **rows,
                             int64_t *count) {
  const split_rule rule = run_split(r);
  return xs_split_rows(seal_images(r->seal, n->target), rule.seed, rule.by_image, XS_TRAIN, rows,
                       count);
}

static xs_status train_paper(study_run *r, const study_node *n, const train_job *job) {
  char *classifier = start_path(r, n->source);
  adapt_task task = {.options = &run_settings(r, n)->adapter,
                     .classifier = classifier,
                     .target = seal_images(r->seal, n->target)};
  xs_status status = run_labelled(r, n, n->source, XS_TRAIN, &task.source);
  if (!status) status = run_labelled(r, n, n->source, XS_VALIDATION, &task.validation);
  if (!status) status = target_rows(r, n, &task.target_rows, &task.target_n);
  if (!status) status = train_adapt(job, &task);
  train_set_release(&task.source);
  train_set_release(&task.validation);
  free(task.target_rows);
  free(classifier);
  return status;
}

static train_images as_images(const train_set *s) {
  return (train_images){.images = s->images, .rows = s->rows, .n = s->n};
}

static xs_status match(study_run *r, const study_node *n, const train_job *job,
                       const xs_match_options *o) {
  const train_geometry g = run_geometry(r);
  train_set source = {0}, examples = {0};
  xs_match_options options = *o;
  options.method = n->method;
  int64_t *rows = NULL, count = 0;
  xs_status status = run_labelled(r, n, n->source, XS_TRAIN, &source);
  if (!status) status = run_labelled(r, n, n->source, XS_VALIDATION, &examples);
  if (!status) status = target_rows(r, n, &rows, &count);
  const match_task task = {.options = &options,
                           .size = g.size,
                           .channels = g.channels,
                           .source = as_images(&source),
                           .target = {seal_images(r->seal, n->target), rows, count},
                           .examples = as_images(&examples)};
  if (!status) status = train_match(job, &task);
  train_set_release(&source);
  train_set_release(&examples);
  free(rows);
  return status;
}

static xs_status train_translator(study_run *r, const study_node *n, const train_job *job) {
  const study_settings *s = run_settings(r, n);
  if (strcmp(n->method, "histogram") == 0) return match(r, n, job, &s->histogram);
  if (strcmp(n->method, "fourier") == 0) return match(r, n, job, &s->fourier);
  return train_paper(r, n, job);
}

/* The validation images whose translations the source's classifier is most wrong about. */
static xs_status write_worst(const train_set *from, const xs_images *made, xs_classifier *c,
                             const char *dir) {
  const train_geometry *g = classifier_geometry(c);
  int64_t place[GALLERY_COLUMNS], row[GALLERY_COLUMNS], found = 0;
  train_set set;
  xs_labelled_outputs said;
  train_set_made(from, made, &set);
  xs_status status = outputs_open(c, &set, false, &said);
  if (!status) status = xs_worst_images(&said, GALLERY_COLUMNS, place, NULL, &found);
  for (int64_t i = 0; i < found && !status; i++) row[i] = from->rows[place[i]];
  if (!status && (gallery_write_row(dir, "worst_original.png", from->images, row, found, g) ||
                  gallery_write_row(dir, "worst_translated.png", made, place, found, g))) {
    status = XS_FAILED;
  }
  outputs_release(&said);
  train_set_release(&set);
  return status;
}

static xs_status write_change(const study_run *r, const study_node *n, const train_set *from,
                              const xs_images *made, const char *dir) {
  const train_geometry g = run_geometry(r);
  const int site = r->study->site[n->source].images_of;
  const int status = gallery_write_change(dir, from, made, seal_classes(r->seal, site),
                                          seal_class_name(r->seal, site), &g);
  return status ? XS_FAILED : XS_OK;
}

/* What a translator does to the source's validation images. */
static xs_status show_translations(study_run *r, const study_node *n, const train_job *job) {
  char *generator = file_join(job->dir, "generator.safetensors"), *start = start_path(r, n->source);
  translator *g = NULL;
  xs_classifier *c = NULL;
  xs_images *made = NULL;
  train_set from = {0};
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = xs_classifier_load(start, &c);
  if (!status) status = run_labelled(r, n, n->source, XS_VALIDATION, &from);
  if (!status) status = translator_apply(g, from.images, from.rows, from.n, 1, &made);
  if (!status) status = write_worst(&from, made, c, job->dir);
  if (!status) status = write_change(r, n, &from, made, job->dir);
  xs_images_close(made);
  train_set_release(&from);
  xs_classifier_free(c);
  translator_free(g);
  free(start);
  free(generator);
  return status;
}

xs_status node_translator(study_run *r, const study_node *n, const train_job *job) {
  xs_status status = train_translator(r, n, job);
  return status ? status : show_translations(r, n, job);
}

/* ---- classifiers fine-tuned on translated images ------------------------------------------------
 */

/* A split translated to the target's look, with its labels. */
static xs_status translate_split(study_run *r, const study_node *n, translator *g, xs_split which,
                                 xs_images **images, train_set *set) {
  train_set from;
  *set = (train_set){0};
  xs_status status = run_labelled(r, n, n->source, which, &from);
  if (!status) status = translator_apply(g, from.images, from.rows, from.n, 1, images);
  if (!status) train_set_made(&from, *images, set);
  train_set_release(&from);
  return status;
}

/* The node's first need of a kind, or -1. */
static int find_need(const study_run *r, const study_node *n, node_kind kind) {
  for (int i = 0; i < n->n_needs; i++) {
    if (r->nodes.node[n->needs[i]].kind == kind) return n->needs[i];
  }
  return -1;
}

static xs_status fine_tune(study_run *r, const study_node *n, const train_job *job) {
  char *generator = run_node_path(r, find_need(r, n, NODE_TRANSLATOR), "generator.safetensors"),
       *start = start_path(r, n->source);
  const int labels_of = r->study->site[n->source].images_of;
  translator *g = NULL;
  xs_images *train = NULL, *validation = NULL;
  fit_task task = {.options = &run_settings(r, n)->tune,
                   .geometry = run_geometry(r),
                   .classes = seal_classes(r->seal, labels_of),
                   .class_name = seal_class_name(r->seal, labels_of),
                   .start_from = start,
                   .like = seal_images(r->seal, n->target)};
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translate_split(r, n, g, XS_TRAIN, &train, &task.train);
  if (!status) status = translate_split(r, n, g, XS_VALIDATION, &validation, &task.validation);
  if (!status && r->study->settings.keep_translated) {
    status = keep_translated(job->dir, n->name, &task.train, task.classes, task.class_name);
  }
  if (!status) status = train_fit(job, &task);
  train_set_release(&task.train);
  train_set_release(&task.validation);
  xs_images_close(train);
  xs_images_close(validation);
  translator_free(g);
  free(start);
  free(generator);
  return status;
}

/* ---- classifiers adapted themselves -------------------------------------------------------------
 */

const xs_align_options *align_options(const study_settings *s, const char *method) {
  if (strcmp(method, "coral") == 0) return &s->coral;
  if (strcmp(method, "dann") == 0) return &s->dann;
  return strcmp(method, "shot") == 0 ? &s->shot : &s->selftrain;
}

/* The labelled images on which the classifier was trained last: translated where its method has a
 * translator. */
static xs_status open_source(study_run *r, const study_node *n, xs_images **made, train_set *set) {
  int maker = find_need(r, n, NODE_TRANSLATOR);
  if (maker < 0) return run_labelled(r, n, n->source, XS_TRAIN, set);
  char *generator = run_node_path(r, maker, "generator.safetensors");
  translator *g = NULL;
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translate_split(r, n, g, XS_TRAIN, made, set);
  translator_free(g);
  free(generator);
  return status;
}

static xs_status align(study_run *r, const study_node *n, const train_job *job) {
  char *method = method_last_name(n->method),
       *start = run_node_path(r, n->needs[0], "model.safetensors");
  xs_align_options options = *align_options(run_settings(r, n), method);
  options.method = method;
  align_task task = {
      .options = &options, .start_from = start, .target = seal_images(r->seal, n->target)};
  xs_images *made = NULL;
  xs_status status = XS_OK;
  if (align_needs_source(method)) status = open_source(r, n, &made, &task.source);
  if (!status) status = target_rows(r, n, &task.target_rows, &task.target_n);
  if (!status) status = train_align(job, &task);
  train_set_release(&task.source);
  xs_images_close(made);
  free(task.target_rows);
  free(start);
  free(method);
  return status;
}

xs_status node_adapted(study_run *r, const study_node *n, const train_job *job) {
  return method_last(n->method) == METHOD_TRANSLATOR ? fine_tune(r, n, job) : align(r, n, job);
}
