/* verdict.c: whether a classifier can be used at a site, from what was measured there. */
#include "xsite.h"

#include <math.h>

const char *xs_verdict_word(xs_verdict_kind k) {
  static const char *const word[] = {"use it", "use the adapted one", "do not use it",
                                     "cannot be told"};
  return word[k];
}

static bool known(xs_interval x) {
  return isfinite(x.value) && isfinite(x.low) && isfinite(x.high);
}

/* MOVER (Zou and Donner 2008): two AUCs of different images. */
static xs_interval loss(xs_interval internal, xs_interval here) {
  const double value = internal.value - here.value;
  return (xs_interval){value, value - hypot(internal.value - internal.low, here.high - here.value),
                       value + hypot(internal.high - internal.value, here.value - here.low)};
}

bool xs_calls_one_class(const xs_verdict_classifier *c) {
  return c->one_class >= XS_NEARLY_ALL && c->one_class > c->most_common + (1 - c->most_common) / 2;
}

static bool passes(const xs_verdict_evidence *e, const xs_verdict_classifier *c) {
  return known(e->internal) && known(c->auc) && c->auc.low > e->least && !xs_calls_one_class(c) &&
         loss(e->internal, c->auc).high < e->margin;
}

static bool fails(const xs_verdict_evidence *e, const xs_verdict_classifier *c) {
  if (!known(c->auc)) return false;
  return c->auc.high < e->least || xs_calls_one_class(c) ||
         (known(e->internal) && loss(e->internal, c->auc).low > e->margin);
}

static xs_verdict_kind decide(const xs_verdict_evidence *e) {
  const xs_verdict_classifier *external = &e->external, *adapted = &e->adapted;
  const bool other = known(adapted->auc);
  if (other && e->gain.low > 0 && passes(e, adapted)) return XS_USE_ADAPTED;
  if (passes(e, external)) return XS_USE_IT;
  if (other && e->gain.value > 0 && passes(e, adapted)) return XS_USE_ADAPTED;
  return fails(e, external) && (!other || fails(e, adapted)) ? XS_DO_NOT_USE : XS_CANNOT_TELL;
}

static int64_t round_up(double n) {
  if (!(n < 1e15)) return 0;
  double unit = 1;
  while (n / unit > 100) unit *= 10;
  return (int64_t)(ceil(n / unit) * unit);
}

/* An interval narrows with the root of the number of images.  What the verdict hangs on is the
 * distance between the loss and the margin, but a half width below the margin is asked of any. */
static double images_to_tell(const xs_verdict_evidence *e, const xs_verdict_classifier *c) {
  const double half = (c->auc.high - c->auc.low) / 2;
  double wanted = e->margin;
  if (known(e->internal)) {
    const double distance = fabs(e->margin - loss(e->internal, c->auc).value);
    wanted = fmin(wanted, fmax(distance, e->margin / 4));
  }
  return e->images * (half / wanted) * (half / wanted);
}

/* *within: half the width to be expected with them. */
static int64_t images_to_label(const xs_verdict_evidence *e, xs_verdict_kind kind, double *within) {
  const bool adapted = known(e->adapted.auc) && e->gain.value > 0;
  const xs_verdict_classifier *better = adapted ? &e->adapted : &e->external;
  if (kind == XS_CANNOT_TELL && known(better->auc) && e->images > 0) {
    const int64_t n = round_up(fmax(images_to_tell(e, better), e->images + 1));
    *within = (better->auc.high - better->auc.low) / 2 * sqrt(e->images / (double)n);
    return n;
  }
  const double usual = 0.9, auc = known(e->internal) ? e->internal.low : usual;
  const double share = e->positive > 0 && e->positive < 1 ? e->positive : 0.5;
  const double n = (double)xs_images_for_auc(fmin(auc, 0.99), share, e->margin);
  *within = e->margin;
  return round_up(fmax(n, e->images + 1));
}

xs_verdict xs_verdict_of(const xs_verdict_evidence *e) {
  xs_verdict v = {.kind = decide(e), .within = NAN};
  if (v.kind == XS_DO_NOT_USE || v.kind == XS_CANNOT_TELL) {
    v.label = images_to_label(e, v.kind, &v.within);
  }
  return v;
}
