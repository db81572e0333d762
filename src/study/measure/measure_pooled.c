/* measure_pooled.c: classifiers of all sites together, on all sites' test images and on each's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "memory.h"

/* All sites' labelled test images one after the other. */
typedef struct pooled_tests {
  int64_t n;
  int classes;
  float *logit;
  int32_t *label;
  uint64_t *group;
} pooled_tests;

static void append(pooled_tests *p, const test_set *t, const float *logit) {
  const size_t k = (size_t)t->classes, n = (size_t)t->images.n, at = (size_t)p->n;
  p->classes = t->classes;
  p->logit = memory_grow(p->logit, ((at + n) * k + 1) * sizeof *p->logit);
  p->label = memory_grow(p->label, (at + n + 1) * sizeof *p->label);
  p->group = memory_grow(p->group, (at + n + 1) * sizeof *p->group);
  memcpy(p->logit + at * k, logit, n * k * sizeof *logit);
  memcpy(p->label + at, t->label, n * sizeof *t->label);
  memcpy(p->group + at, t->group, n * sizeof *t->group);
  p->n += t->images.n;
}

static void release(pooled_tests *p) {
  free(p->logit);
  free(p->label);
  free(p->group);
}

/* Adds each site's measure to a list, and its images to those of all; auc [n_sites]. */
static xs_status measure_sites(evaluation *e, int node, pooled_tests *all, json_t *list,
                               double *auc) {
  const xs_study *s = e->run->study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    const test_answer *a = NULL;
    if (s->site[i].labelled) status = evaluation_answer(e, node, i, &a);
    auc[i] = answer_auc(a);
    if (!a) continue;
    append(all, &e->test[i], a->logit);
    json_array_append_new(
        list, json_pack("{s:s, s:o}", "site", s->site[i].name, "measure", answer_json(a)));
  }
  return status;
}

/* As many as the classifier was trained on. */
static int64_t training_images(const evaluation *e, const study_node *n) {
  const xs_study *s = e->run->study;
  int64_t images = 0;
  for (int i = 0; i < s->n_sites; i++) {
    if (!s->site[i].labelled) continue;
    images += llrint(ceil(n->amount / 100 * (double)seal_count(e->run->seal, i, XS_TRAIN)));
  }
  return images;
}

/* The spread is the variance of AUCs in per cent, as the paper's. */
static xs_status measure_pool(evaluation *e, int node, json_t *list) {
  const xs_study *s = e->run->study;
  const study_node *n = &e->run->nodes.node[node];
  double *auc = memory_new((size_t)s->n_sites * sizeof *auc);
  json_t *sites = json_array();
  pooled_tests all = {0};
  xs_measure m = {0};
  xs_status status = measure_sites(e, node, &all, sites, auc);
  if (!status) {
    status = xs_measure_classifier(all.logit, all.label, all.group, all.n, all.classes,
                                   (int)s->settings.replicates, (uint64_t)s->settings.seed, &m);
  }
  const double spread = xs_domain_spread(auc, s->n_sites) * PER_CENT * PER_CENT;
  json_array_append_new(list,
                        json_pack("{s:f, s:s, s:I, s:o, s:o, s:o}", "percent", n->amount, "node",
                                  n->name, "images", (json_int_t)training_images(e, n), "global",
                                  measure_json(&m), "sites", sites, "spread", number_json(spread)));
  release(&all);
  free(auc);
  return status;
}

xs_status pooled_json(evaluation *e, json_t **out) {
  const study_nodes *l = &e->run->nodes;
  xs_status status = XS_OK;
  *out = json_array();
  for (int i = 0; i < l->n && !status; i++) {
    if (l->node[i].kind == NODE_POOLED) status = measure_pool(e, i, *out);
  }
  return status;
}
