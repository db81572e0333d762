/* measure_summary.c: what all pairs say together. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "result_parts.h"

/* A column of numbers, one a pair. */
typedef struct columns {
  double *internal, *external, *adapted, *oracle, *regret;
  double *before, *after, *ceiling; /* of a salvage: on the test images, as a ceiling is */
} columns;

static columns make_columns(const pair_result *r, int n) {
  double *v = memory_new((size_t)(8 * n + 1) * sizeof *v);
  const columns c = {v, v + n, v + 2 * n, v + 3 * n, v + 4 * n, v + 5 * n, v + 6 * n, v + 7 * n};
  for (int i = 0; i < n; i++) {
    const pair_answers *x = r[i].of;
    const int best = pair_oracle(x);
    c.internal[i] = answer_auc(x->internal);
    c.external[i] = answer_auc(x->external);
    c.adapted[i] = answer_auc(x->adapted);
    c.before[i] = answer_auc(x->external_test);
    c.after[i] = answer_auc(x->adapted_test);
    c.ceiling[i] = answer_auc(x->ceiling);
    c.oracle[i] = best < 0 ? NAN : answer_auc(x->candidate[best].answer);
    c.regret[i] = c.oracle[i] - c.adapted[i];
  }
  return c;
}

/* Of what was measured. */
static json_t *mean_json(const double *value, int n) {
  return per_cent_json(xs_spread_of(value, n).mean);
}

/* null where no target has labels. */
static json_t *worse_json(const columns *c, int n) {
  int worse = 0;
  for (int i = 0; i < n; i++) worse += c->adapted[i] < c->external[i];
  return xs_spread_of(c->external, n).n ? json_integer(worse) : json_null();
}

/* ---- intervals of means
 * --------------------------------------------------------------------------
 */

typedef struct term {        /* of a mean over pairs */
  test_answer *plus, *minus; /* minus may be NULL; plus NULL: does not count */
  xs_interval interval;
  xs_interval_method method;
} term;

static term term_of(test_answer *a) {
  if (!a) return (term){0};
  const xs_measure *m = &a->measure;
  return (term){a, NULL, {m->auc, m->low, m->high}, m->interval};
}

static term gain_of(const pair_result *r) {
  const xs_difference *d = &r->gain;
  return (term){r->of->adapted, r->of->external, {d->value, d->low, d->high}, d->interval};
}

/* value [replicates].  A replicate draws a site's test groups once, for all classifiers.
 */
static xs_status term_replicates(const measure_settings *s, const term *x, double *value) {
  const double *plus, *minus = NULL;
  xs_status status = answer_replicates(s, x->plus, &plus);
  if (!status && x->minus) status = answer_replicates(s, x->minus, &minus);
  for (int i = 0; i < s->replicates && !status; i++) {
    value[i] = plus[i] - (minus ? minus[i] : 0);
  }
  return status;
}

static void mean_percentiles(const xs_interval *x, int n, const double *replicate, int replicates,
                             xs_difference *d) {
  double *sum = memory_new((size_t)replicates * sizeof *sum);
  for (int64_t i = 0; i < (int64_t)n * replicates; i++) sum[i % replicates] += replicate[i] / n;
  if (xs_difference_of(sum, replicates, d)) {
    d->value = 0;
    for (int i = 0; i < n; i++) d->value += x[i].value / n;
  }
  free(sum);
}

/* *d is NAN where no pair counts.  Percentiles where all terms have them. */
static xs_status measure_mean(const measure_settings *s, const term *x, int n, xs_difference *d) {
  const int replicates = s->replicates;
  double *value = memory_new((size_t)n * (size_t)replicates * sizeof *value + 1);
  xs_interval *own = memory_new((size_t)(n + 1) * sizeof *own);
  xs_status status = XS_OK;
  int known = 0, newcombe = 0;
  *d = (xs_difference){NAN, NAN, NAN, NAN, XS_PERCENTILE};
  for (int i = 0; i < n && !status; i++) {
    if (!x[i].plus) continue;
    newcombe += x[i].method == XS_NEWCOMBE;
    own[known] = x[i].interval;
    status = term_replicates(s, &x[i], value + (int64_t)known++ * replicates);
  }
  if (!status && known) {
    (newcombe ? xs_mean_interval : mean_percentiles)(own, known, value, replicates, d);
  }
  free(own);
  free(value);
  return status;
}

static json_t *bounds_json(const xs_difference *d) {
  return json_pack("{s:o, s:o, s:s}", "low", per_cent_json(d->low), "high", per_cent_json(d->high),
                   "interval", xs_interval_name(d->interval));
}

static xs_status add_means(const measure_settings *s, const pair_result *r, int n,
                           json_t *summary) {
  enum { INTERNAL, EXTERNAL, ADAPTED, GAIN, MEANS };
  static const char *const name[] = {"internal", "external", "adapted"};
  term *t = memory_new((size_t)(MEANS * n + 1) * sizeof *t);
  for (int i = 0; i < n; i++) {
    t[INTERNAL * n + i] = term_of(r[i].of->internal);
    t[EXTERNAL * n + i] = term_of(r[i].of->external);
    t[ADAPTED * n + i] = term_of(r[i].of->adapted);
    t[GAIN * n + i] = gain_of(&r[i]);
  }
  xs_difference d[MEANS];
  xs_status status = XS_OK;
  for (int k = 0; k < MEANS && !status; k++) status = measure_mean(s, t + k * n, n, &d[k]);
  free(t);
  if (status) return status;
  json_t *intervals = json_object();
  for (int k = 0; k < GAIN; k++) json_object_set_new(intervals, name[k], bounds_json(&d[k]));
  json_object_set_new(summary, "mean_intervals", intervals);
  json_object_set_new(summary, "mean_gain", difference_json(&d[GAIN]));
  return XS_OK;
}

xs_status summary_json(const measure_settings *s, const pair_result *r, int n, json_t **out) {
  const columns c = make_columns(r, n);
  json_t *j = *out = json_object();
  json_object_set_new(j, "mean_internal_auc", mean_json(c.internal, n));
  json_object_set_new(j, "mean_external_auc", mean_json(c.external, n));
  json_object_set_new(j, "mean_adapted_auc", mean_json(c.adapted, n));
  json_object_set_new(j, "average_salvage",
                      per_cent_json(xs_average_salvage(c.before, c.after, c.ceiling, n)));
  json_object_set_new(j, "median_salvage",
                      per_cent_json(xs_median_salvage(c.before, c.after, c.ceiling, n)));
  json_object_set_new(j, "mean_relative_gain",
                      per_cent_json(xs_mean_relative_gain(c.external, c.adapted, n)));
  json_object_set_new(j, "pairs_worse", worse_json(&c, n));
  if (s->oracle) {
    json_object_set_new(j, "mean_oracle_auc", mean_json(c.oracle, n));
    json_object_set_new(j, "mean_regret", mean_json(c.regret, n));
  }
  free(c.internal);
  return add_means(s, r, n, j);
}
