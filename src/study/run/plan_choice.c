/* plan_choice.c: for which pairs nothing will be adapted, because too few images can decide. */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "choice.h"
#include "study_check.h"

static bool adapts(const xs_study *s, const study_nodes *l, int pair) {
  int n;
  study_candidate *c = nodes_candidates(s, l, pair, &n);
  nodes_candidates_free(c, n);
  return n > 1;
}

static xs_status add_pair(const xs_study *s, const seal *sites, const study_pair *p, buffer *text) {
  const char *target = s->site[p->target].name;
  int64_t *rows = NULL, n = 0;
  xs_status status = choice_rows(seal_images(sites, p->target), s->site[p->target].labelled,
                                 study_split(s), &rows, &n);
  free(rows);
  if (status || n >= JUDGED_LEAST) return status;
  buffer_add(
      text,
      "%s -> %s: nothing will be adapted: %lld image%s of %s can decide without labels, and from "
      "fewer than %d the choice leaves the classifier as it is: bring more images of %s\n",
      s->site[p->source].name, target, (long long)n, n == 1 ? "" : "s", target, JUDGED_LEAST,
      target);
  return XS_OK;
}

xs_status plan_choices(const xs_study *s, const study_nodes *l, const seal *sites, buffer *text) {
  xs_status status = XS_OK;
  if (strcmp(s->settings.choice.rule, "careful") != 0) return XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    if (adapts(s, l, i)) status = add_pair(s, sites, &s->pair[i], text);
  }
  return status;
}
