/* node_adapt.c: nodes that adapt a classifier to a target, whose labels they cannot see. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "study.h"

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

xs_status node_translator(study_run *r, const study_node *n, const train_job *job) {
  const study_settings *s = run_settings(r, n);
  if (strcmp(n->method, "histogram") == 0) return match(r, n, job, &s->histogram);
  if (strcmp(n->method, "fourier") == 0) return match(r, n, job, &s->fourier);
  return train_paper(r, n, job);
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

/* The node's need of a kind; it has one. */
static int find_need(const study_run *r, const study_node *n, node_kind kind) {
  int i = 0;
  while (r->nodes.node[n->needs[i]].kind != kind) i++;
  return n->needs[i];
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

xs_status node_adapted(study_run *r, const study_node *n, const train_job *job) {
  return fine_tune(r, n, job);
}
