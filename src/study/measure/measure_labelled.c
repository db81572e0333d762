/* measure_labelled.c: the targets' own learning curves, and where the adapted classifiers are on
 * them. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "result_parts.h"

json_t *labelled_json(const labelled_classifier *x, int n) {
  json_t *list = json_array();
  for (int i = 0; i < n; i++) {
    json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:o}", "site", x[i].site, "count",
                                          (json_int_t)x[i].images, "node", x[i].answer->node,
                                          "measure", answer_json(x[i].answer)));
  }
  return list;
}

/* ---- label equivalents --------------------------------------------------------------------------
 */

typedef struct learning_curve {
  const labelled_classifier **point; /* [n], images ascending */
  int n, replicates;
  double *count, *auc; /* [n] */
  double *replicate;   /* [replicates][n] */
} learning_curve;

/* Places of one array: of equal numbers of images the first stays the first. */
static int by_images(const void *a, const void *b) {
  const labelled_classifier *const x = *(const labelled_classifier *const *)a,
                                   *const y = *(const labelled_classifier *const *)b;
  if (x->images != y->images) return x->images < y->images ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* Of equal numbers of images the first stays. */
static void find_points(const pair_answers *x, learning_curve *c) {
  c->point = memory_new((size_t)(x->points + 1) * sizeof(labelled_classifier *));
  for (int i = 0; i < x->points; i++) c->point[i] = &x->curve[i];
  qsort(c->point, (size_t)x->points, sizeof(labelled_classifier *), by_images);
  for (int i = 0; i < x->points; i++) {
    if (c->n && c->point[i]->images == c->point[c->n - 1]->images) continue;
    c->point[c->n++] = c->point[i];
  }
}

static xs_status measure_point(const measure_settings *s, learning_curve *c, int k) {
  const double *replicate;
  xs_status status = answer_replicates(s, c->point[k]->answer, &replicate);
  if (status) return status;
  c->count[k] = (double)c->point[k]->images;
  c->auc[k] = answer_auc(c->point[k]->answer);
  for (int i = 0; i < c->replicates; i++) c->replicate[(int64_t)i * c->n + k] = replicate[i];
  return XS_OK;
}

static xs_status curve_open(const measure_settings *s, const pair_answers *x, learning_curve *c) {
  *c = (learning_curve){.replicates = s->replicates};
  find_points(x, c);
  const size_t n = (size_t)c->n;
  c->count = memory_new(n * sizeof *c->count);
  c->auc = memory_new(n * sizeof *c->auc);
  c->replicate = memory_new(n * (size_t)c->replicates * sizeof *c->replicate);
  xs_status status = XS_OK;
  for (int k = 0; k < c->n && !status; k++) status = measure_point(s, c, k);
  return status;
}

static void curve_release(learning_curve *c) {
  free(c->point);
  free(c->count);
  free(c->auc);
  free(c->replicate);
}

xs_status equivalent_json(const measure_settings *s, const pair_answers *x, json_t **out) {
  test_answer *a = x->adapted_test;
  const double *adapted;
  learning_curve c;
  xs_interval n;
  *out = NULL;
  xs_status status = curve_open(s, x, &c);
  if (!status) status = answer_replicates(s, a, &adapted);
  if (!status) {
    status = xs_label_equivalent(c.count, c.auc, c.n, answer_auc(a), c.replicate, adapted,
                                 c.replicates, &n);
  }
  if (!status) *out = interval_json(n, 1);
  if (!status && isinf(n.value)) json_object_set_new(*out, "more", json_true());
  curve_release(&c);
  return status;
}
