/* measure_pooled.c: classifiers of all sites together, on all sites' test images and on each's. */
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
  const size_t k = (size_t)t->classes, n = (size_t)t->n, at = (size_t)p->n;
  p->classes = t->classes;
  p->logit = memory_grow(p->logit, ((at + n) * k + 1) * sizeof *p->logit);
  p->label = memory_grow(p->label, (at + n + 1) * sizeof *p->label);
  p->group = memory_grow(p->group, (at + n + 1) * sizeof *p->group);
  memcpy(p->logit + at * k, logit, n * k * sizeof *logit);
  memcpy(p->label + at, t->label, n * sizeof *t->label);
  memcpy(p->group + at, t->group, n * sizeof *t->group);
  p->n += t->n;
}

static void release(pooled_tests *p) {
  free(p->logit);
  free(p->label);
  free(p->group);
}

/* The spread is the variance of AUCs in per cent, as the paper's. */
xs_status pooled_json(const measure_settings *s, const pooled_classifier *x, json_t **out) {
  double *auc = memory_new((size_t)(x->sites + 1) * sizeof *auc);
  json_t *sites = json_array();
  pooled_tests all = {0};
  xs_measure m = {0};
  for (int i = 0; i < x->sites; i++) {
    const test_answer *a = x->answer[i];
    auc[i] = answer_auc(a);
    append(&all, a->on, a->logit);
    json_array_append_new(sites,
                          json_pack("{s:s, s:o}", "site", a->on->site, "measure", answer_json(a)));
  }
  xs_status status = xs_measure_classifier(all.logit, all.label, all.group, all.n, all.classes,
                                           s->replicates, s->seed, &m);
  const double spread = xs_domain_spread(auc, x->sites) * PER_CENT * PER_CENT;
  *out = json_pack("{s:f, s:s, s:I, s:o, s:o, s:o}", "percent", x->percent, "node", x->node,
                   "images", (json_int_t)x->images, "global", measure_json(&m), "sites", sites,
                   "spread", number_json(spread));
  release(&all);
  free(auc);
  return status;
}
