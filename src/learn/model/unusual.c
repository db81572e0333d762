#include "unusual.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "memory.h"
#include "random.h"
#include "text.h"

static const double share = 0.98;

void unusual_release(unusual_measure *f) {
  mahalanobis_free(f->space);
  free(f->site);
  free(f->appearance);
  *f = (unusual_measure){0};
}

/* Some of the rows, in the order in which they are drawn. */
static int64_t draw_rows(const int64_t *rows, int64_t n, uint64_t seed, int64_t *drawn) {
  int64_t *order = memory_new((size_t)n * sizeof *order), most = n;
  if (most > UNUSUAL_MOST) most = UNUSUAL_MOST;
  random_permutation(seed, random_stream("familiar images"), 0, n, order);
  for (int64_t i = 0; i < most; i++) drawn[i] = rows[order[i]];
  free(order);
  return most;
}

static bool usable(const unusual_measure *f) {
  return f->space && f->threshold > 0 && isfinite(f->threshold);
}

xs_status unusual_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                       uint64_t seed, unusual_measure *f) {
  int64_t drawn[UNUSUAL_MOST];
  *f = (unusual_measure){0};
  if (n < UNUSUAL_LEAST) return XS_OK;
  xs_status status = classifier_appearance_width(c, &f->width);
  if (status) return status;
  f->n = draw_rows(rows, n, seed, drawn);
  f->appearance = memory_new((size_t)(f->n * f->width) * sizeof *f->appearance);
  status = classifier_appearance(c, images, drawn, f->n, f->appearance);
  if (status) return status;
  f->space = mahalanobis_new(f->appearance, f->n, f->width);
  f->threshold = mahalanobis_quantile(f->appearance, f->n, f->width, share);
  if (usable(f)) f->site = text_copy(images->name);
  return XS_OK;
}

json_t *unusual_json(const unusual_measure *f) {
  return json_pack("{s:s, s:I, s:f}", "name", f->site, "images", (json_int_t)f->n, "threshold",
                   f->threshold);
}

safetensor unusual_tensor(const unusual_measure *f) {
  return (safetensor){.name = (char *)(uintptr_t)UNUSUAL_TENSOR,
                      .rank = 2,
                      .dim = {f->n, f->width},
                      .dtype = SAFETENSORS_F32,
                      .data = f->appearance,
                      .count = f->n * f->width};
}

bool unusual_is_tensor(const char *name) { return strncmp(name, "site.", 5) == 0; }

static int read_appearances(const char *path, const safetensors *file, unusual_measure *f) {
  const safetensor *t = safetensors_find(file, UNUSUAL_TENSOR);
  if (!t || t->rank != 2 || t->dim[1] != f->width || t->dim[0] < UNUSUAL_LEAST ||
      t->dim[0] > UNUSUAL_MOST) {
    return fail(1, "%s: metadata: site: needs a tensor %s of %d to %d rows of %d values", path,
                UNUSUAL_TENSOR, UNUSUAL_LEAST, UNUSUAL_MOST, f->width);
  }
  f->n = t->dim[0];
  f->appearance = memory_new((size_t)t->count * sizeof *f->appearance);
  if (model_read_finite(path, t, f->appearance)) return 1;
  f->space = mahalanobis_new(f->appearance, f->n, f->width);
  return f->space ? 0 : fail(1, "%s: tensor %s: all rows are equal", path, UNUSUAL_TENSOR);
}

/* Of a file that an older version wrote nothing is known. */
int unusual_load(const model_file *file, int width, unusual_measure *f) {
  const json_t *j = json_object_get(file->metadata, "site");
  const char *name = json_string_value(json_object_get(j, "name"));
  *f = (unusual_measure){.width = width};
  if (!j || json_object_get(j, "neighbours")) return 0;
  f->threshold = json_number_value(json_object_get(j, "threshold"));
  if (!name || !(f->threshold > 0)) {
    return fail(1, "%s: metadata: site: needs name and a threshold above 0", file->path);
  }
  if (read_appearances(file->path, file->tensors, f)) return 1;
  f->site = text_copy(name);
  return 0;
}

double unusual_distance(const unusual_measure *f, const float *appearance) {
  return f->site ? mahalanobis_distance(f->space, appearance) / f->threshold : NAN;
}
