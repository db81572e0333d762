/* measure_delong.c: intervals and test of a pair's AUCs without resampling. */
#include "result_parts.h"

static json_t *auc_json(const xs_delong *d) {
  return interval_json((xs_interval){d->auc, d->low, d->high}, PER_CENT);
}

json_t *delong_json(const pair_answers *x) {
  const xs_labelled_outputs before = answer_outputs(x->external),
                            after = answer_outputs(x->adapted);
  xs_delong external, adapted;
  xs_delong_difference d;
  if (xs_delong_auc(&before, &external) || xs_delong_auc(&after, &adapted) ||
      xs_delong_test(&before, after.of.logit, &d)) {
    return json_null();
  }
  return json_pack("{s:o, s:o, s:o}", "external", auc_json(&external), "adapted",
                   auc_json(&adapted), "p", number_json(d.p));
}
