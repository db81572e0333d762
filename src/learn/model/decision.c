/* decision.c: at which threshold a classifier decides. */
#include "decision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "text.h"

static int most_probable(const float *logit, int classes, int but) {
  int best = -1;
  for (int k = 0; k < classes; k++) {
    if (isnan(logit[k])) return -1;
    if (k != but && (best < 0 || logit[k] > logit[best])) best = k;
  }
  return best;
}

int xs_decide(const xs_decision *d, const float *logit, int classes) {
  const int other = most_probable(logit, classes, d->positive);
  if (d->positive < 0 || other < 0) return other;
  double *odds = memory_new((size_t)classes * sizeof *odds);
  xs_log_odds(logit, classes, odds);
  const bool found = odds[d->positive] >= d->threshold;
  free(odds);
  return found ? d->positive : other;
}

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *interval(const xs_interval *x) {
  return json_pack("{s:o, s:o, s:o}", "value", number(x->value), "low", number(x->low), "high",
                   number(x->high));
}

json_t *decision_json(const xs_decision *d, const char *positive) {
  return json_pack("{s:s, s:s, s:f, s:f, s:o, s:o}", "site", d->site, "positive", positive,
                   "wanted", d->wanted, "threshold", d->threshold, "sensitivity",
                   interval(&d->sensitivity), "specificity", interval(&d->specificity));
}

static double parse_number(const json_t *j, const char *key) {
  const json_t *x = json_object_get(j, key);
  return json_is_number(x) ? json_number_value(x) : NAN;
}

static xs_interval parse_interval(const json_t *j) {
  return (xs_interval){parse_number(j, "value"), parse_number(j, "low"), parse_number(j, "high")};
}

/* Blanks at the ends of names do not count, as in the metadata's classes; -1: it is none. */
static int find_class(const char *name, char *const *class_name, int classes) {
  if (!name) return -1;
  char *trimmed = text_trim(name, name + strlen(name));
  int k = 0;
  while (k < classes && strcmp(class_name[k], trimmed)) k++;
  free(trimmed);
  return k < classes ? k : -1;
}

int decision_parse(const json_t *j, const char *path, char *const *class_name, int classes,
                   xs_decision *d) {
  *d = (xs_decision){.positive = -1};
  if (!j) return 0;
  const char *site = json_string_value(json_object_get(j, "site"));
  const int k = find_class(json_string_value(json_object_get(j, "positive")), class_name, classes);
  if (k < 0) {
    return fail(1, "%s: metadata: operating.positive: one of the model's classes is needed", path);
  }
  *d = (xs_decision){.positive = k,
                     .threshold = parse_number(j, "threshold"),
                     .wanted = parse_number(j, "wanted"),
                     .sensitivity = parse_interval(json_object_get(j, "sensitivity")),
                     .specificity = parse_interval(json_object_get(j, "specificity"))};
  if (!isfinite(d->threshold)) {
    return fail(1, "%s: metadata: operating.threshold: a number is needed", path);
  }
  d->site = site ? text_copy(site) : NULL;
  return 0;
}
