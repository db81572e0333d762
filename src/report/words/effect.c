#include "effect.h"

#include "number.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool effect_left(const pair *p) {
  return p->choice.chosen && strcmp(p->choice.chosen, "none") == 0;
}

effect effect_of(const pair *p) {
  if (isnan(p->gain) || isnan(p->low) || isnan(p->high)) return EFFECT_UNKNOWN;
  if (effect_left(p)) return EFFECT_LEFT;
  if (p->low > 0) return EFFECT_HELPED;
  return p->high < 0 ? EFFECT_HURT : EFFECT_UNCLEAR;
}

const char *effect_word(effect v) {
  static const char *const word[EFFECTS] = {"helped", "no clear effect", "hurt", "left as it was",
                                            "not measured"};
  return word[v];
}

int effect_count_adapted(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) {
    const effect v = effect_of(&r->pair[i]);
    n += v != EFFECT_LEFT && v != EFFECT_UNKNOWN;
  }
  return n;
}

int effect_count_left(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += effect_of(&r->pair[i]) == EFFECT_LEFT;
  return n;
}

/* Without intervals the values themselves. */
static bool intervals_apart(const measure *higher, const measure *lower) {
  const double low = isnan(higher->low) ? higher->auc : higher->low;
  const double high = isnan(lower->high) ? lower->auc : lower->high;
  return low > high;
}

static number measured_auc(const measure *m) { return number_measured(m->auc, m->low, m->high); }

/* The unadapted classifier on as many labelled images of the target as there are. */
static const measure *external_of(const pair *p) {
  return isnan(p->external_all.auc) ? &p->m[EXTERNAL] : &p->external_all;
}

/* Whether that is more than the images which the adapted classifier is measured on. */
static bool measured_on_more(const pair *p) {
  return isfinite(p->external_all.auc) && p->external_all.n > p->m[EXTERNAL].n;
}

/* "b", or "b (on all 156 labelled images)". */
static char *place_of(const pair *p) {
  if (!measured_on_more(p)) return text_copy(p->target);
  return text_format("%s (on all %s labelled images)", p->target,
                     number_count(p->external_all.n).text);
}

static char *loss_sentence(const pair *p) {
  const measure *away = external_of(p);
  const double internal = p->m[INTERNAL].auc, external = away->auc;
  if (isnan(external)) {
    return text_format("How the classifier from %s does at %s was not measured.", p->source,
                       p->target);
  }
  char *place = place_of(p), *text;
  const number own = measured_auc(&p->m[INTERNAL]), here = measured_auc(away);
  if (isnan(internal)) {
    text =
        text_format("The classifier from %s has an AUC of %s at %s.", p->source, here.text, place);
  } else if (external >= internal) {
    text = text_format("The classifier from %s has an AUC of %s on its own site's test images and "
                       "%s at %s: nothing was lost on the way.",
                       p->source, own.text, here.text, place);
  } else if (intervals_apart(&p->m[INTERNAL], away)) {
    text = text_format("At %s the AUC of the classifier from %s fell from %s to %s.", place,
                       p->source, own.text, here.text);
  } else {
    text = text_format("The classifier from %s has an AUC of %s on its own site's test images and "
                       "%s at %s; the intervals overlap, so that this may be chance.",
                       p->source, own.text, here.text, place);
  }
  free(place);
  return text;
}

/* The external or the adapted AUC beside 50.  With its leading space, or nothing. */
static char *guessing_sentence(const pair *p, int which) {
  const bool adapted = which == ADAPTED;
  const measure *m = adapted ? &p->m[ADAPTED] : external_of(p);
  if (isnan(m->auc) || !(m->low <= 50) || (adapted && effect_left(p))) return text_copy("");
  const number low = number_auc(m->low), high = number_auc(m->high);
  if (m->high < 50) {
    return text_format(" All of %s 95 %% interval (%s to %s) is below 50, the AUC of guessing: at "
                       "%s the classifier ranks images of a class below others more often than "
                       "above them.",
                       adapted ? "the adapted one's" : "its", low.text, high.text, p->target);
  }
  if (!(m->high >= 50)) return text_copy("");
  return text_format(" %s 95 %% interval (%s to %s) includes 50, the AUC of guessing: these images "
                     "cannot tell the classifier from guessing.",
                     adapted ? "The adapted one's" : "Its", low.text, high.text);
}

/* "a gain of 6.2 (95 % interval 4.1 to 8.3, p = 0.002)"; a wide interval stands alone. */
static char *change_words(const char *what, number value, const pair *p) {
  const number low = number_points(p->low), high = number_points(p->high), chance = number_p(p->p);
  if (number_wide(p->low, p->high)) {
    return text_format("a change of between %s and %s (95 %% interval, %s)", low.text, high.text,
                       chance.text);
  }
  return text_format("%s of %s (95 %% interval%s %s to %s, %s)", what, value.text,
                     effect_of(p) == EFFECT_HURT ? " of the change" : "", low.text, high.text,
                     chance.text);
}

/* "it to 86.9", with the images and where it was there, if the loss is told of more images. */
static char *brought_words(const pair *p, const char *alone, const char *from) {
  const number adapted = measured_auc(&p->m[ADAPTED]), external = measured_auc(&p->m[EXTERNAL]);
  if (!measured_on_more(p)) return text_format("%s%s", alone, adapted.text);
  return text_format("%s on the %s test images: %s before, %s after", from,
                     number_count(p->m[EXTERNAL].n).text, external.text, adapted.text);
}

static char *helped_sentence(const pair *p) {
  char *change = change_words("a gain", number_points(p->gain), p);
  char *brought = brought_words(p, "brought it to ", "raised it");
  char *all = text_format("Adaptation, without a single label from %s, %s: %s.", p->target, brought,
                          change);
  free(brought);
  free(change);
  return all;
}

static char *hurt_sentence(const pair *p) {
  char *change = change_words("a loss", number_points(-p->gain), p);
  char *brought = brought_words(p, "made it worse, ", "made it worse");
  char *all = text_format("Adaptation %s: %s. At %s use the classifier as it was, not the adapted "
                          "one.",
                          brought, change, p->target);
  free(brought);
  free(change);
  return all;
}

static char *unclear_sentence(const pair *p) {
  char *change = change_words("a change", number_signed(p->gain), p);
  char *brought = brought_words(p, "After adaptation it is ", "Adaptation changed it");
  char *all = text_format("%s, %s: the interval includes 0, so these test images cannot tell "
                          "whether adaptation helped.",
                          brought, change);
  free(brought);
  free(change);
  return all;
}

static char *gain_sentence(const pair *p) {
  switch (effect_of(p)) {
  case EFFECT_HELPED:
    return helped_sentence(p);
  case EFFECT_HURT:
    return hurt_sentence(p);
  case EFFECT_UNCLEAR:
    return unclear_sentence(p);
  case EFFECT_LEFT:
    return text_format("Without labels of %s the choice was to leave the classifier as it was: "
                       "nothing was adapted.",
                       p->target);
  case EFFECT_UNKNOWN:
    break;
  }
  return text_format("What adaptation changed was not measured.");
}

static char *ceiling_sentence(const pair *p) {
  double ceiling = p->m[CEILING].auc, external = p->m[EXTERNAL].auc;
  number best = measured_auc(&p->m[CEILING]);
  if (isnan(ceiling)) {
    return text_format("No classifier was trained on labels of %s, so the share salvaged is not "
                       "known.",
                       p->target);
  }
  if (ceiling <= external) {
    return text_format("A classifier trained on labels of %s does no better (%s): there was "
                       "nothing to salvage.",
                       p->target, best.text);
  }
  if (effect_of(p) != EFFECT_HELPED || isnan(p->salvage)) {
    return text_format("A classifier trained on labels of %s reaches %s.", p->target, best.text);
  }
  if (p->salvage >= 100) {
    return text_format("That is as good as a classifier trained on labels of %s (%s): all of what "
                       "was lost.",
                       p->target, best.text);
  }
  return text_format("That is %s %% of what was lost against a classifier trained on labels of %s "
                     "(%s).",
                     number_fixed(p->salvage, 0).text, p->target, best.text);
}

/* With its leading space, or nothing. */
static char *untrained_sentence(const pair *p) {
  if (!p->target_untrained || isnan(p->m[CEILING].auc)) return text_copy("");
  return text_format(" But that classifier was not trained enough (%s): it is no ceiling%s.",
                     p->target_untrained,
                     effect_of(p) == EFFECT_HELPED ? ", and the share salvaged says little" : "");
}

/* With its leading space, or nothing. */
static char *holm_sentence(const pair *p) {
  const effect v = effect_of(p);
  if ((v != EFFECT_HELPED && v != EFFECT_HURT) || !(p->p_holm >= 0.05)) return text_copy("");
  return text_format(" Corrected for the number of pairs (Holm) it could be chance, %s.",
                     number_p(p->p_holm).text);
}

/* With its leading space, or nothing. */
static char *equivalent_sentence(const pair *p) {
  const interval *e = &p->equivalent;
  if (e->value == 0) {
    return text_format(" Fewer labelled images of %s than the smallest number that was tried train "
                       "as good a classifier.",
                       p->target);
  }
  if (isfinite(e->value)) {
    return text_format(" About %s labelled images of %s train as good a classifier (95 %% interval "
                       "%s to %s).",
                       number_count(e->value).text, p->target,
                       e->low == 0 ? "fewer than were tried" : number_count(e->low).text,
                       isfinite(e->high) ? number_count(e->high).text : "more than were tried");
  }
  if (!p->equivalent_more) return text_copy("");
  return text_format(" More labelled images of %s than were tried are needed to train as good a "
                     "classifier.",
                     p->target);
}

/* A target without labels: what is known all the same. */
static char *unlabelled_sentence(const pair *p) {
  char *outlook = outlook_sentence(p);
  char *all = text_format("No AUC of the classifier from %s at %s, before or after, could be "
                          "measured: without labels of %s there is none. %s",
                          p->source, p->target, p->target, outlook);
  free(outlook);
  return all;
}

char *effect_sentence(const pair *p) {
  if (isnan(p->m[EXTERNAL].auc) && p->choice.chosen) return unlabelled_sentence(p);
  char *loss = loss_sentence(p), *before = guessing_sentence(p, EXTERNAL);
  char *gain = gain_sentence(p), *holm = holm_sentence(p);
  char *ceiling = ceiling_sentence(p), *after = guessing_sentence(p, ADAPTED);
  char *equivalent = equivalent_sentence(p), *untrained = untrained_sentence(p);
  char *all = text_format("%s%s %s%s %s%s%s%s", loss, before, gain, holm, ceiling, untrained, after,
                          equivalent);
  free(untrained);
  free(equivalent);
  free(after);
  free(ceiling);
  free(holm);
  free(gain);
  free(before);
  free(loss);
  return all;
}

char *seen_sentence(const pair *p) {
  const choice *c = &p->choice;
  if (isnan(c->images)) return text_copy("");
  return text_format("The choice saw %s images of %s, without labels%s%s.",
                     number_count(c->images).text, p->target, c->left ? ": " : "",
                     c->left ? c->left : "");
}

char *outlook_sentence(const pair *p) {
  const choice *c = &p->choice;
  const bool none = effect_left(p);
  char *taken = !c->chosen ? text_copy("")
                : none     ? text_format("Chosen without labels: to leave the classifier as it is.")
                           : text_format("Chosen without labels: %s. ", c->chosen);
  const char *word = !c->outlook                        ? "was not judged"
                     : strcmp(c->outlook, "helps") == 0 ? "was expected to help"
                     : strcmp(c->outlook, "hurts") == 0 ? "was expected to hurt"
                                                        : "could not be told to help or to hurt";
  char *all = none ? text_copy(taken) : text_format("%sIt %s.", taken, word);
  free(taken);
  return all;
}
