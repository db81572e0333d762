/* measure_pooled.c: classifiers of all sites together, on all sites' test images and on each's. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "result_parts.h"

/* All sites' labelled test images one after the other. */
static void append(test_set *all, float **logit, const test_answer *a) {
  const test_set *t = a->on;
  const size_t k = (size_t)t->classes, n = (size_t)t->n, at = (size_t)all->n;
  all->classes = t->classes;
  *logit = memory_grow(*logit, ((at + n) * k + 1) * sizeof **logit);
  all->label = memory_grow(all->label, (at + n + 1) * sizeof *all->label);
  all->group = memory_grow(all->group, (at + n + 1) * sizeof *all->group);
  memcpy(*logit + at * k, a->logit, n * k * sizeof **logit);
  memcpy(all->label + at, t->label, n * sizeof *t->label);
  memcpy(all->group + at, t->group, n * sizeof *t->group);
  all->n += t->n;
}

/* The spread is the variance of AUCs in per cent, as the paper's. */
xs_status pooled_json(const measure_settings *s, const pooled_classifier *x, json_t **out) {
  double *auc = memory_new((size_t)(x->sites + 1) * sizeof *auc);
  json_t *sites = json_array();
  test_set all = {0};
  test_answer whole = {.on = &all};
  for (int i = 0; i < x->sites; i++) {
    const test_answer *a = x->answer[i];
    auc[i] = answer_auc(a);
    append(&all, &whole.logit, a);
    json_array_append_new(sites,
                          json_pack("{s:s, s:o}", "site", a->on->site, "measure", answer_json(a)));
  }
  xs_status status = answer_measure(s, &whole);
  const double spread = xs_domain_spread(auc, x->sites) * PER_CENT * PER_CENT;
  *out = json_pack("{s:f, s:s, s:I, s:o, s:o, s:o}", "percent", x->percent, "node", x->node,
                   "images", (json_int_t)x->images, "global", measure_json(&whole.measure), "sites",
                   sites, "spread", number_json(spread));
  answer_release(&whole);
  test_set_release(&all);
  free(auc);
  return status;
}
