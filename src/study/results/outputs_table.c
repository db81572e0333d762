/* outputs_table.c: outputs.csv, what the unadapted and the chosen classifier of each pair say of
 * every image of the target. */
#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "node_results.h"
#include "pair_choice.h"
#include "sealed_files.h"

#define OUTPUTS "outputs.csv"
enum { AT_ONCE = 1000 }; /* images whose answers are in memory */

typedef struct writer {
  const results_job *job;
  csv_writer file;
  bool named; /* the first line is there */
} writer;

/* A pair's two classifiers and the target's images. */
typedef struct pair_table {
  const study_pair *pair;
  const xs_images *images;
  xs_classifier *unadapted, *chosen;
  train_set labels;  /* of all images; empty where the target has none */
  uint8_t *side;     /* [images->n] */
  char *const *name; /* of the classes */
} pair_table;

static xs_status load(const node_files *f, int node, xs_classifier **c) {
  char *path = node_path(f, node, "model.safetensors");
  xs_status status = xs_classifier_load(path, c);
  free(path);
  return status;
}

static xs_status open_labels(const writer *w, pair_table *t) {
  const results_job *job = w->job;
  const seal_request q = {
      .node = job->name, .role = SEAL_EVALUATION, .site = t->pair->target, .split = XS_ALL};
  if (!job->files.study->site[t->pair->target].labelled) return XS_OK;
  return seal_labels(job->seal, &q, &t->labels);
}

static xs_status open_table(const writer *w, int pair, pair_table *t) {
  const node_files *f = &w->job->files;
  const seal *sites = w->job->seal;
  const study_pair *p = &f->study->pair[pair];
  *t = (pair_table){.pair = p,
                    .images = seal_images(sites, p->target),
                    .name = seal_class_name(sites, p->source)};
  xs_status status = load(f, nodes_start(f->study, f->list, p->source), &t->unadapted);
  if (!status) status = load(f, nodes_choice(f->study, f->list, pair), &t->chosen);
  if (!status) status = seal_sides(sites, p->target, &t->side);
  return status ? status : open_labels(w, t);
}

static void close_table(pair_table *t) {
  xs_classifier_free(t->unadapted);
  xs_classifier_free(t->chosen);
  train_set_release(&t->labels);
  free(t->side);
}

static const char *label_of(const pair_table *t, int64_t row) {
  const int32_t label = t->labels.label ? t->labels.label[row] : -1;
  return label >= 0 ? t->name[label] : NULL;
}

static void put_names(writer *w, const answer_columns columns[2]) {
  if (w->named) return;
  w->named = true;
  csv_plain(&w->file, "source,target," ANSWER_IMAGE);
  for (int i = 0; i < 2; i++) answer_put_names(&w->file, &columns[i]);
  csv_end(&w->file, "\n");
}

static void put_row(writer *w, const pair_table *t, const answer_columns columns[2], int64_t row,
                    const float *logit[2]) {
  const xs_study *s = w->job->files.study;
  csv_text(&w->file, s->site[t->pair->source].name);
  csv_text(&w->file, s->site[t->pair->target].name);
  answer_put_row(&w->file, t->images, seal_patient(w->job->seal, t->pair->target), row,
                 t->side[row], label_of(t, row));
  for (int i = 0; i < 2; i++) answer_put(&w->file, &columns[i], logit[i]);
  csv_end(&w->file, "\n");
}

static xs_status put_some(writer *w, const pair_table *t, const answer_columns columns[2],
                          int64_t first, int64_t n) {
  const int64_t classes = xs_classifier_classes(t->unadapted);
  xs_classifier *const model[2] = {t->unadapted, t->chosen};
  float *logit = memory_new((size_t)(2 * n * classes) * sizeof *logit);
  int64_t *rows = memory_new((size_t)n * sizeof *rows);
  xs_status status = XS_OK;
  for (int64_t i = 0; i < n; i++) rows[i] = first + i;
  for (int k = 0; k < 2 && !status; k++) {
    status = xs_classifier_logits(model[k], t->images, rows, n, logit + k * n * classes);
  }
  for (int64_t i = 0; i < n && !status; i++) {
    const float *own[2] = {logit + i * classes, logit + (n + i) * classes};
    put_row(w, t, columns, first + i, own);
  }
  free(rows);
  free(logit);
  return status;
}

static xs_status put_pair(writer *w, int pair) {
  pair_table t;
  xs_status status = open_table(w, pair, &t);
  if (!status) {
    const answer_columns columns[2] = {{t.unadapted, xs_classifier_decision(t.unadapted), ""},
                                       {t.chosen, xs_classifier_decision(t.chosen), "adapted_"}};
    put_names(w, columns);
    for (int64_t i = 0; i < t.images->n && !status; i += AT_ONCE) {
      status = node_check_stop(w->job->watch, "every image's answer was written");
      if (!status) {
        status = put_some(w, &t, columns, i, t.images->n - i < AT_ONCE ? t.images->n - i : AT_ONCE);
      }
    }
  }
  close_table(&t);
  return status;
}

xs_status outputs_write(const results_job *job, json_t *files) {
  char *path = file_join(job->files.out, OUTPUTS);
  writer w = {.job = job};
  const buffer *text = &w.file.text;
  xs_status status = XS_OK;
  for (int i = 0; i < job->files.study->n_pairs && !status; i++) status = put_pair(&w, i);
  if (!status && file_write_atomic(path, text->text, text->size)) status = XS_FAILED;
  if (!status) sealed_note(files, OUTPUTS, text->text, text->size);
  buffer_free(&w.file.text);
  free(path);
  return status;
}
