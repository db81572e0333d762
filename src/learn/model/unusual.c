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

void familiar_release(familiar *f) {
  mahalanobis_free(f->space);
  free(f->site);
  free(f->appearance);
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

static bool usable(const familiar *f) {
  return f->space && f->threshold > 0 && isfinite(f->threshold);
}

xs_status familiar_make(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        uint64_t seed, familiar *f) {
  int64_t drawn[FAMILIAR_MOST];
  *f = (familiar){0};
  if (n < FAMILIAR_LEAST) return XS_OK;
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

json_t *familiar_json(const familiar *f) {
  return json_pack("{s:s, s:I, s:f}", "name", f->site, "images", (json_int_t)f->n, "threshold",
                   f->threshold);
}

safetensor familiar_tensor(const familiar *f) {
  return (safetensor){.name = (char *)(uintptr_t)FAMILIAR_TENSOR,
                      .rank = 2,
                      .dim = {f->n, f->width},
                      .dtype = SAFETENSORS_F32,
                      .data = f->appearance,
                      .count = f->n * f->width};
}

bool familiar_is_tensor(const char *name) { return strncmp(name, "site.", 5) == 0; }

static int read_appearances(const char *path, const safetensors *file, familiar *f) {
  const safetensor *t = safetensors_find(file, FAMILIAR_TENSOR);
  if (!t || t->rank != 2 || t->dim[1] != f->width || t->dim[0] < FAMILIAR_LEAST ||
      t->dim[0] > FAMILIAR_MOST) {
    return fail(1, "%s: metadata: site: needs a tensor %s of %d to %d rows of %d values", path,
                FAMILIAR_TENSOR, FAMILIAR_LEAST, FAMILIAR_MOST, f->width);
  }
  f->n = t->dim[0];
  f->appearance = memory_new((size_t)t->count * sizeof *f->appearance);
  if (model_read_finite(path, t, f->appearance)) return 1;
  f->space = mahalanobis_new(f->appearance, f->n, f->width);
  return f->space ? 0 : fail(1, "%s: tensor %s: all rows are equal", path, FAMILIAR_TENSOR);
}

/* Of a file that an older version wrote nothing is known. */
int familiar_load(const model_file *file, int width, familiar *f) {
  const json_t *j = json_object_get(file->metadata, "site");
  const char *name = json_string_value(json_object_get(j, "name"));
  *f = (familiar){.width = width};
  if (!j || json_object_get(j, "neighbours")) return 0;
  f->threshold = json_number_value(json_object_get(j, "threshold"));
  if (!name || !(f->threshold > 0)) {
    return fail(1, "%s: metadata: site: needs name and a threshold above 0", file->path);
  }
  if (read_appearances(file->path, file->tensors, f)) return 1;
  f->site = text_copy(name);
  return 0;
}

double familiar_distance(const familiar *f, const float *appearance) {
  return f->site ? mahalanobis_distance(f->space, appearance) / f->threshold : NAN;
}
