/* measure_answers.c: finished classifiers on labelled images.  This is the only place where test
 * labels are opened, after all training and choosing is done. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "measure.h"
#include "memory.h"

/* ---- labels -------------------------------------------------------------------------------------
 */

static xs_status open_operating(study_run *r, const study_node *n, evaluation *e) {
  const xs_study *s = r->study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && s->settings.operating.positive && !status; i++) {
    if (!s->site[s->pair[i].target].labelled) continue;
    status = operating_open(r, n, i, &e->operating[i]);
  }
  return status;
}

static bool is_target(const xs_study *s, int site) {
  for (int i = 0; i < s->n_pairs; i++) {
    if (s->pair[i].target == site) return true;
  }
  return false;
}

static xs_status open_test(study_run *r, const seal_request *q, test_set *t) {
  train_set images;
  xs_status status = seal_labels(r->seal, q, &images);
  if (status) return status;
  test_set_make(images, seal_classes(r->seal, q->site), t);
  if (!r->study->settings.subgroups || !is_target(r->study, q->site)) return XS_OK;
  return seal_attributes(r->seal, q, &t->images, &t->attribute, &t->attributes);
}

static xs_status open_tests(study_run *r, const study_node *n, evaluation *e) {
  const xs_study *s = r->study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    const seal_request q = {.node = n->name, .role = SEAL_EVALUATION, .site = i, .split = XS_TEST};
    if (s->site[i].labelled) status = open_test(r, &q, &e->test[i]);
  }
  return status;
}

/* All that measure an unadapted classifier: it has learnt from none of them. */
static xs_status open_all(study_run *r, const study_node *n, int pair, test_set *t) {
  const study_pair *p = &r->study->pair[pair];
  const seal_request q = {
      .node = n->name, .role = SEAL_EVALUATION, .site = p->target, .split = XS_ALL};
  const bool measures_subgroups =
      r->study->settings.subgroups && strcmp(r->study->settings.measure, "all") == 0;
  train_set images;
  xs_status status = seal_labels(r->seal, &q, &images);
  if (status) return status;
  seal_leave_out_learnt(r->seal, p->source, &images);
  test_set_make(images, seal_classes(r->seal, p->target), t);
  t->what = "all";
  if (!measures_subgroups) return XS_OK;
  return seal_attributes(r->seal, &q, &t->images, &t->attribute, &t->attributes);
}

static xs_status open_alls(study_run *r, const study_node *n, evaluation *e) {
  const xs_study *s = r->study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    if (s->site[s->pair[i].target].labelled) status = open_all(r, n, i, &e->all[i]);
  }
  return status;
}

xs_status evaluation_open(study_run *r, const study_node *n, evaluation *e) {
  const xs_study *s = r->study;
  *e = (evaluation){.run = r,
                    .test = memory_new((size_t)s->n_sites * sizeof *e->test),
                    .all = memory_new((size_t)s->n_pairs * sizeof *e->all),
                    .crossed = memory_new((size_t)s->n_sites * sizeof(json_t *)),
                    .operating = memory_new((size_t)s->n_pairs * sizeof *e->operating)};
  xs_status status = open_operating(r, n, e);
  if (!status) status = open_tests(r, n, e);
  return status ? status : open_alls(r, n, e);
}

static void free_answer(test_answer *a) {
  free(a->logit);
  free(a->replicate);
  free(a);
}

void evaluation_release(evaluation *e) {
  const xs_study *s = e->run->study;
  for (int i = 0; i < e->n; i++) free_answer(e->answer[i]);
  free(e->answer);
  for (int i = 0; i < s->n_sites; i++) test_set_release(&e->test[i]);
  for (int i = 0; i < s->n_sites; i++) json_decref(e->crossed[i]);
  free(e->crossed);
  free(e->test);
  for (int i = 0; i < s->n_pairs; i++) test_set_release(&e->all[i]);
  free(e->all);
  for (int i = 0; i < s->n_pairs; i++) operating_release(&e->operating[i]);
  free(e->operating);
}

/* ---- answers ------------------------------------------------------------------------------------
 */

static xs_status ask(const study_run *r, test_answer *a) {
  const test_set *t = a->on;
  const study_settings *s = &r->study->settings;
  char *path = run_node_path(r, a->node, "model.safetensors");
  xs_classifier *c = NULL;
  xs_status status = run_check_stop(r, "all was measured");
  if (!status) status = xs_classifier_load(path, &c);
  if (!status) {
    status = test_set_measure(t, c, s->replicates, s->seed, &a->logit, &a->measure);
    if (status) {
      fail_context(status, "%s on %s images of %s: ", r->nodes.node[a->node].name, t->what,
                   t->images.images->name);
    }
  }
  xs_classifier_free(c);
  free(path);
  return status;
}

static test_answer *find(const evaluation *e, int node, const test_set *on) {
  for (int i = 0; i < e->n; i++) {
    if (e->answer[i]->node == node && e->answer[i]->on == on) return e->answer[i];
  }
  return NULL;
}

/* A choice's classifier is that of a candidate, whose answer is taken. */
static xs_status answer_of(evaluation *e, int node, int site, const test_set *on,
                           const test_answer **answer) {
  int model;
  xs_status status = choice_model(e->run, node, &model);
  *answer = status ? NULL : find(e, model, on);
  if (status || *answer) return status;
  test_answer *a = memory_new(sizeof *a);
  *a = (test_answer){.node = model, .site = site, .on = on};
  status = ask(e->run, a);
  if (status) {
    free_answer(a);
    return status;
  }
  e->answer = memory_grow(e->answer, (size_t)(e->n + 1) * sizeof(test_answer *));
  *answer = e->answer[e->n++] = a;
  return XS_OK;
}

xs_status evaluation_answer(evaluation *e, int node, int site, const test_answer **answer) {
  return answer_of(e, node, site, &e->test[site], answer);
}

xs_status evaluation_answer_all(evaluation *e, int node, int pair, const test_answer **answer) {
  return answer_of(e, node, e->run->study->pair[pair].target, &e->all[pair], answer);
}

xs_status evaluation_replicates(evaluation *e, const test_answer *answer,
                                const double **replicate) {
  const study_settings *s = &e->run->study->settings;
  test_answer *a = find(e, answer->node, answer->on);
  xs_status status = XS_OK;
  if (!a->replicate) {
    const xs_labelled_outputs x = answer_outputs(e, a);
    a->replicate = memory_new((size_t)s->replicates * sizeof *a->replicate);
    status = xs_auc_replicates(&x, (int)s->replicates, (uint64_t)s->seed, a->replicate);
  }
  *replicate = status ? NULL : a->replicate;
  return status;
}

xs_labelled_outputs answer_outputs(const evaluation *e, const test_answer *a) {
  (void)e;
  return test_set_outputs(a->on, a->logit);
}

double answer_auc(const test_answer *a) { return a ? a->measure.auc : NAN; }

json_t *answer_json(const test_answer *a) {
  json_t *j = a ? measure_json(&a->measure) : json_null();
  if (json_is_object(j)) json_object_set_new(j, "images", json_string(a->on->what));
  return j;
}

const char *evaluation_node_name(const evaluation *e, int node) {
  return node < 0 ? NULL : e->run->nodes.node[node].name;
}
