#include "verdict_words.h"

#include "effect.h"
#include "node_words.h"
#include "number.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USE_IT, USE_ADAPTED, DO_NOT_USE, CANNOT_TELL, VERDICTS };

static const struct {
  const char *word;
  const char *advice; /* of source and target */
  const char *summary;
} verdicts[VERDICTS] = {
    {"use it", "Use the classifier from %s at %s as it is.", "as it is"},
    {"use the adapted one", "Use the classifier from %s at %s in its adapted form.",
     "in its adapted form"},
    {"do not use it", "Do not use the classifier from %s at %s.", "it must not be used"},
    {"cannot be told", "Whether the classifier from %s can be used at %s cannot be told.",
     "it cannot be told"}};

/* -1: a run that was measured before there were verdicts. */
static int kind_of(const pair *p) {
  for (int k = 0; k < VERDICTS && p->verdict.word; k++) {
    if (strcmp(p->verdict.word, verdicts[k].word) == 0) return k;
  }
  return -1;
}

/* What to do with the number of labels: the site may have them already, or not so many images. */
static char *label_words(const pair *p) {
  const number wanted = number_count(p->verdict.label);
  const double known = p->external_all.n, seen = p->choice.images;
  if (p->verdict.better_images > 0) {
    if (known >= p->verdict.label) {
      return text_format("Train one on its labels: %s has %s labelled images.", p->target,
                         number_count(known).text);
    }
    return text_format("Label %s images of %s and train on them.", wanted.text, p->target);
  }
  if (known > 0) {
    return text_format("Label %s images of %s in all; %s are labelled.", wanted.text, p->target,
                       number_count(known).text);
  }
  if (!report_measured(p) && seen > 0 && p->verdict.label > seen) {
    return text_format("Label %s images of %s, more than the %s that the choice saw.", wanted.text,
                       p->target, number_count(seen).text);
  }
  return text_format("Label %s images of %s%s.", wanted.text, p->target,
                     report_measured(p) ? " in all" : "");
}

char *verdict_advice(const pair *p) {
  const int k = kind_of(p);
  if (k < 0) return text_format("%s → %s: %s.", p->source, p->target, effect_word(effect_of(p)));
  char *advice = text_format(verdicts[k].advice, p->source, p->target), *all;
  if (!(p->verdict.label > 0)) return advice;
  char *words = label_words(p);
  all = text_format("%s %s", advice, words);
  free(words);
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

static bool all_struck(const pair *p) {
  int adapted = 0, struck = 0;
  for (int i = 0; i < p->choice.values; i++) {
    const criteria_values *v = &p->choice.value[i];
    if (strcmp(v->method, "none") == 0) continue;
    adapted++;
    struck += v->strikes > 0;
  }
  return adapted > 0 && struck == adapted;
}

static char *left_words(const pair *p) {
  const candidate *best = best_adapted(p);
  const char *why = p->choice.left  ? p->choice.left
                    : all_struck(p) ? "every adapted one was struck out"
                                    : NULL;
  char *measured =
      best ? text_format(" The best of the adapted ones by the labels of %s (%s) has an AUC of %s.",
                         p->target, best->method,
                         number_with_interval(best->m.auc, best->m.low, best->m.high).text)
           : text_copy("");
  char *all = text_format(" Nothing was adapted: the choice, which sees no label, was to leave the "
                          "classifier as it is%s%s.%s",
                          why ? ": " : "", why ? why : "", measured);
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
  char *outlook = outlook_sentence(p), *seen = seen_sentence(p);
  char *all = text_format(" %s%s%s", outlook, *seen ? " " : "", seen);
  free(seen);
  free(outlook);
  return all;
}

/* ---- how many labels --------------------------------------------------------------------------
 */

/* "on 40 labelled images of b"; its own classifier has all but the test images. */
static char *trained_words(const usable *v, const char *target) {
  const number images = number_count(v->better_images);
  if (v->better_node && node_is_baseline(v->better_node, target)) {
    return text_format("on all labels of %s but those of its test images (%s images)", target,
                       images.text);
  }
  return text_format("on %s labelled images of %s", images.text, target);
}

static char *labelling(const pair *p) {
  const usable *v = &p->verdict;
  if (v->better_images > 0) {
    const char *why = v->better_untrained;
    char *trained = trained_words(v, p->target);
    char *all = text_format(" A classifier trained %s does better: its AUC is %s%s%s%s.", trained,
                            number_with_interval(v->better.auc, v->better.low, v->better.high).text,
                            why ? ", though it was not trained enough (" : "", why ? why : "",
                            why ? ")" : "");
    free(trained);
    return all;
  }
  if (!(v->label > 0)) return text_copy("");
  if (kind_of(p) == DO_NOT_USE && isfinite(p->m[CEILING].auc)) {
    return text_format(
        " No classifier that was trained on labels of %s is clearly better: it takes "
        "more of them.",
        p->target);
  }
  return text_format(" With %s labelled images of %s a classifier's AUC there is expected to be "
                     "known to within about %s points.",
                     number_count(v->label).text, p->target,
                     number_points(isfinite(v->within) ? v->within : v->margin).text);
}

/* A poor classifier may only want more training.  With its leading space, or nothing. */
static char *untrained_words(const pair *p) {
  if (!p->source_untrained) return text_copy("");
  return text_format(" The classifier of %s was not trained enough (%s): train it longer before "
                     "anything else.",
                     p->source, p->source_untrained);
}

char *verdict_reasons(const pair *p) {
  if (!p->verdict.reason) return effect_sentence(p);
  char *help = adapting(p), *labels = labelling(p), *untrained = untrained_words(p);
  char *all = text_format("%s%s%s%s", p->verdict.reason, untrained, help, labels);
  free(untrained);
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
  char *all = text_format("Can the classifier be used at the new site?");
  int told = 0;
  for (int k = 0; k < VERDICTS; k++) {
    if (!count[k]) continue;
    char *more =
        told ? text_format("%s; in %d %s", all, count[k], verdicts[k].summary)
             : text_format("%s In %d of %d pairs %s", all, count[k], known, verdicts[k].summary);
    free(all);
    all = more;
    told++;
  }
  char *whole = text_format("%s.", all);
  free(all);
  return whole;
}
