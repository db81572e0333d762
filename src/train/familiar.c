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
  if (f->threshold > 0 && isfinite(f->threshold)) f->site = text_copy(images->name);
  return XS_OK;
}

json_t *familiar_json(const familiar *f) {
  return json_pack("{s:s, s:I, s:i, s:f}", "name", f->site, "images", (json_int_t)f->n,
                   "neighbours", f->neighbours, "threshold", f->threshold);
}

safetensor familiar_tensor(const familiar *f) {
  return (safetensor){.name = (char *)(uintptr_t)FAMILIAR_TENSOR,
                      .rank = 2,
                      .dim = {f->n, f->width},
                      .dtype = SAFETENSORS_F32,
                      .data = f->feature,
                      .count = f->n * f->width};
}

static int read_features(const char *path, const safetensors *file, familiar *f) {
  const safetensor *t = safetensors_find(file, FAMILIAR_TENSOR);
  if (!t || t->rank != 2 || t->dim[1] != f->width || t->dim[0] <= f->neighbours) {
    return fail(1, "%s: metadata: site: needs a tensor %s of more than %d rows of %d values", path,
                FAMILIAR_TENSOR, f->neighbours, f->width);
  }
  f->n = t->dim[0];
  f->feature = memory_new((size_t)t->count * sizeof *f->feature);
  return safetensors_read_f32(t, f->feature) ? fail_context(1, "%s: ", path) : 0;
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
  int status = safetensors_open(path, &file);
  if (!status) status = read_features(path, file, f);
  safetensors_close(file);
  if (!status) f->site = text_copy(name);
  return status;
}

double familiar_distance(const familiar *f, float *x) {
  if (!f->site) return NAN;
  neighbour_unit(x, 1, f->width);
  return neighbour_distance(f->feature, f->n, f->width, x, f->neighbours, -1) / f->threshold;
}
