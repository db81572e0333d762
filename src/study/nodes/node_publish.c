/* node_publish.c: what travels with a baseline and with a chosen classifier beside its weights:
 * where it decides, from validation images of the source, and how it is calibrated. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "decision.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "model_outputs.h"
#include "training_run.h"

/* The candidate whose classifier a choice has copied. */
static xs_status find_chosen(const node_job *job, const node_candidate **chosen) {
  const char **method = memory_new((size_t)job->candidates * sizeof *method);
  json_t *json;
  int place;
  for (int i = 0; i < job->candidates; i++) method[i] = job->candidate[i].method;
  xs_status status = choice_read(job->train->dir, method, job->candidates, &json, &place);
  if (!status) *chosen = &job->candidate[place];
  json_decref(json);
  free(method);
  return status;
}

/* What the node's classifier says of the validation images of its source as it was trained on them.
 */
static xs_status ask(const node_job *job, const char *model, xs_labelled_outputs *said) {
  const node_candidate *as = &job->unadapted;
  train_set source = {0};
  xs_images *made = NULL;
  xs_status status = job->candidates ? find_chosen(job, &as) : XS_OK;
  if (!status) status = judged_source(as, job->train->seed, XS_VALIDATION, &source, &made);
  if (!status) status = outputs_of_model(model, &source, said);
  train_set_release(&source);
  xs_images_close(made);
  return status;
}

/* Some classifiers have none: of a third site's images that never get the label, as an example. */
static json_t *find_point(const node_job *job, const xs_labelled_outputs *said) {
  const study_settings *s = job->settings;
  const node_site *site = &job->site[0];
  xs_operating_point p;
  int k = 0;
  while (strcmp(site->class_name[k], s->operating.positive) != 0) k++;
  if (xs_operating_point_carry(said, said, k, s->operating.sensitivity, (int)s->replicates,
                               job->train->seed, &p)) {
    run_note(job->train, "%s: the model file gets none", fail_message());
    return NULL;
  }
  const xs_decision d = {.positive = k,
                         .threshold = p.threshold,
                         .site = site->images->name,
                         .wanted = s->operating.sensitivity,
                         .sensitivity = p.chosen_sensitivity.bootstrap,
                         .specificity = p.chosen_specificity.bootstrap};
  return decision_json(&d, s->operating.positive);
}

xs_status node_publish(const node_job *job, bool again) {
  char *model = file_join(job->train->dir, "model.safetensors");
  xs_labelled_outputs said = {0};
  xs_temperature t = {.value = 0};
  json_t *operating = NULL;
  xs_status status = ask(job, model, &said);
  if (!status && job->settings->operating.positive) operating = find_point(job, &said);
  if (!status && !job->candidates && !again && xs_temperature_fit(&said, &t)) {
    run_note(job->train, "%s: the model file gets no temperature", fail_message());
  }
  if (!status) status = classifier_annotate(model, t.bounded ? NAN : t.value, operating);
  json_decref(operating);
  outputs_release(&said);
  free(model);
  return status;
}
