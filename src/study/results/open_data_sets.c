/* open_data_sets.c: every site's images for the tables of data sets: all labels that it has, and,
 * unless the study wants none, sex, age and view.  Finished classifiers are measured by then. */
#include "open_data_sets.h"

#include <stdlib.h>
#include <string.h>

#include "data_sets.h"
#include "memory.h"

typedef struct opened {
  train_set labels; /* of all labelled images, or nothing */
  uint8_t *side;
  xs_attribute *attribute; /* [attributes] as the seal gave them */
  int attributes;
  xs_attribute *known; /* of these the ones that the tables have, and the class */
  data_set set;
} opened;

/* With and without a label. */
static xs_status open_attributes(const results_job *r, const seal_request *q, opened *o) {
  train_set all = {.images = seal_images(r->seal, q->site), .n = o->set.n};
  if (!r->files.study->settings.subgroups) return XS_OK;
  all.rows = memory_new((size_t)(all.n + 1) * sizeof *all.rows);
  for (int64_t i = 0; i < all.n; i++) all.rows[i] = i;
  xs_status status = seal_attributes(r->seal, q, &all, &o->attribute, &o->attributes);
  free(all.rows);
  return status;
}

/* Scanners are left out: each site has its own. */
static void collect_known(const results_job *r, int site, opened *o) {
  o->known = memory_new((size_t)(o->attributes + 1) * sizeof *o->known);
  int n = 0;
  if (o->labels.n) {
    o->known[n++] = (xs_attribute){.name = "class",
                                   .levels = seal_classes(r->seal, site),
                                   .level = (char **)(uintptr_t)seal_class_name(r->seal, site),
                                   .value = o->labels.label};
  }
  for (int i = 0; i < o->attributes; i++) {
    if (strcmp(o->attribute[i].name, "scanner") != 0) o->known[n++] = o->attribute[i];
  }
  o->set.known = o->known;
  o->set.characteristics = n;
}

static xs_status open_site(const results_job *r, int site, opened *o) {
  const study_site *s = &r->files.study->site[site];
  const xs_images *images = seal_images(r->seal, site);
  const seal_request q = {.node = r->name, .role = SEAL_EVALUATION, .site = site, .split = XS_ALL};
  xs_status status = seal_sides(r->seal, site, &o->side);
  o->set = (data_set){.site = s->name, .n = images->n, .side = o->side, .group = images->group};
  if (!status && s->labelled) status = seal_labels(r->seal, &q, &o->labels);
  if (!status) status = open_attributes(r, &q, o);
  if (!status) collect_known(r, site, o);
  return status;
}

static void close_site(opened *o) {
  seal_attributes_release(o->attribute, o->attributes);
  train_set_release(&o->labels);
  free(o->known);
  free(o->side);
}

xs_status data_sets_describe(const results_job *r, json_t **out) {
  const int n = r->files.study->n_sites;
  opened *o = memory_new((size_t)n * sizeof *o);
  data_set *set = memory_new((size_t)n * sizeof *set);
  xs_status status = XS_OK;
  for (int i = 0; i < n && !status; i++) {
    status = open_site(r, i, &o[i]);
    set[i] = o[i].set;
  }
  *out = status ? NULL : data_sets_json(set, n);
  for (int i = 0; i < n; i++) close_site(&o[i]);
  free(set);
  free(o);
  return status;
}
