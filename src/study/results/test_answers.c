#include "test_answers.h"

#include <stdlib.h>

#include "choice.h"
#include "error.h"
#include "memory.h"
#include "pair_choice.h"

/* ---- labels -------------------------------------------------------------------------------------
 */

static xs_status open_outputs(const node_candidate *x, uint64_t seed, xs_labelled_outputs *out) {
  train_set source;
  xs_images *made = NULL;
  xs_status status = judged_source(x, seed, XS_VALIDATION, &source, &made);
  if (!status) status = outputs_of_model(x->model, &source, out);
  train_set_release(&source);
  xs_images_close(made);
  return status;
}

static xs_status open_operating(const evaluation *e, int pair, operating_source *o) {
  const node_job *choice = &e->job->pair[pair];
  pair_choice c;
  xs_status status = pair_choice_open(&e->job->files, pair, &c);
  if (!status) status = open_outputs(&choice->unadapted, e->settings.seed, &o->external);
  if (!status) {
    status = open_outputs(&choice->candidate[c.chosen], e->settings.seed, &o->adapted);
  }
  pair_choice_release(&c);
  return status;
}

static xs_status open_operatings(const evaluation *e) {
  const xs_study *s = e->job->files.study;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && s->settings.operating.positive && !status; i++) {
    if (!s->site[s->pair[i].target].labelled) continue;
    status = open_operating(e, i, &e->operating[i]);
  }
  return status;
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
  test_set_make(t->images.images, t->images.label, t->images.rows, t->images.n,
                seal_classes(sites, q->site), &t->set);
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
    const seal_request q = {
        .node = e->job->name, .role = SEAL_EVALUATION, .site = i, .split = XS_TEST};
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
    const seal_request q = {
        .node = e->job->name, .role = SEAL_EVALUATION, .site = p->target, .split = XS_ALL};
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

xs_status evaluation_open(const results_job *job, evaluation *e) {
  const xs_study *s = job->files.study;
  *e = (evaluation){.job = job,
                    .settings = settings_of(&s->settings),
                    .test = memory_new((size_t)s->n_sites * sizeof *e->test),
                    .all = memory_new((size_t)s->n_pairs * sizeof *e->all),
                    .operating = memory_new((size_t)s->n_pairs * sizeof *e->operating)};
  xs_status status = open_operatings(e);
  if (!status) status = open_tests(e);
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
  for (int i = 0; i < s->n_pairs; i++) {
    close_set(&e->all[i]);
    outputs_release(&e->operating[i].external);
    outputs_release(&e->operating[i].adapted);
  }
  free(e->all);
  free(e->operating);
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
static xs_status answer_of(evaluation *e, int node, const test_images *t, test_answer **answer) {
  int model;
  xs_status status = choice_model(&e->job->files, node, &model);
  *answer = status ? NULL : find(e, model, &t->set);
  if (status || *answer) return status;
  e->answer = memory_grow(e->answer, (size_t)(e->n + 1) * sizeof(test_answer *));
  *answer = e->answer[e->n++] = memory_new(sizeof **answer);
  return ask(e, model, t, *answer);
}

xs_status evaluation_answer(evaluation *e, int node, int site, test_answer **answer) {
  return answer_of(e, node, &e->test[site], answer);
}

xs_status evaluation_answer_all(evaluation *e, int node, int pair, test_answer **answer) {
  return answer_of(e, node, &e->all[pair], answer);
}

xs_status evaluation_fold(evaluation *e, int node, int site, int fold, xs_measure *m) {
  const seal_request q = {
      .node = e->job->name, .role = SEAL_EVALUATION, .site = site, .split = XS_TEST, .fold = fold};
  test_images t = {0};
  test_answer a = {0};
  xs_status status = open_set(e, &q, -1, &t);
  if (!status) status = ask(e, node, &t, &a);
  *m = a.measure;
  answer_release(&a);
  close_set(&t);
  return status;
}
