/* conclusions.c: what all pairs together say. */
#include "effect.h"

#include "number.h"
#include "published.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *pairs(int n) { return n == 1 ? "pair" : "pairs"; }

static bool any_untrained(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].target_untrained && isfinite(r->pair[i].m[CEILING].auc)) return true;
  }
  return false;
}

static number mean_auc(const interval *x) {
  return number_with_interval(x->value, x->low, x->high);
}

static char *means(const results *r) {
  const summary *s = &r->summary;
  if (isnan(s->external.value) || isnan(s->adapted.value)) return NULL;
  if (!effect_count_adapted(r)) {
    return text_format("The mean AUC at the targets is %s; none of these classifiers was adapted.",
                       mean_auc(&s->external).text);
  }
  char *salvage = !(s->average_salvage > 0)
                      ? text_copy("")
                      : text_format(", %s %% of the mean loss against the ceilings%s",
                                    number_fixed(s->average_salvage, 0).text,
                                    any_untrained(r) ? " (not all of them trained enough)" : "");
  char *sure = isnan(s->gain.low)
                   ? text_copy("")
                   : text_format(" (95 %% interval %s to %s, %s)", number_points(s->gain.low).text,
                                 number_points(s->gain.high).text, number_p(s->gain_p).text);
  char *all =
      text_format("The mean AUC at the targets went from %s to %s, a mean change of %s%s%s.",
                  number_measured(s->external.value, s->external.low, s->external.high).text,
                  number_measured(s->adapted.value, s->adapted.low, s->adapted.high).text,
                  number_signed(s->adapted.value - s->external.value).text, sure, salvage);
  free(sure);
  free(salvage);
  return all;
}

static char *chosen(const results *r) {
  int none = 0, known = 0;
  for (int i = 0; i < r->n; i++) {
    const char *method = r->pair[i].choice.chosen;
    known += method != NULL;
    none += method && strcmp(method, "none") == 0;
  }
  if (!known) return NULL;
  if (none == known) {
    return text_format("Without labels, the choice was to leave the classifier as it was in all "
                       "%d %s.",
                       known, pairs(known));
  }
  return text_format("Without labels, adaptation was chosen in %d of %d %s; in %d the classifier "
                     "was left as it was.",
                     known - none, known, pairs(known), none);
}

static char *worse(const results *r) {
  int clear = 0, known = 0;
  if (isnan(r->summary.worse)) return NULL;
  for (int i = 0; i < r->n; i++) {
    known += isfinite(r->pair[i].gain);
    clear += effect_of(&r->pair[i]) == EFFECT_HURT;
  }
  if (known < 2 || !effect_count_adapted(r)) return NULL; /* one pair's own sentences say it */
  if (!(r->summary.worse > 0)) {
    return text_format("After the choice the AUC is lower than before in none of the %d %s that "
                       "were measured.",
                       known, pairs(known));
  }
  return text_format("After the choice the AUC is lower than before in %s of %d %s, in %d of them "
                     "by more than chance explains.",
                     number_fixed(r->summary.worse, 0).text, known, pairs(known), clear);
}

static char *corrected(const results *r) {
  int known = 0, gains = 0, losses = 0;
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    known += isfinite(p->p_holm);
    gains += p->p_holm < 0.05 && p->gain > 0;
    losses += p->p_holm < 0.05 && p->gain < 0;
  }
  if (known < 2 || !effect_count_adapted(r)) return NULL;
  return text_format("Corrected for %d comparisons (Holm, level 5 %%), the AUC is higher in %d %s "
                     "and lower in %d.",
                     known, gains, pairs(gains), losses);
}

static char *regret(const results *r) {
  if (isnan(r->summary.regret) || isnan(r->summary.oracle)) return NULL;
  return text_format("An oracle, which chooses with the target's labels and which nobody has in "
                     "use, reaches a mean AUC of %s: the label-free choice lies %s below it.",
                     number_auc(r->summary.oracle).text, number_points(r->summary.regret).text);
}

/* Whether harm and help were foreseen, where both are known. */
static char *foreseen(const results *r) {
  int judged = 0, warned = 0, hurt = 0, both = 0, lower = 0;
  for (int i = 0; i < r->n; i++) {
    const char *outlook = r->pair[i].choice.outlook;
    const effect v = effect_of(&r->pair[i]);
    if (!outlook || v == EFFECT_UNKNOWN || v == EFFECT_LEFT) continue;
    const bool warning = strcmp(outlook, "hurts") == 0;
    judged++;
    warned += warning;
    hurt += v == EFFECT_HURT;
    lower += r->pair[i].gain < 0;
    both += warning && v == EFFECT_HURT;
  }
  if (!judged) return NULL;
  if (!hurt && !lower) {
    return text_format(
        "Without labels, harm was foreseen in %d %s; measured, the AUC fell in none.", warned,
        pairs(warned));
  }
  if (!hurt) {
    return text_format(
        "Without labels, harm was foreseen in %d %s; measured, the AUC is lower in %d "
        "%s, by no more than chance explains.",
        warned, pairs(warned), lower, pairs(lower));
  }
  char *known = both == hurt ? text_copy("as foreseen")
                : both       ? text_format("foreseen in %d of them", both)
                             : text_copy("which was not foreseen");
  char *text = text_format(
      "Without labels, harm was foreseen in %d %s; measured, adaptation hurt in %d %s, %s.", warned,
      pairs(warned), hurt, pairs(hurt), known);
  free(known);
  return text;
}

/* By intervals of the calibration error that do not overlap. */
static char *calibrated(const results *r) {
  int known = 0, better = 0, worsened = 0;
  for (int i = 0; i < r->n; i++) {
    if (effect_of(&r->pair[i]) == EFFECT_LEFT) continue;
    const interval a = r->pair[i].reliability[BEFORE].ece, b = r->pair[i].reliability[AFTER].ece;
    if (isnan(a.low) || isnan(a.high) || isnan(b.low) || isnan(b.high)) continue;
    known++;
    better += b.high < a.low;
    worsened += b.low > a.high;
  }
  if (known < 2) return NULL;
  return text_format("Probabilities at the target became clearly better calibrated in %d of %d %s "
                     "and clearly worse in %d (intervals of the calibration error apart).",
                     better, known, pairs(known), worsened);
}

static char *beside_paper(const results *r) {
  const paper *p = paper_of(r);
  const double mean = r->summary.adapted.value;
  if (!p || isnan(mean)) return NULL;
  const double more = mean - p->summary.adapted.value;
  return text_format(
      "The paper's %s reports a mean adapted AUC of %.2f; here it is %.2f, %s points "
      "%s. The paper's mean has no interval, so this is no test.",
      p->what, p->summary.adapted.value, mean, number_points(fabs(more)).text,
      more < 0 ? "lower" : "higher");
}

int conclusions_make(const results *r, char *sentence[CONCLUSIONS]) {
  static char *(*const make[CONCLUSIONS])(const results *r) = {
      means, chosen, worse, corrected, regret, foreseen, calibrated, beside_paper};
  int n = 0;
  for (int i = 0; i < CONCLUSIONS; i++) {
    sentence[n] = make[i](r);
    n += sentence[n] != NULL;
  }
  return n;
}
