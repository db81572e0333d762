#include "familiar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "model_file.h"
#include "neighbour.h"
#include "random.h"

static const double share = 0.99;

void familiar_release(familiar *f) {
  free(f->site);
  free(f->feature);
  free(f->look);
  *f = (familiar){0};
}

/* Some of the rows, in the order in which they are drawn. */
static int64_t draw_rows(const int64_t *rows, int64_t n, uint64_t seed, int64_t *drawn) {
  int64_t *order = memory_new((size_t)n * sizeof *order), most = n;
  if (most > FAMILIAR_MOST) most = FAMILIAR_MOST;
  random_permutation(seed, random_stream("familiar images"), 0, n, order);
  for (int64_t i = 0; i < most; i++) drawn[i] = rows[order[i]];
  free(order);
  return most;
}

/* Means of an image's cells. */
static void look_of(const float *x, int size, int channels, float *look) {
  double sum[FAMILIAR_LOOK] = {0};
  int n[FAMILIAR_LOOK] = {0};
  for (int i = 0; i < size * size; i++) {
    const int row = i / size * FAMILIAR_SIDE / size, column = i % size * FAMILIAR_SIDE / size;
    const int cell = row * FAMILIAR_SIDE + column;
    for (int k = 0; k < channels; k++) sum[cell] += (double)x[i * channels + k];
    n[cell] += channels;
  }
  for (int i = 0; i < FAMILIAR_LOOK; i++) look[i] = (float)(sum[i] / n[i]);
}

static void make_looks(const xs_classifier *c, const xs_images *images, const int64_t *rows,
                       familiar *f) {
  const train_geometry *g = classifier_geometry(c);
  float *x = memory_new((size_t)(g->size * g->size * g->channels) * sizeof *x);
  f->look = memory_new((size_t)(f->n * FAMILIAR_LOOK) * sizeof *f->look);
  for (int64_t i = 0; i < f->n; i++) {
    xs_images_fetch(images, rows + i, 1, g->size, g->channels, &g->norm, x);
    look_of(x, g->size, g->channels, f->look + i * FAMILIAR_LOOK);
  }
  free(x);
  f->look_threshold = neighbour_quantile(f->look, f->n, FAMILIAR_LOOK, f->neighbours, share);
}

static bool usable(double threshold) { return threshold > 0 && isfinite(threshold); }

xs_status familiar_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        uint64_t seed, familiar *f) {
  int64_t drawn[FAMILIAR_MOST];
  *f = (familiar){.width = classifier_width(c), .neighbours = FAMILIAR_NEIGHBOURS};
  if (n < FAMILIAR_LEAST) return XS_OK;
  f->n = draw_rows(rows, n, seed, drawn);
  f->feature = memory_new((size_t)(f->n * f->width) * sizeof *f->feature);
  xs_status status = classifier_answer(c, images, drawn, f->n, NULL, f->feature);
  if (status) return status;
  neighbour_unit(f->feature, f->n, f->width);
  f->threshold = neighbour_quantile(f->feature, f->n, f->width, f->neighbours, share);
  make_looks(c, images, drawn, f);
  if (usable(f->threshold) && usable(f->look_threshold)) f->site = text_copy(images->name);
  return XS_OK;
}

json_t *familiar_json(const familiar *f) {
  return json_pack("{s:s, s:I, s:i, s:f, s:f}", "name", f->site, "images", (json_int_t)f->n,
                   "neighbours", f->neighbours, "threshold", f->threshold, "look_threshold",
                   f->look_threshold);
}

static safetensor tensor_of(const familiar *f, const char *name, int width, float *value) {
  return (safetensor){.name = (char *)(uintptr_t)name,
                      .rank = 2,
                      .dim = {f->n, width},
                      .dtype = SAFETENSORS_F32,
                      .data = value,
                      .count = f->n * width};
}

safetensor familiar_tensor(const familiar *f) {
  return tensor_of(f, FAMILIAR_TENSOR, f->width, f->feature);
}

safetensor familiar_looks(const familiar *f) {
  return tensor_of(f, FAMILIAR_LOOKS, FAMILIAR_LOOK, f->look);
}

/* The tensor's rows, of which there are n unless n is 0. */
static int read_rows(const char *path, const safetensors *file, const char *name, int width,
                     familiar *f, float **to) {
  const safetensor *t = safetensors_find(file, name);
  if (!t || t->rank != 2 || t->dim[1] != width || t->dim[0] <= f->neighbours ||
      (f->n && t->dim[0] != f->n)) {
    return fail(1, "%s: metadata: site: needs a tensor %s of more than %d rows of %d values", path,
                name, f->neighbours, width);
  }
  f->n = t->dim[0];
  *to = memory_new((size_t)t->count * sizeof **to);
  return model_read_finite(path, t, *to);
}

int familiar_load(const char *path, const json_t *metadata, int width, familiar *f) {
  const json_t *j = json_object_get(metadata, "site");
  const char *name = json_string_value(json_object_get(j, "name"));
  const json_int_t neighbours = json_integer_value(json_object_get(j, "neighbours"));
  *f = (familiar){.width = width, .neighbours = (int)neighbours};
  if (!j) return 0;
  f->threshold = json_number_value(json_object_get(j, "threshold"));
  if (!name || neighbours < 1 || neighbours > 1000 || !(f->threshold > 0)) {
    return fail(1, "%s: metadata: site: needs name, neighbours and a threshold above 0", path);
  }
  safetensors *file = NULL;
  f->look_threshold = json_number_value(json_object_get(j, "look_threshold"));
  int status = safetensors_open(path, &file);
  if (!status) status = read_rows(path, file, FAMILIAR_TENSOR, width, f, &f->feature);
  if (!status && f->look_threshold > 0) {
    status = read_rows(path, file, FAMILIAR_LOOKS, FAMILIAR_LOOK, f, &f->look);
  }
  safetensors_close(file);
  if (!status) f->site = text_copy(name);
  return status;
}

double familiar_distance(const familiar *f, float *x) {
  if (!f->site) return NAN;
  neighbour_unit(x, 1, f->width);
  return neighbour_distance(f->feature, f->n, f->width, x, f->neighbours, -1) / f->threshold;
}

double familiar_look_distance(const familiar *f, const float *x, int size, int channels) {
  float look[FAMILIAR_LOOK];
  if (!f->site || !f->look) return NAN;
  look_of(x, size, channels, look);
  return neighbour_distance(f->look, f->n, FAMILIAR_LOOK, look, f->neighbours, -1) /
         f->look_threshold;
}
