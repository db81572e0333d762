/* measure_labelled.c: the targets' own learning curves, and where the adapted classifiers are on
 * them. */
#include <math.h>
#include <stdlib.h>

#include "measure.h"
#include "memory.h"

int64_t labelled_images(const evaluation *e, const study_node *n) {
  const seal *s = e->run->seal;
  const int64_t all = seal_count(s, n->source, XS_TRAIN) + seal_count(s, n->source, XS_VALIDATION);
  return llrint(fmin(n->amount, (double)all));
}

xs_status labelled_json(evaluation *e, json_t **out) {
  const study_run *r = e->run;
  xs_status status = XS_OK;
  *out = json_array();
  for (int i = 0; i < r->nodes.n && !status; i++) {
    const study_node *n = &r->nodes.node[i];
    const test_answer *a;
    if (n->kind != NODE_LABELLED) continue;
    status = evaluation_answer(e, i, n->source, &a);
    if (status) continue;
    json_array_append_new(*out,
                          json_pack("{s:s, s:I, s:s, s:o}", "site", r->study->site[n->source].name,
                                    "count", (json_int_t)labelled_images(e, n), "node", n->name,
                                    "measure", answer_json(a)));
  }
  return status;
}

/* ---- label equivalents --------------------------------------------------------------------------
 */

typedef struct point {
  int64_t images;
  int node;
} point;

typedef struct learning_curve {
  point *point; /* [n], images ascending */
  int n, site, replicates;
  double *count, *auc; /* [n] */
  double *replicate;   /* [replicates][n] */
} learning_curve;

static int by_images(const void *a, const void *b) {
  const point *x = a, *y = b;
  if (x->images != y->images) return x->images < y->images ? -1 : 1;
  return x->node - y->node;
}

/* Of equal numbers of images the first stays. */
static void find_points(const evaluation *e, learning_curve *c) {
  const study_nodes *l = &e->run->nodes;
  int found = 0;
  c->point = memory_new((size_t)l->n * sizeof *c->point);
  for (int i = 0; i < l->n; i++) {
    if (l->node[i].kind != NODE_LABELLED || l->node[i].source != c->site) continue;
    c->point[found++] = (point){labelled_images(e, &l->node[i]), i};
  }
  qsort(c->point, (size_t)found, sizeof *c->point, by_images);
  for (int i = 0; i < found; i++) {
    if (c->n && c->point[i].images == c->point[c->n - 1].images) continue;
    c->point[c->n++] = c->point[i];
  }
}

static xs_status measure_point(evaluation *e, learning_curve *c, int k) {
  const test_answer *a;
  const double *replicate;
  xs_status status = evaluation_answer(e, c->point[k].node, c->site, &a);
  if (!status) status = evaluation_replicates(e, a, &replicate);
  if (status) return status;
  c->count[k] = (double)c->point[k].images;
  c->auc[k] = answer_auc(a);
  for (int i = 0; i < c->replicates; i++) c->replicate[(int64_t)i * c->n + k] = replicate[i];
  return XS_OK;
}

static xs_status curve_open(evaluation *e, int site, learning_curve *c) {
  *c = (learning_curve){.site = site, .replicates = (int)e->run->study->settings.replicates};
  find_points(e, c);
  const size_t n = (size_t)c->n;
  c->count = memory_new(n * sizeof *c->count);
  c->auc = memory_new(n * sizeof *c->auc);
  c->replicate = memory_new(n * (size_t)c->replicates * sizeof *c->replicate);
  xs_status status = XS_OK;
  for (int k = 0; k < c->n && !status; k++) status = measure_point(e, c, k);
  return status;
}

static void curve_release(learning_curve *c) {
  free(c->point);
  free(c->count);
  free(c->auc);
  free(c->replicate);
}

xs_status equivalent_json(evaluation *e, const pair_result *x, json_t **out) {
  const test_answer *a = x->adapted_test;
  const double *adapted;
  learning_curve c;
  xs_interval n;
  *out = NULL;
  xs_status status = curve_open(e, a->site, &c);
  if (!status) status = evaluation_replicates(e, a, &adapted);
  if (!status) {
    status = xs_label_equivalent(c.count, c.auc, c.n, answer_auc(a), c.replicate, adapted,
                                 c.replicates, &n);
  }
  if (!status) *out = interval_json(n, 1);
  if (!status && isinf(n.value)) json_object_set_new(*out, "more", json_true());
  curve_release(&c);
  return status;
}
