/* plan_width.c: how wide a study's intervals will be, before anything is trained. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "measure_json.h"
#include "memory.h"
#include "study_check.h"
#include "text.h"

static const double ASSUMED_AUC = 0.85, ASSUMED_CORRELATION = 0.5;

typedef struct counted {
  int64_t images, groups; /* groups: a patient counts once for each class */
  double half_width;      /* in points; NAN where a class is missing */
} counted;

/* As if each patient had one image of a class: images of one patient tell less than others.  Of
 * several classes the mean of one against the rest, as if they erred together. */
static counted count(const seal *sites, int site, xs_split split) {
  const int classes = seal_classes(sites, site);
  int64_t *groups = memory_new(sizeof *groups * (size_t)(classes + 1));
  counted c = {0};
  double half = 0;
  for (int k = 0; k < classes; k++) {
    int64_t images;
    seal_count_class(sites, site, split, k, &images, &groups[k]);
    c.images += images;
    c.groups += groups[k];
  }
  for (int k = 0; k < classes; k++) {
    const double all = (double)c.groups, positives = (double)groups[k];
    half += positives > 0 && positives < all
                ? xs_auc_half_width(ASSUMED_AUC, positives / all, all) / classes
                : NAN;
  }
  c.half_width = PER_CENT * half;
  free(groups);
  return c;
}

static char *pair_line(const xs_study *s, const seal *sites, const study_pair *p) {
  const counted all = count(sites, p->target, XS_ALL), test = count(sites, p->target, XS_TEST);
  const bool on_all = study_measures_all(s);
  const counted *gain = on_all ? &all : &test;
  /* the difference of two with the same variance and this correlation */
  const double factor = sqrt(2 * (1 - ASSUMED_CORRELATION));
  return text_format(
      "%s -> %s: external AUC about +-%.1f points (all %lld labelled images); adapted AUC +-%.1f "
      "and gain +-%.1f (%lld images%s); with four times as many, %lld labelled images, half of "
      "that%s\n",
      s->site[p->source].name, s->site[p->target].name, all.half_width, (long long)all.images,
      gain->half_width, factor * gain->half_width, (long long)gain->images,
      on_all ? "" : " of the test side", 4 * (long long)all.images,
      on_all || !(test.half_width > 2 * all.half_width)
          ? ""
          : "; `measure: all` measures what is adapted on all of them");
}

void plan_widths(const xs_study *s, const seal *sites, buffer *text) {
  int labelled = 0;
  for (int i = 0; i < s->n_pairs; i++) labelled += s->site[s->pair[i].target].labelled;
  if (!labelled) return;
  buffer_add(text,
             "95 %% intervals to expect, at an AUC of %.0f, of patients rather than "
             "images (Hanley and McNeil 1982), and a correlation of %g:\n",
             PER_CENT * ASSUMED_AUC, ASSUMED_CORRELATION);
  for (int i = 0; i < s->n_pairs; i++) {
    if (!s->site[s->pair[i].target].labelled) continue;
    char *line = pair_line(s, sites, &s->pair[i]);
    buffer_text(text, line);
    free(line);
  }
}
