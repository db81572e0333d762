#include "test_answers.h"

#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "pair_choice.h"

/* ---- labels -------------------------------------------------------------------------------------
 */

static seal_request request(const evaluation *e, int site, xs_split split) {
  return (seal_request){
      .node = e->job->name, .role = SEAL_EVALUATION, .site = site, .split = split};
}

static xs_status open_attributes(const evaluation *e, const seal_request *q, test_images *t) {
  xs_attribute *attribute;
  xs_status status = seal_attributes(e->job->seal, q, &t->images, &attribute, &t->set.attributes);
  t->set.attribute = attribute;
  return status;
}

/* source: whose groups are left out, or -1. */
static xs_status open_set(const evaluation *e, const seal_request *q, int source, test_images *t) {
  const seal *sites = e->job->seal;
  xs_status status = seal_labels(e->job->seal, q, &t->images);
  if (status) return status;
  if (source >= 0) seal_leave_out_learnt(sites, source, &t->images);
  const train_set *x = &t->images;
  t->set = test_set_of(x->images->name, seal_classes(sites, q->site), x->label, x->images->group,
                       x->rows, x->n);
  return XS_OK;
}

static bool is_target(const xs_study *s, int site) {
  for (int i = 0; i < s->n_pairs; i++) {
    if (s->pair[i].target == site) return true;
  }
  return false;
}

static xs_status open_tests(const evaluation *e) {
  const xs_study *s = e->job->files.study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_sites && !status; i++) {
    const seal_request q = request(e, i, XS_TEST);
    if (!s->site[i].labelled) continue;
    status = open_set(e, &q, -1, &e->test[i]);
    if (!status && s->settings.subgroups && is_target(s, i)) {
      status = open_attributes(e, &q, &e->test[i]);
    }
  }
  return status;
}

/* All that measure an unadapted classifier: it has learnt from none of them. */
static xs_status open_alls(const evaluation *e) {
  const xs_study *s = e->job->files.study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    const study_pair *p = &s->pair[i];
    const seal_request q = request(e, p->target, XS_ALL);
    if (!s->site[p->target].labelled) continue;
    status = open_set(e, &q, p->source, &e->all[i]);
    e->all[i].set.what = "all";
    if (!status && s->settings.subgroups && study_measures_all(s)) {
      status = open_attributes(e, &q, &e->all[i]);
    }
  }
  return status;
}

static measure_settings settings_of(const study_settings *s) {
  return (measure_settings){.replicates = (int)s->replicates,
                            .seed = (uint64_t)s->seed,
                            .least_auc = s->least_auc,
                            .margin = s->margin,
                            .positive = s->operating.positive,
                            .sensitivity = s->operating.sensitivity,
                            .oracle = s->oracle};
}

evaluation evaluation_new(const results_job *job) {
  const xs_study *s = job->files.study;
  return (evaluation){.job = job,
                      .settings = settings_of(&s->settings),
                      .test = memory_new((size_t)s->n_sites * sizeof(test_images)),
                      .all = memory_new((size_t)s->n_pairs * sizeof(test_images))};
}

xs_status evaluation_open(evaluation *e) {
  xs_status status = open_tests(e);
  return status ? status : open_alls(e);
}

static void close_set(test_images *t) {
  seal_attributes_release((xs_attribute *)(uintptr_t)t->set.attribute, t->set.attributes);
  test_set_release(&t->set);
  train_set_release(&t->images);
}

void evaluation_release(evaluation *e) {
  const xs_study *s = e->job->files.study;
  for (int i = 0; i < e->n; i++) answer_release(e->answer[i]);
  for (int i = 0; i < e->n; i++) free(e->answer[i]);
  free(e->answer);
  for (int i = 0; i < s->n_sites; i++) close_set(&e->test[i]);
  free(e->test);
  for (int i = 0; i < s->n_pairs; i++) close_set(&e->all[i]);
  free(e->all);
}

/* ---- answers ------------------------------------------------------------------------------------
 */

static xs_status ask(const evaluation *e, int node, const test_images *t, test_answer *a) {
  const size_t values = (size_t)(t->set.n * t->set.classes + 1);
  char *path = node_path(&e->job->files, node, "model.safetensors");
  xs_classifier *c = NULL;
  *a = (test_answer){.node = e->job->files.list->node[node].name,
                     .on = &t->set,
                     .logit = memory_new(values * sizeof *a->logit)};
  xs_status status = node_check_stop(e->job->watch, "all was measured");
  if (!status) status = xs_classifier_load(path, &c);
  if (!status) {
    status = xs_classifier_logits(c, t->images.images, t->images.rows, t->images.n, a->logit);
    if (!status) status = answer_measure(&e->settings, a);
    if (status) {
      fail_context(status, "%s on %s images of %s: ", a->node, t->set.what, t->set.site);
    }
  }
  xs_classifier_free(c);
  free(path);
  return status;
}

static test_answer *find(const evaluation *e, int node, const test_set *on) {
  for (int i = 0; i < e->n; i++) {
    if (e->answer[i]->node == e->job->files.list->node[node].name && e->answer[i]->on == on) {
      return e->answer[i];
    }
  }
  return NULL;
}

/* A choice's classifier is that of a candidate, whose answer is taken. */
xs_status evaluation_answer(evaluation *e, int node, const test_images *t, test_answer **answer) {
  int model;
  xs_status status = choice_model(&e->job->files, node, &model);
  *answer = status ? NULL : find(e, model, &t->set);
  if (status || *answer) return status;
  e->answer = memory_grow(e->answer, (size_t)(e->n + 1) * sizeof(test_answer *));
  *answer = e->answer[e->n++] = memory_new(sizeof **answer);
  return ask(e, model, t, *answer);
}

xs_status evaluation_fold(evaluation *e, int node, int site, int fold, xs_measure *m) {
  seal_request q = request(e, site, XS_TEST);
  test_images t = {0};
  test_answer a = {0};
  q.fold = fold;
  xs_status status = open_set(e, &q, -1, &t);
  if (!status) status = ask(e, node, &t, &a);
  *m = a.measure;
  answer_release(&a);
  close_set(&t);
  return status;
}
