/* match.c: making a translator that is not trained. */
#include "match.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "example_strips.h"
#include "memory.h"
#include "model_file.h"
#include "random.h"
#include "text.h"
#include "training_run.h"

static const char names[] = ""
#define MATCH(id, ...) #id ", "
#include "xsite/methods.def"
    ;

int match_check(const char *where, const xs_match_options *o, int64_t channels) {
  if (!match_find(o->method)) {
    return fail(XS_USAGE, "%smethod: '%s' is not one of %swhich are all that there are", where,
                o->method, names);
  }
  if (channels == 1 || channels == 3) return 0;
  return fail(XS_USAGE, "%simage_channels: %lld is not 1 or 3", where, (long long)channels);
}

/* ---- references ------------------------------------------------------------------------------
 */

/* Each channel of x [size][size][channels] measured: y [channels][values]. */
static void measure_image(const match *m, const float *x, float *y) {
  int channels = m->geometry.channels, size = m->geometry.size;
  float *plane = memory_new((size_t)(size * size) * sizeof *plane);
  for (int c = 0; c < channels; c++) {
    for (int i = 0; i < size * size; i++) plane[i] = x[i * channels + c];
    m->method->measure(size, plane, m->values, y + c * m->values);
  }
  free(plane);
}

/* Measures of the first n rows: y [n][channels][values]. */
static void measure_rows(const match *m, const xs_images *images, const int64_t *rows, int64_t n,
                         float *y) {
  const train_geometry *g = &m->geometry;
  float *x = memory_new((size_t)(g->size * g->size * g->channels) * sizeof *x);
  for (int64_t i = 0; i < n; i++) {
    xs_images_fetch(images, &rows[i], 1, g->size, g->channels, &g->norm, x);
    measure_image(m, x, y + i * g->channels * m->values);
  }
  free(x);
}

/* y [n][count] becomes y [count], the mean. */
static void average(float *y, int64_t n, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)y[i * count + k];
    y[k] = (float)(sum / (double)n);
  }
}

/* `n` of a site's images, drawn without replacement. */
static int64_t *draw_rows(const match *m, int site, train_images from, int64_t n) {
  int64_t *order = memory_new((size_t)from.n * sizeof *order);
  char *stream = text_format("match %s", match_site[site]);
  random_permutation(m->seed, random_stream(stream), 0, from.n, order);
  for (int64_t i = 0; i < n; i++) order[i] = from.rows[order[i]];
  free(stream);
  return order;
}

static int take_references(match *m, const match_task *task, int site) {
  const train_images from = site ? task->target : task->source;
  int64_t n = from.n < task->options->images ? from.n : task->options->images;
  if (n < 1) {
    return fail(XS_FAILED, "site %s has no training image to be a reference", from.images->name);
  }
  int64_t each = m->geometry.channels * m->values, *rows = draw_rows(m, site, from, n);
  m->references[site] = n;
  m->reference[site] = memory_new((size_t)(n * each) * sizeof(float));
  measure_rows(m, from.images, rows, n, m->reference[site]);
  free(rows);
  if (strcmp(task->options->reference, "mean") != 0) return 0;
  average(m->reference[site], n, each);
  m->references[site] = 1;
  return 0;
}

static match *new_match(const train_job *job, const match_task *task) {
  match *m = memory_new(sizeof *m);
  *m = (match){.method = match_find(task->options->method),
               .geometry = {task->size, task->channels, {{0, 0, 0}, {1, 1, 1}}},
               .seed = job->seed,
               .mix = task->options->mix};
  m->values = m->method->values(task->options, task->size);
  return m;
}

/* ---- files ----------------------------------------------------------------------------------- */

static json_t *make_metadata(const match *m, const train_job *job) {
  json_t *j =
      json_pack("{s:i, s:s, s:s, s:I, s:b, s:{s:s, s:I}}", "format", 1, "kind", "generator",
                "architecture", m->method->kind->architecture, "seed", (json_int_t)m->seed, "mix",
                (int)m->mix, "training", "task", job->task, "seed", (json_int_t)job->seed);
  json_t *geometry = geometry_json(&m->geometry);
  json_object_update(j, geometry);
  json_decref(geometry);
  return j;
}

static int save(const match *m, const train_job *job) {
  safetensor t[MATCH_SITES];
  for (int i = 0; i < MATCH_SITES; i++) {
    t[i] = (safetensor){.name = (char *)(uintptr_t)match_site[i],
                        .dtype = SAFETENSORS_F32,
                        .rank = 3,
                        .dim = {m->references[i], m->geometry.channels, m->values},
                        .data = m->reference[i],
                        .count = m->references[i] * m->geometry.channels * m->values};
  }
  char *path = run_path(job, "generator.safetensors");
  json_t *metadata = make_metadata(m, job);
  int status = model_write(path, t, MATCH_SITES, metadata);
  json_decref(metadata);
  free(path);
  return status;
}

static int show(const train_job *job, const match_task *task) {
  char *path = run_path(job, "generator.safetensors");
  translator *t = NULL;
  int status = translator_load(path, &t);
  if (!status) status = example_strips_write(job->dir, task->examples, task->target, t);
  translator_free(t);
  free(path);
  return status;
}

xs_status train_match(const train_job *job, const match_task *task) {
  char *where = text_format("%s: ", job->task);
  int status = match_check(where, task->options, task->channels);
  free(where);
  if (status) return (xs_status)status;
  match *m = new_match(job, task);
  for (int i = 0; i < MATCH_SITES && !status; i++) status = take_references(m, task, i);
  if (!status) status = save(m, job);
  if (!status) status = show(job, task);
  match_free(m);
  return status ? XS_FAILED : XS_OK;
}
