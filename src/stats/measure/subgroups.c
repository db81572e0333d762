/* subgroups.c: one or two classifiers on parts of the images. */
#include <stdlib.h>
#include <string.h>

#include "group_count.h"
#include "memory.h"
#include "xsite.h"

typedef struct part { /* the images of one subgroup */
  int64_t n, groups;
  int64_t *row; /* [n] where they are in the whole */
  int32_t *label;
  uint64_t *group; /* NULL: each image is its own */
} part;

static uint64_t *groups_of(const uint64_t *group, const part *p) {
  if (!group) return NULL;
  uint64_t *of = memory_new((size_t)(p->n + 1) * sizeof *of);
  for (int64_t i = 0; i < p->n; i++) of[i] = group[p->row[i]];
  return of;
}

static int64_t count_groups(const part *p) {
  if (!p->group) return p->n;
  uint64_t *key = memory_new((size_t)(p->n + 1) * sizeof *key);
  memcpy(key, p->group, (size_t)p->n * sizeof *key);
  const int64_t groups = group_count(key, p->n);
  free(key);
  return groups;
}

static part part_of(const xs_labelled_outputs *x, const int32_t *subgroup, int32_t which) {
  part p = {.row = memory_new((size_t)(x->of.n + 1) * sizeof *p.row),
            .label = memory_new((size_t)(x->of.n + 1) * sizeof *p.label)};
  for (int64_t i = 0; i < x->of.n; i++) {
    if (subgroup[i] != which) continue;
    p.label[p.n] = x->label[i];
    p.row[p.n++] = i;
  }
  p.group = groups_of(x->of.group, &p);
  p.groups = count_groups(&p);
  return p;
}

static void part_release(part *p) {
  free(p->row);
  free(p->label);
  free(p->group);
}

static bool has_enough(const part *p, int classes) {
  bool enough = p->groups >= XS_SUBGROUP_FEWEST;
  for (int k = 0; k < classes; k++) {
    int64_t images = 0;
    for (int64_t i = 0; i < p->n; i++) images += p->label[i] == k;
    enough = enough && images >= XS_SUBGROUP_FEWEST;
  }
  return enough;
}

/* NULL stays NULL. */
static float *logits_of(const float *logit, const part *p, int classes) {
  const size_t bytes = (size_t)classes * sizeof(float);
  if (!logit) return NULL;
  float *of = memory_new((size_t)(p->n + 1) * bytes);
  for (int64_t i = 0; i < p->n; i++) memcpy(of + i * classes, logit + p->row[i] * classes, bytes);
  return of;
}

static xs_status measure_part(const part *p, const float *a, const float *b, int classes,
                              int replicates, uint64_t seed, xs_subgroup *out) {
  xs_status status =
      xs_measure_classifier(a, p->label, p->group, p->n, classes, replicates, seed, &out->a);
  if (status || !b) return status;
  status = xs_measure_classifier(b, p->label, p->group, p->n, classes, replicates, seed, &out->b);
  if (status) return status;
  return xs_measure_difference(a, b, p->label, p->group, p->n, classes, replicates, seed,
                               &out->difference);
}

xs_status xs_measure_subgroups(const xs_labelled_outputs *x, const float *logit_b,
                               const int32_t *subgroup, int subgroups, int replicates,
                               uint64_t seed, xs_subgroup *out) {
  const int classes = x->of.classes;
  xs_status status = XS_OK;
  for (int k = 0; k < subgroups && !status; k++) {
    part p = part_of(x, subgroup, k);
    out[k] = (xs_subgroup){.n = p.n, .groups = p.groups, .measured = has_enough(&p, classes)};
    if (out[k].measured) {
      float *a = logits_of(x->of.logit, &p, classes), *b = logits_of(logit_b, &p, classes);
      status = measure_part(&p, a, b, classes, replicates, seed, &out[k]);
      free(a);
      free(b);
    }
    part_release(&p);
  }
  return status;
}
