#include "threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "numeral.h"
#include "text.h"

static int find_class(const xs_classifier *c, const char *name, size_t length) {
  for (int k = 0; k < xs_classifier_classes(c); k++) {
    const char *class = xs_classifier_class_name(c, k);
    if (strlen(class) == length && strncmp(class, name, length) == 0) return k;
  }
  return -1;
}

static const char *last_class(const xs_classifier *c) {
  return xs_classifier_class_name(c, xs_classifier_classes(c) - 1);
}

static xs_status refuse_class(const xs_classifier *c, const char *model, const char *given,
                              int length) {
  buffer names = {0};
  for (int k = 0; k < xs_classifier_classes(c); k++) {
    buffer_between(&names, ", ");
    buffer_text(&names, xs_classifier_class_name(c, k));
  }
  fail(XS_USAGE, "--threshold: '%.*s' is no class of %s; its classes: %s", length, given, model,
       names.text);
  buffer_free(&names);
  return XS_USAGE;
}

static xs_status find_positive(const xs_classifier *c, const char *model, const char *given,
                               const char *equals, int *positive) {
  *positive =
      equals ? find_class(c, given, (size_t)(equals - given)) : xs_classifier_decision(c)->positive;
  if (*positive >= 0) return XS_OK;
  if (equals) {
    return refuse_class(c, model, given, (int)(equals - given));
  }
  return (xs_status)fail(
      XS_USAGE, "--threshold: %s names no class that is to be found: give CLASS=%s", model, given);
}

xs_status threshold_read(const xs_classifier *c, const char *model, const char *given,
                         xs_decision *d) {
  *d = *xs_classifier_decision(c);
  if (!given) return XS_OK;
  const char *equals = strrchr(given, '='), *number = equals ? equals + 1 : given;
  char *end;
  const double p = numeral_read(number, &end);
  if (end == number || *end || !(p > 0 && p < 1)) {
    return (xs_status)fail(XS_USAGE,
                           "--threshold: '%s' is no probability between 0 and 1; give CLASS=P, as "
                           "%s=0.3",
                           number, last_class(c));
  }
  *d = (xs_decision){.threshold = log(p / (1 - p))};
  return find_positive(c, model, given, equals, &d->positive);
}

static double probability(const xs_decision *d) { return 1 / (1 + exp(-d->threshold)); }

static char *rate_text(const char *what, const xs_interval *x) {
  char *value = text_format("%s %.1f %%", what, 100 * x->value);
  if (!isfinite(x->low)) return value;
  char *all = text_format("%s (%.1f to %.1f)", value, 100 * x->low, 100 * x->high);
  free(value);
  return all;
}

char *threshold_text(const xs_classifier *c, const xs_decision *d) {
  if (d->positive < 0) {
    return text_copy("decision: the class with the largest probability; the model has no threshold "
                     "(--threshold CLASS=P gives one)");
  }
  const char *class = xs_classifier_class_name(c, d->positive);
  if (!d->site) {
    return text_format("decision: %s where its probability is %.4g or more, as --threshold says",
                       class, probability(d));
  }
  char *found = rate_text("sensitivity", &d->sensitivity),
       *spared = rate_text("specificity", &d->specificity),
       *text = text_format("decision: %s where its probability is %.4g or more, chosen for a "
                           "sensitivity of %.0f %% on validation images of %s: %s, %s there",
                           class, probability(d), 100 * d->wanted, d->site, found, spared);
  free(found);
  free(spared);
  return text;
}

json_t *threshold_json(const xs_classifier *c, const xs_decision *d) {
  if (d->positive < 0) return json_null();
  return json_pack("{s:s, s:f, s:f, s:s?}", "positive", xs_classifier_class_name(c, d->positive),
                   "threshold", d->threshold, "probability", probability(d), "site", d->site);
}
