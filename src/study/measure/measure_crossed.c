/* measure_crossed.c: a site's own classifier, measured on all its images by cross-fitting. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "text.h"

/* Sums over folds. */
typedef struct folds {
  double auc, below, above, right; /* above, below: squared distances to the interval's ends */
  int64_t n, groups;
  json_t *each; /* AUC of each fold */
} folds;

static int fold_node(const evaluation *e, int site, int fold) {
  const study_run *r = e->run;
  if (!fold) return nodes_start(r->study, &r->nodes, site);
  char *name = text_format("fold-%s-%d", r->study->site[site].name, fold);
  const int node = nodes_find(&r->nodes, name);
  free(name);
  return node;
}

static void add(const xs_measure *m, folds *sum) {
  sum->auc += m->auc;
  sum->below += (m->auc - m->low) * (m->auc - m->low);
  sum->above += (m->high - m->auc) * (m->high - m->auc);
  sum->right += m->accuracy * (double)m->n;
  sum->n += m->n;
  sum->groups += m->groups;
  json_array_append_new(sum->each, per_cent_json(m->auc));
}

static xs_status measure_fold(evaluation *e, int site, int fold, folds *sum) {
  study_run *r = e->run;
  const study_settings *s = &r->study->settings;
  const seal_request q = {
      .node = "results", .role = SEAL_EVALUATION, .site = site, .split = XS_TEST, .fold = fold};
  char *path = run_node_path(r, fold_node(e, site, fold), "model.safetensors");
  train_set images = {0};
  xs_classifier *c = NULL;
  float *logit = NULL;
  xs_measure m;
  xs_status status = seal_labels(r->seal, &q, &images);
  test_set t;
  test_set_make(images, seal_classes(r->seal, site), &t);
  if (!status) status = xs_classifier_load(path, &c);
  if (!status) status = test_set_measure(&t, c, s->replicates, s->seed, &logit, &m);
  if (!status) add(&m, sum);
  free(logit);
  xs_classifier_free(c);
  test_set_release(&t);
  free(path);
  return status;
}

/* Logits of different folds are not comparable, so AUCs are averaged (LeDell, Petersen and van der
 * Laan 2015), and the distances to the ends of their intervals are added up as variances are
 * (MOVER: Zou and Donner 2008). */
static json_t *mean_json(const folds *sum, int n) {
  const double auc = sum->auc / n, images = (double)sum->n;
  json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:s, s:s, s:i}", "auc", per_cent_json(auc),
                        "low", per_cent_json(fmax(0, auc - sqrt(sum->below) / n)), "high",
                        per_cent_json(fmin(1, auc + sqrt(sum->above) / n)), "accuracy",
                        per_cent_json(sum->right / images), "n", (json_int_t)sum->n, "groups",
                        (json_int_t)sum->groups, "images", "all", "interval", "mover", "folds", n);
  json_object_set(j, "fold_auc", sum->each);
  return j;
}

xs_status crossed_json(evaluation *e, int site, json_t **out) {
  const int n = e->run->study->site[site].folds;
  folds sum = {.each = json_array()};
  xs_status status = XS_OK;
  for (int f = 0; f < n && !e->crossed[site] && !status; f++) {
    status = measure_fold(e, site, f, &sum);
  }
  if (!status && !e->crossed[site]) e->crossed[site] = n ? mean_json(&sum, n) : json_null();
  *out = e->crossed[site];
  json_decref(sum.each);
  return status;
}
