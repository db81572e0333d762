#include "verdict.h"

#include "effect.h"
#include "file.h"
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VERDICTS = 4 };

static const struct {
  const char *word;
  const char *advice; /* of source and target */
  const char *summary;
} verdicts[VERDICTS] = {
    {"use it", "Use the classifier from %s at %s as it is.", "can be used as it is"},
    {"use the adapted one", "Use the classifier from %s at %s in its adapted form.",
     "can be used after adaptation"},
    {"do not use it", "Do not use the classifier from %s at %s.", "is not to be used"},
    {"cannot be told", "Whether the classifier from %s can be used at %s cannot be told.",
     "cannot be told to be usable or not"}};

/* -1: a run that was measured before there were verdicts. */
static int kind_of(const pair *p) {
  for (int k = 0; k < VERDICTS && p->verdict.word; k++) {
    if (strcmp(p->verdict.word, verdicts[k].word) == 0) return k;
  }
  return -1;
}

char *verdict_advice(const pair *p) {
  const int k = kind_of(p);
  if (k < 0) return text_format("%s → %s: %s.", p->source, p->target, effect_word(effect_of(p)));
  char *advice = text_format(verdicts[k].advice, p->source, p->target), *all;
  if (!(p->verdict.label > 0)) return advice;
  all = text_format("%s Label %s images of %s.", advice, number_count(p->verdict.label).text,
                    p->target);
  free(advice);
  return all;
}

/* ---- would adapting help ----------------------------------------------------------------------
 */

/* The best of the adapted classifiers by the target's labels; NULL: none was measured. */
static const candidate *best_adapted(const pair *p) {
  const candidate *best = NULL;
  for (int i = 0; i < p->candidates; i++) {
    const candidate *c = &p->candidate[i];
    if (strcmp(c->method, "none") == 0 || isnan(c->m.auc)) continue;
    if (!best || c->m.auc > best->m.auc) best = c;
  }
  return best;
}

static char *left_words(const pair *p) {
  const candidate *best = best_adapted(p);
  char *measured =
      best ? text_format(" By the labels of %s the best that was tried, %s, has an AUC of %s there.",
                         p->target, best->method,
                         number_between(best->m.auc, best->m.low, best->m.high).text)
           : text_copy("");
  char *all = text_format(" Nothing was adapted: the choice, which sees no label, was to leave the "
                          "classifier as it is.%s",
                          measured);
  free(measured);
  return all;
}

static char *adapting(const pair *p) {
  const number low = number_points(p->low), high = number_points(p->high);
  switch (effect_of(p)) {
  case EFFECT_HELPED:
    return text_format(" Adapting helps: it raises the AUC by %s to %s points.", low.text,
                       high.text);
  case EFFECT_HURT:
    return text_format(" Adapting hurts: it lowers the AUC by %s to %s points.",
                       number_points(-p->high).text, number_points(-p->low).text);
  case EFFECT_UNCLEAR:
    return text_format(" Whether adapting helps cannot be told: it changes the AUC by %s to %s "
                       "points.",
                       low.text, high.text);
  case EFFECT_LEFT:
    return left_words(p);
  case EFFECT_UNKNOWN:
    break;
  }
  char *outlook = outlook_sentence(p), *decided = decided_sentence(p);
  char *all = text_format(" %s%s%s", outlook, *decided ? " " : "", decided);
  free(decided);
  free(outlook);
  return all;
}

/* ---- how many labels --------------------------------------------------------------------------
 */

static char *labelling(const pair *p) {
  const usable *v = &p->verdict;
  if (v->better_images > 0) {
    return text_format(" A classifier trained on %s labelled images of %s does better: its AUC is "
                       "%s.",
                       number_count(v->better_images).text, p->target,
                       number_between(v->better.auc, v->better.low, v->better.high).text);
  }
  if (!(v->label > 0)) return text_copy("");
  return text_format(" With %s labelled images of %s a classifier's AUC there is expected to be "
                     "known to within about %s points.",
                     number_count(v->label).text, p->target, number_points(v->margin).text);
}

char *verdict_reasons(const pair *p) {
  if (!p->verdict.reason) return effect_sentence(p);
  char *help = adapting(p), *labels = labelling(p);
  char *all = text_format("%s%s%s", p->verdict.reason, help, labels);
  free(labels);
  free(help);
  return all;
}

char *verdict_count(const results *r) {
  int count[VERDICTS] = {0}, known = 0;
  for (int i = 0; i < r->n; i++) {
    const int k = kind_of(&r->pair[i]);
    if (k < 0) continue;
    known++;
    count[k]++;
  }
  if (!known) return text_format("%d pairs of sites were studied.", r->n);
  char *all = text_format("Of %d pairs of a classifier and a new site", r->n);
  const char *separator = ": it";
  for (int k = 0; k < VERDICTS; k++) {
    if (!count[k]) continue;
    char *more = text_format("%s%s %s in %d", all, separator, verdicts[k].summary, count[k]);
    free(all);
    all = more;
    separator = ", and";
  }
  char *whole = text_format("%s.", all);
  free(all);
  return whole;
}
