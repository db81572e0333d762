/* measure_verdict.c: whether a pair's classifier can be used at the target, in one of four
 * verdicts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "probability.h"
#include "result_parts.h"
#include "text.h"

static xs_interval auc_of(const test_answer *a) {
  if (!a || !a->measure.n) return (xs_interval){NAN, NAN, NAN};
  return (xs_interval){a->measure.auc, a->measure.low, a->measure.high};
}

/* ---- what is known ------------------------------------------------------------------------------
 */

static int largest(const int64_t *count, int n) {
  int most = 0;
  for (int k = 1; k < n; k++) {
    if (count[k] > count[most]) most = k;
  }
  return most;
}

/* How often the class that is given most often is given. */
static void count_answers(const test_answer *a, double *share, int *class) {
  const xs_labelled_outputs x = answer_outputs(a);
  int64_t *count = memory_new((size_t)x.of.classes * sizeof *count);
  for (int64_t i = 0; i < x.of.n; i++) {
    count[probability_top(x.of.logit + i * x.of.classes, x.of.classes)]++;
  }
  *class = largest(count, x.of.classes);
  *share = (double)count[*class] / (double)x.of.n;
  free(count);
}

typedef struct label_shares {
  double most, least; /* of the most and the least common class among the labels */
} label_shares;

static label_shares share_labels(const xs_labelled_outputs *x) {
  int64_t *count = memory_new((size_t)x->of.classes * sizeof *count), least = x->of.n;
  for (int64_t i = 0; i < x->of.n; i++) count[x->label[i]]++;
  for (int k = 0; k < x->of.classes; k++) {
    if (count[k] && count[k] < least) least = count[k];
  }
  const double n = (double)x->of.n;
  const label_shares s = {(double)count[largest(count, x->of.classes)] / n, (double)least / n};
  free(count);
  return s;
}

typedef struct known {
  xs_verdict_evidence evidence;
  int external_class, adapted_class; /* which are given most often */
} known;

static bool is_adapted(const pair_answers *x) {
  return x->adapted && strcmp(x->adapted->node, x->external->node) != 0;
}

static known know(const measure_settings *s, const pair_result *r) {
  const pair_answers *x = r->of;
  const xs_interval unknown = {NAN, NAN, NAN};
  known k = {.evidence = {.internal = auc_of(x->internal),
                          .external = {unknown, NAN, NAN},
                          .adapted = {unknown, NAN, NAN},
                          .gain = unknown,
                          .least = s->least_auc / PER_CENT,
                          .margin = s->margin / PER_CENT,
                          .positive = NAN}};
  xs_verdict_evidence *v = &k.evidence;
  if (!x->external) return k;
  const xs_labelled_outputs outputs = answer_outputs(x->external_all);
  const label_shares labels = share_labels(&outputs);
  v->images = (double)outputs.of.n;
  v->positive = labels.least;
  v->external = (xs_verdict_classifier){auc_of(x->external_all), NAN, labels.most};
  count_answers(x->external_all, &v->external.one_class, &k.external_class);
  if (!is_adapted(x)) return k;
  v->adapted = (xs_verdict_classifier){auc_of(x->adapted), NAN, labels.most};
  count_answers(x->adapted, &v->adapted.one_class, &k.adapted_class);
  v->gain = (xs_interval){r->gain.value, r->gain.low, r->gain.high};
  return k;
}

/* ---- in words
 * ------------------------------------------------------------------------------------
 */

/* 99.97 is not 100. */
static int decimals(double auc) { return auc >= 99.5 && auc < 100 ? 2 : 1; }

enum { WIDE = 20 }; /* An interval of more points is not told as if its value were known. */

static char *auc_words(xs_interval x) {
  const double value = PER_CENT * x.value, low = PER_CENT * x.low, high = PER_CENT * x.high;
  if (high - low > WIDE) return text_format("between %.1f and %.1f", low, high);
  return text_format("%.*f (%.*f to %.*f)", decimals(value), value, decimals(low), low,
                     decimals(high), high);
}

/* "Its AUC at B is ...", and whether it calls one class. */
static char *classifier_words(const char *whose, const char *site, const xs_verdict_classifier *c,
                              const char *class) {
  char *auc = auc_words(c->auc), *text;
  if (xs_calls_one_class(c)) {
    text = text_format("%s AUC at %s is %s, and it calls %.0f %% of the images there \"%s\".",
                       whose, site, auc, PER_CENT * c->one_class, class);
  } else {
    text = text_format("%s AUC at %s is %s.", whose, site, auc);
  }
  free(auc);
  return text;
}

static char *internal_words(const xs_verdict_evidence *v, const char *source) {
  if (!isfinite(v->internal.value)) return text_copy("");
  char *auc = auc_words(v->internal);
  char *text = text_format(" At %s it is %s.", source, auc);
  free(auc);
  return text;
}

/* What the AUCs come to, with its leading space; calling one class was told already. */
static char *why(const xs_verdict_evidence *v, xs_verdict_kind kind) {
  const double margin = PER_CENT * v->margin;
  switch (kind) {
  case XS_USE_IT:
    return text_format(" A loss of %g points or more is excluded.", margin);
  case XS_USE_ADAPTED:
    return text_format(" After adaptation a loss of %g points or more is excluded.", margin);
  case XS_DO_NOT_USE:
    if (v->external.auc.high < 0.5) return text_copy(" Guessing would have 50.");
    if (v->external.auc.high < v->least) {
      return text_format(" A classifier of any use has %g or more.", PER_CENT * v->least);
    }
    return xs_calls_one_class(&v->external) ? text_copy("")
                                            : text_format(" More than %g points are lost.", margin);
  case XS_CANNOT_TELL:
    break;
  }
  const char *after = isfinite(v->adapted.auc.value) ? " after adaptation" : "";
  if (!(v->external.auc.low > v->least)) {
    return text_format(" Whether the AUC%s is at least %g, and no more than %g points are lost, "
                       "cannot be told from these intervals.",
                       after, PER_CENT * v->least, margin);
  }
  return text_format(" Whether %g points or more are lost%s cannot be told from these intervals.",
                     margin, after);
}

/* "B", or "B, on all 156 labelled images," where that is more than the test images. */
static char *place_words(const pair_answers *x, const char *target) {
  const int64_t all = x->external_all->measure.n;
  return all > x->external_test->measure.n
             ? text_format("%s, on all %lld labelled images,", target, (long long)all)
             : text_copy(target);
}

static char *measured_words(const pair_answers *x, const known *k, xs_verdict_kind kind) {
  const char *target = x->target;
  char *const *class = x->class_name;
  const xs_verdict_evidence *v = &k->evidence;
  char *place = place_words(x, target);
  char *external = classifier_words("Its", place, &v->external, class[k->external_class]);
  char *internal = internal_words(v, x->source);
  char *adapted =
      isfinite(v->adapted.auc.value)
          ? classifier_words(" The adapted one's", target, &v->adapted, class[k->adapted_class])
          : text_copy("");
  char *because = why(v, kind);
  char *all = text_format("%s%s%s%s", external, internal, adapted, because);
  free(because);
  free(adapted);
  free(internal);
  free(external);
  free(place);
  return all;
}

/* A predicted accuracy of choice.json, in per cent; NULL: unknown, or its interval is wide. */
static char *accuracy_words(const json_t *choice, const char *name) {
  const json_t *j = json_object_get(choice, name), *low = json_object_get(j, "low"),
               *high = json_object_get(j, "high");
  if (!json_is_number(low) || !json_is_number(high)) return NULL;
  if (json_number_value(high) - json_number_value(low) > WIDE) return NULL;
  return text_format("%.1f %% (%.1f to %.1f)", json_number_value(json_object_get(j, "value")),
                     json_number_value(low), json_number_value(high));
}

/* What was predicted of a target without labels, with its leading space. */
static char *predicted_words(const json_t *choice, bool adapted) {
  char *before = accuracy_words(choice, "before"),
       *after = adapted ? accuracy_words(choice, "after") : NULL, *text;
  if (before || after) {
    text = text_format(" Without labels the accuracy there is predicted to be %s%s%s%s%s; a "
                       "prediction is no measurement.",
                       before ? before : "", before ? " as it is" : "",
                       before && after ? " and " : "", after ? after : "", after ? " adapted" : "");
  } else {
    text = text_format(" The accuracy there cannot be predicted to within %d points either.", WIDE);
  }
  free(after);
  free(before);
  return text;
}

static char *unmeasured_words(const pair_answers *x) {
  const bool adapted = strcmp(x->candidate[x->chosen].method, "none") != 0;
  char *predicted = predicted_words(x->choice, adapted);
  char *all = text_format("No image of %s has a label, so nothing was measured there.%s", x->target,
                          predicted);
  free(predicted);
  return all;
}

/* ---- more labels
 * ---------------------------------------------------------------------------------
 */

typedef struct better { /* a classifier that was trained on labels of the target */
  int64_t images;       /* 0: none does better than what is at hand */
  const test_answer *answer;
} better;

static xs_status take_better(const measure_settings *s, const pair_answers *x, const test_answer *a,
                             int64_t images, better *b) {
  xs_difference external, adapted;
  if (b->images && b->images <= images) return XS_OK;
  xs_status status = answer_difference(s, x->external_test, a, &external);
  if (!status) status = answer_difference(s, x->adapted_test, a, &adapted);
  if (!status && external.low > 0 && adapted.low > 0) *b = (better){images, a};
  return status;
}

/* The fewest labels that trained one that gains on both at hand with the whole interval. */
static xs_status find_better(const measure_settings *s, const pair_answers *x, better *b) {
  *b = (better){0, NULL};
  if (!x->external) return XS_OK;
  xs_status status = take_better(s, x, x->ceiling, x->labels, b);
  for (int i = 0; i < x->points && !status; i++) {
    status = take_better(s, x, x->curve[i].answer, x->curve[i].images, b);
  }
  return status;
}

static json_t *better_json(const better *b) {
  if (!b->images) return json_null();
  return json_pack("{s:I, s:s, s:o}", "images", (json_int_t)b->images, "node", b->answer->node,
                   "measure", answer_json(b->answer));
}

xs_status verdict_json(const measure_settings *s, const pair_result *r, json_t **out) {
  const pair_answers *x = r->of;
  const known k = know(s, r);
  xs_verdict v = xs_verdict_of(&k.evidence);
  better b;
  xs_status status = find_better(s, x, &b);
  if (v.kind == XS_DO_NOT_USE && b.images) {
    v.label = b.images;
    v.within = NAN;
  }
  char *reason = x->external ? measured_words(x, &k, v.kind) : unmeasured_words(x);
  *out = json_pack("{s:s, s:s, s:o, s:o, s:f, s:o}", "word", xs_verdict_word(v.kind), "reason",
                   reason, "label", v.label ? json_integer(v.label) : json_null(), "within",
                   per_cent_json(v.within), "margin", s->margin, "better", better_json(&b));
  free(reason);
  return status;
}
