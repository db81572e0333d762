/* node_publish.c: what travels with a baseline and with a chosen classifier beside its weights:
 * where it decides, from validation images of the source, and how it is calibrated. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "decision.h"
#include "error.h"
#include "file.h"
#include "model_outputs.h"
#include "training_run.h"

bool node_is_published(const study_node *n) {
  return n->kind == NODE_BASELINE || n->kind == NODE_CHOICE;
}

/* What the node's classifier says of the validation images of its source as it was trained on them.
 */
static xs_status ask(study_run *r, const study_node *n, const char *model,
                     xs_labelled_outputs *said) {
  train_set source = {0};
  xs_images *made = NULL;
  pair_choice chosen = {0};
  xs_status status = XS_OK;
  if (n->kind == NODE_BASELINE) {
    status = run_labelled(r, n, n->source, XS_VALIDATION, &source);
    if (!status) train_set_limit(&source, (uint64_t)r->study->settings.seed, JUDGED_MOST);
  } else {
    status = pair_choice_open(r, n->pair, &chosen);
    if (!status) {
      status = judged_source(r, n, n->pair, &chosen.candidate[chosen.chosen], XS_VALIDATION,
                             &source, &made);
    }
    pair_choice_release(&chosen);
  }
  if (!status) status = outputs_of_model(model, &source, said);
  train_set_release(&source);
  xs_images_close(made);
  return status;
}

/* Some classifiers have none: of a third site's images that never get the label, as an example. */
static json_t *find_point(const study_run *r, const study_node *n, const train_job *job,
                          const xs_labelled_outputs *said) {
  const study_settings *s = &r->study->settings;
  const int site = r->study->site[n->source].images_of;
  xs_operating_point p;
  int k = 0;
  while (strcmp(seal_class_name(r->seal, site)[k], s->operating.positive) != 0) k++;
  if (xs_operating_point_carry(said, said, k, s->operating.sensitivity, (int)s->replicates,
                               (uint64_t)s->seed, &p)) {
    run_note(job, "%s: the model file gets none", fail_message());
    return NULL;
  }
  const xs_decision d = {.positive = k,
                         .threshold = p.threshold,
                         .site = r->study->site[site].name,
                         .wanted = s->operating.sensitivity,
                         .sensitivity = p.chosen_sensitivity.bootstrap,
                         .specificity = p.chosen_specificity.bootstrap};
  return decision_json(&d, s->operating.positive);
}

xs_status node_publish(study_run *r, const study_node *n, const train_job *job) {
  char *model = file_join(job->dir, "model.safetensors");
  xs_labelled_outputs said = {0};
  xs_temperature t = {.value = 0};
  json_t *operating = NULL;
  const bool again = r->state[n - r->nodes.node] == NODE_UNPUBLISHED; /* its temperature stays */
  xs_status status = ask(r, n, model, &said);
  if (!status && r->study->settings.operating.positive) operating = find_point(r, n, job, &said);
  if (!status && n->kind == NODE_BASELINE && !again && xs_temperature_fit(&said, &t)) {
    run_note(job, "%s: the model file gets no temperature", fail_message());
  }
  if (!status) status = classifier_annotate(model, t.bounded ? NAN : t.value, operating);
  json_decref(operating);
  outputs_release(&said);
  free(model);
  return status;
}
