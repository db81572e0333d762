/* measure_operating.c: a threshold that finds enough of a class at the source, carried to the
 * target. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "measure.h"

static xs_status open_outputs(study_run *r, const study_node *n, int pair, const study_candidate *x,
                              xs_labelled_outputs *out) {
  char *model = run_node_path(r, x->node, "model.safetensors");
  train_set source;
  xs_images *made = NULL;
  xs_classifier *c = NULL;
  xs_status status = judged_source(r, n, pair, x, XS_VALIDATION, &source, &made);
  if (!status) status = xs_classifier_load(model, &c);
  if (!status) status = outputs_open(c, &source, false, out);
  xs_classifier_free(c);
  train_set_release(&source);
  xs_images_close(made);
  free(model);
  return status;
}

/* The seal is asked for this pair: it would refuse the target's labels. */
xs_status operating_open(study_run *r, const study_node *n, int pair, operating_source *o) {
  const study_pair *p = &r->study->pair[pair];
  const study_candidate none = judged_unadapted(r, p->source);
  study_node asking = *n;
  pair_choice c;
  asking.target = p->target;
  *o = (operating_source){0};
  xs_status status = pair_choice_open(r, pair, &c);
  if (!status) status = open_outputs(r, &asking, pair, &none, &o->external);
  if (!status) status = open_outputs(r, &asking, pair, &c.candidate[c.chosen], &o->adapted);
  pair_choice_release(&c);
  return status;
}

void operating_release(operating_source *o) {
  outputs_release(&o->external);
  outputs_release(&o->adapted);
}

static json_t *rates_json(const xs_rate *sensitivity, const xs_rate *specificity) {
  return json_pack("{s:o, s:o}", "sensitivity", interval_json(sensitivity->bootstrap, PER_CENT),
                   "specificity", interval_json(specificity->bootstrap, PER_CENT));
}

static int positive_class(const evaluation *e, int site) {
  const char *positive = e->run->study->settings.operating.positive;
  const seal *s = e->run->seal;
  int k = 0;
  while (strcmp(seal_class_name(s, site)[k], positive) != 0) k++;
  return k;
}

static xs_status carry(const evaluation *e, const xs_labelled_outputs *chosen, const test_answer *a,
                       xs_operating_point *p) {
  const study_settings *s = &e->run->study->settings;
  const xs_labelled_outputs carried = answer_outputs(e, a);
  return xs_operating_point_carry(chosen, &carried, positive_class(e, a->site),
                                  s->operating.sensitivity, (int)s->replicates, (uint64_t)s->seed,
                                  p);
}

/* The adapted classifier has a threshold of its own.  None where a classifier that labels a third
 * site for it never says the class there. */
static json_t *adapted_json(const evaluation *e, const pair_result *x) {
  xs_operating_point p;
  if (carry(e, &e->operating[x->pair].adapted, x->adapted, &p)) {
    return json_pack("{s:s}", "unknown", fail_message());
  }
  json_t *j = rates_json(&p.carried_sensitivity, &p.carried_specificity);
  json_object_set_new(j, "threshold", number_json(p.threshold));
  json_object_set_new(j, "source", rates_json(&p.chosen_sensitivity, &p.chosen_specificity));
  return j;
}

xs_status operating_json(const evaluation *e, const pair_result *x, json_t **out) {
  const operating_options *o = &e->run->study->settings.operating;
  xs_operating_point p;
  xs_status status = carry(e, &e->operating[x->pair].external, x->external, &p);
  *out = NULL;
  if (status) return status;
  *out = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "positive", o->positive, "wanted",
                   per_cent_json(o->sensitivity), "threshold", number_json(p.threshold), "source",
                   rates_json(&p.chosen_sensitivity, &p.chosen_specificity), "external",
                   rates_json(&p.carried_sensitivity, &p.carried_specificity), "adapted",
                   adapted_json(e, x));
  return XS_OK;
}
