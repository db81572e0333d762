/* measure_summary.c: what all pairs say together. */
#include <math.h>
#include <stdlib.h>

#include "file.h"
#include "measure.h"

/* A column of numbers, one a pair. */
typedef struct columns {
  double *internal, *external, *adapted, *ceiling, *oracle, *regret;
} columns;

static columns make_columns(const pair_result *x, int n) {
  double *v = memory_new((size_t)(6 * n + 1) * sizeof *v);
  const columns c = {v, v + n, v + 2 * n, v + 3 * n, v + 4 * n, v + 5 * n};
  for (int i = 0; i < n; i++) {
    const int best = pair_oracle(&x[i]);
    c.internal[i] = answer_auc(x[i].internal);
    c.external[i] = answer_auc(x[i].external);
    c.adapted[i] = answer_auc(x[i].adapted);
    c.ceiling[i] = answer_auc(x[i].ceiling);
    c.oracle[i] = best < 0 ? NAN : answer_auc(x[i].candidate[best]);
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

json_t *summary_json(const evaluation *e, const pair_result *x, int n) {
  const columns c = make_columns(x, n);
  json_t *j = json_object();
  json_object_set_new(j, "mean_internal_auc", mean_json(c.internal, n));
  json_object_set_new(j, "mean_external_auc", mean_json(c.external, n));
  json_object_set_new(j, "mean_adapted_auc", mean_json(c.adapted, n));
  json_object_set_new(j, "average_salvage",
                      per_cent_json(xs_average_salvage(c.external, c.adapted, c.ceiling, n)));
  json_object_set_new(j, "median_salvage",
                      per_cent_json(xs_median_salvage(c.external, c.adapted, c.ceiling, n)));
  json_object_set_new(j, "mean_relative_gain",
                      per_cent_json(xs_mean_relative_gain(c.external, c.adapted, n)));
  json_object_set_new(j, "pairs_worse", worse_json(&c, n));
  if (e->run->study->settings.oracle) {
    json_object_set_new(j, "mean_oracle_auc", mean_json(c.oracle, n));
    json_object_set_new(j, "mean_regret", mean_json(c.regret, n));
  }
  free(c.internal);
  return j;
}
