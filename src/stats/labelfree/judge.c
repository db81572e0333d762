/* Whether to adapt, from what can be known without target labels. */
#include "error.h"
#include "text.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

const char *xs_outlook_word(xs_outlook o) {
  static const char *const word[] = {"helps", "unclear", "hurts"};
  return word[o];
}

const char *xs_reason_text(xs_reason r) {
  static const char *const text[] = {
      [XS_PREDICTED_GAIN] =
          "The predicted accuracy at the target rises: the interval of its change "
          "is above 0.",
      [XS_PREDICTED_LOSS] =
          "The predicted accuracy at the target falls: the interval of its change "
          "is below 0.",
      [XS_NO_CLEAR_CHANGE] = "The interval of the predicted change of accuracy at the target "
                             "includes 0.",
      [XS_LABELS_LOST] = "Translation changes more labels than the difference between the sites "
                         "explains: translated images keep their label less often than the "
                         "unadapted classifier is predicted to be right at the target.",
      [XS_CLASS_LOST] = "Translation loses one class: its images keep their label less than half "
                        "as often as the unadapted classifier is predicted to be right at the "
                        "target.",
      [XS_PRIORS_DIFFER] = "The classes are not as common at the target as at the source: a "
                           "translator that makes the sites alike may invent or delete findings.",
      [XS_PRIORS_OUTWEIGH] =
          "The predicted gain is no larger than what other shares of the classes "
          "can do to an accuracy by themselves.",
      [XS_STRUCK_OUT] = "The careful rule would have struck this classifier out: it loses a class, "
                        "has no temperature, or was not trained enough.",
  };
  return text[r];
}

/* MOVER (Zou and Donner 2008): the interval of a difference from those of its two terms. */
static xs_interval difference(xs_interval a, xs_interval b) {
  double d = a.value - b.value;
  return (xs_interval){d, d - hypot(a.value - a.low, b.high - b.value),
                       d + hypot(a.high - a.value, b.value - b.low)};
}

/* An unknown interval is of NANs, which are below nothing. */
static bool below(xs_interval x, double limit) { return x.high < limit; }

static bool has(const xs_judgement *j, xs_reason r) {
  for (int i = 0; i < j->reasons; i++) {
    if (j->reason[i] == r) return true;
  }
  return false;
}

static void add(xs_judgement *j, bool holds, xs_reason r) {
  if (holds) j->reason[j->reasons++] = r;
}

/* Under label shift alone an accuracy changes by at most the total variation of the priors. */
static void find_reasons(const xs_evidence *e, xs_judgement *j) {
  bool gain = j->change.low > 0, differ = e->priors && e->priors->mismatch;
  add(j, gain, XS_PREDICTED_GAIN);
  add(j, j->change.high < 0, XS_PREDICTED_LOSS);
  add(j, !gain && !(j->change.high < 0), XS_NO_CLEAR_CHANGE);
  add(j, below(e->keeping, e->before.low), XS_LABELS_LOST);
  add(j, below(e->worst_class, e->before.low / 2), XS_CLASS_LOST);
  add(j, differ, XS_PRIORS_DIFFER);
  add(j, e->strikes > 0, XS_STRUCK_OUT);
  add(j, differ && gain && j->change.low <= e->priors->distance.value, XS_PRIORS_OUTWEIGH);
}

static xs_outlook outlook(const xs_judgement *j) {
  bool lost = has(j, XS_LABELS_LOST);
  if (has(j, XS_PREDICTED_LOSS) || has(j, XS_STRUCK_OUT)) return XS_HURTS;
  if (has(j, XS_NO_CLEAR_CHANGE)) return lost ? XS_HURTS : XS_UNCLEAR;
  return lost || has(j, XS_CLASS_LOST) || has(j, XS_PRIORS_OUTWEIGH) ? XS_UNCLEAR : XS_HELPS;
}

static xs_status say_harm(const xs_judgement *j) {
  fail(XS_HARM, "adaptation is predicted to hurt: use the classifier as it is.");
  for (int i = 0; i < j->reasons; i++) {
    char *rest = text_format("%s", xs_message());
    fail(XS_HARM, "%s %s", rest, xs_reason_text(j->reason[i]));
    free(rest);
  }
  return XS_HARM;
}

static bool known(xs_interval x) {
  return isfinite(x.value) && isfinite(x.low) && isfinite(x.high);
}

xs_status xs_judge(const xs_evidence *e, xs_judgement *out) {
  *out = (xs_judgement){.outlook = XS_UNCLEAR};
  if (!known(e->before) || !known(e->after)) {
    return fail(XS_USAGE, "no verdict: the accuracy %s adaptation was not predicted",
                known(e->before) ? "after" : "before");
  }
  out->change = known(e->change) ? e->change : difference(e->after, e->before);
  find_reasons(e, out);
  out->outlook = outlook(out);
  return out->outlook == XS_HURTS ? say_harm(out) : XS_OK;
}
