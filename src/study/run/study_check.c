/* study_check.c: can a study be trained, chosen and measured with its sites?  Asked before any
 * work.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "node_job.h"
#include "study_check.h"
#include "text.h"

static bool same_classes(const seal *s, int a, int b) {
  if (seal_classes(s, a) != seal_classes(s, b)) return false;
  for (int i = 0; i < seal_classes(s, a); i++) {
    if (strcmp(seal_class_name(s, a)[i], seal_class_name(s, b)[i]) != 0) return false;
  }
  return true;
}

/* All sites that list classes list the same ones. */
static xs_status check_classes(const xs_study *s, const seal *opened) {
  int first = 0;
  while (first < s->n_sites && !seal_classes(opened, first)) first++;
  for (int i = first + 1; i < s->n_sites; i++) {
    if (!seal_classes(opened, i) || same_classes(opened, first, i)) continue;
    return (xs_status)fail(
        XS_FAILED,
        "sites %s (%s) and %s (%s) have different classes: a classifier of one cannot be "
        "used at the other; give both domain files the same list",
        s->site[first].name, s->site[first].file, s->site[i].name, s->site[i].file);
  }
  return XS_OK;
}

/* Whether a classifier is trained on the site's labels: its own, or that of all sites. */
static bool is_learnt(const xs_study *study, const study_nodes *l, int site) {
  const study_site *s = &study->site[site];
  char *baseline = text_format("baseline-%s", s->name);
  bool learnt = nodes_find(l, baseline) >= 0 || study->settings.pooled.n;
  free(baseline);
  return s->labelled && learnt;
}

static xs_status check_splits(const xs_study *s, const study_nodes *l, const seal *opened) {
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    if (is_learnt(s, l, i)) status = seal_check_splits(opened, i);
  }
  return status;
}

static xs_status check_targets(const xs_study *s, const seal *opened) {
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    status = seal_check_target(opened, s->pair[i].target);
  }
  return status;
}

static xs_status check_shared(const xs_study *s, const seal *opened) {
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    for (int k = 0; k < i && !status; k++) status = seal_check_shared(opened, k, i);
  }
  return status;
}

/* Of a pair's unadapted classifier. */
static xs_status check_measured(const xs_study *s, const seal *opened) {
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    const study_pair *p = &s->pair[i];
    if (!s->site[p->target].labelled) continue;
    status = seal_check_measured(opened, p->source, p->target);
  }
  return status;
}

/* Before training: a translated site's labels are bytes. */
static xs_status check_kept(const xs_study *s, const seal *opened) {
  for (int i = 0; i < s->n_sites && s->settings.keep_translated; i++) {
    const xs_status status = translated_site_check(s->site[i].name, seal_classes(opened, i));
    if (status) return status;
  }
  return XS_OK;
}

xs_status study_check_sites(const xs_study *s, const study_nodes *l, const seal *opened) {
  xs_status status = check_classes(s, opened);
  if (!status) status = check_splits(s, l, opened);
  if (!status) status = check_targets(s, opened);
  if (!status) status = check_kept(s, opened);
  if (!status) status = check_shared(s, opened);
  return status ? status : check_measured(s, opened);
}
