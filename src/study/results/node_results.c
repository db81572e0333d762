#include "node_results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "memory.h"
#include "open_data_sets.h"
#include "pair_choice.h"
#include "test_answers.h"
#include "text.h"
#include "training_run.h"

/* All that is measured. */
typedef struct collected {
  evaluation e;
  pair_choice *choice;           /* [n_pairs] */
  pair_answers *pair;            /* [n_pairs] */
  pair_result *measured;         /* [n_pairs] */
  json_t **crossed;              /* [n_sites] NULL: not cross-fitted, or not yet asked for */
  labelled_classifier *labelled; /* [n_labelled] a site's stand together */
  int n_labelled;
} collected;

static int start_of(const results_job *r, int site) {
  return nodes_start(r->files.study, r->files.list, site);
}

static const char *node_name(const results_job *r, int node) {
  return node < 0 ? NULL : r->files.list->node[node].name;
}

/* ---- learning curves ----------------------------------------------------------------------------
 */

static int64_t learnable(const results_job *r, int site) {
  return seal_count(r->seal, site, XS_TRAIN) + seal_count(r->seal, site, XS_VALIDATION);
}

static xs_status open_labelled(collected *x) {
  const results_job *r = x->e.job;
  xs_status status = XS_OK;
  x->labelled = memory_new((size_t)r->files.list->n * sizeof *x->labelled);
  for (int i = 0; i < r->files.list->n && !status; i++) {
    const study_node *n = &r->files.list->node[i];
    if (n->kind != NODE_LABELLED) continue;
    labelled_classifier *c = &x->labelled[x->n_labelled++];
    c->site = r->files.study->site[n->source].name;
    c->images = llrint(fmin(n->amount, (double)learnable(r, n->source)));
    status = evaluation_answer(&x->e, i, &x->e.test[n->source], &c->answer);
  }
  return status;
}

static void take_curve(const collected *x, pair_answers *a) {
  for (int i = x->n_labelled - 1; i >= 0; i--) {
    if (strcmp(x->labelled[i].site, a->target) != 0) continue;
    a->curve = &x->labelled[i];
    a->points++;
  }
}

/* ---- cross-fitting ------------------------------------------------------------------------------
 */

static int fold_node(const results_job *r, int site, int fold) {
  if (!fold) return start_of(r, site);
  char *name = text_format("fold-%s-%d", r->files.study->site[site].name, fold);
  const int node = nodes_find(r->files.list, name);
  free(name);
  return node;
}

static xs_status measure_crossed(collected *x, int site) {
  const int n = x->e.job->files.study->site[site].folds;
  if (!n || x->crossed[site]) return XS_OK;
  xs_measure *fold = memory_new((size_t)n * sizeof *fold);
  xs_status status = XS_OK;
  for (int f = 0; f < n && !status; f++) {
    status = evaluation_fold(&x->e, fold_node(x->e.job, site, f), site, f, &fold[f]);
  }
  if (!status) x->crossed[site] = crossed_json(fold, n);
  free(fold);
  return status;
}

/* ---- pairs --------------------------------------------------------------------------------------
 */

/* Share of translated source test images that the source's classifier gives the right label. */
static xs_status measure_kept(const collected *x, int adapter, int source, double *kept) {
  const results_job *r = x->e.job;
  const train_set *t = &x->e.test[source].images;
  char *generator = node_path(&r->files, adapter, "generator.safetensors");
  char *model = node_path(&r->files, start_of(r, source), "model.safetensors");
  xs_images *made = NULL;
  train_set translated = {0};
  xs_labelled_outputs said = {0};
  xs_status status = node_translation(generator, t, &made, &translated);
  if (!status) status = outputs_of_model(model, &translated, &said);
  if (!status) *kept = xs_accuracy(said.of.logit, said.label, said.of.n, said.of.classes);
  outputs_release(&said);
  train_set_release(&translated);
  xs_images_close(made);
  free(model);
  free(generator);
  return status;
}

/* Of the first candidate that has a translator. */
static xs_status measure_translator(const collected *x, int pair) {
  const pair_choice *c = &x->choice[pair];
  for (int i = 0; i < c->n; i++) {
    const int adapter = c->candidate[i].translator;
    if (adapter < 0) continue;
    return measure_kept(x, adapter, x->e.job->files.study->pair[pair].source, &x->pair[pair].kept);
  }
  return XS_OK;
}

/* Adaptations take the target's training images, drawn without labels. */
static xs_status count_seen(const results_job *r, const train_set *t, int64_t *seen) {
  const split_rule rule = study_split(r->files.study);
  int64_t *rows, n, k = 0;
  xs_status status = xs_split_rows(t->images, rule.seed, rule.by_image, XS_TRAIN, &rows, &n);
  for (int64_t i = 0; i < t->n && !status; i++) {
    while (k < n && rows[k] < t->rows[i]) k++;
    *seen += k < n && rows[k] == t->rows[i];
  }
  free(rows);
  return status;
}

/* The candidates on the images that the study wants adapted classifiers to be measured on. */
static xs_status ask_candidates(collected *x, int pair, const test_images *on) {
  pair_answers *a = &x->pair[pair];
  xs_status status = XS_OK;
  for (int i = 0; i < a->n && !status; i++) {
    const int node = x->choice[pair].candidate[i].node;
    status = evaluation_answer(&x->e, node, on, &a->candidate[i].answer);
  }
  a->adapted = a->candidate[a->chosen].answer;
  return status ? status : count_seen(x->e.job, &on->images, &a->seen);
}

static xs_status ask_target(collected *x, int pair) {
  evaluation *e = &x->e;
  const xs_study *s = e->job->files.study;
  const study_pair *p = &s->pair[pair];
  const int source = start_of(e->job, p->source), target = start_of(e->job, p->target),
            chosen = x->choice[pair].candidate[x->choice[pair].chosen].node;
  const test_images *test = &e->test[p->target], *all = &e->all[pair];
  pair_answers *a = &x->pair[pair];
  a->labels = learnable(e->job, p->target);
  take_curve(x, a);
  xs_status status = evaluation_answer(e, source, all, &a->external_all);
  if (!status) status = evaluation_answer(e, source, test, &a->external_test);
  if (!status) status = evaluation_answer(e, chosen, test, &a->adapted_test);
  if (!status) status = evaluation_answer(e, target, test, &a->ceiling);
  if (!status) status = ask_candidates(x, pair, study_measures_all(s) ? all : test);
  if (!status) status = measure_crossed(x, p->target);
  a->external = study_measures_all(s) ? a->external_all : a->external_test;
  a->crossed = x->crossed[p->target];
  return status;
}

static xs_status ask_pair(collected *x, int pair) {
  const results_job *r = x->e.job;
  const study_pair *p = &r->files.study->pair[pair];
  xs_status status = evaluation_answer(&x->e, start_of(r, p->source), &x->e.test[p->source],
                                       &x->pair[pair].internal);
  if (!status && r->files.study->site[p->target].labelled) status = ask_target(x, pair);
  return status ? status : measure_translator(x, pair);
}

static xs_status ask_pairs(collected *x) {
  xs_status status = XS_OK;
  for (int i = 0; i < x->e.job->files.study->n_pairs && !status; i++) status = ask_pair(x, i);
  return status;
}

/* ---- before test labels are opened --------------------------------------------------------------
 */

static pair_candidate *candidates_of(const results_job *r, const pair_choice *c) {
  pair_candidate *list = memory_new((size_t)(c->n + 1) * sizeof *list);
  for (int i = 0; i < c->n; i++) {
    list[i] = (pair_candidate){.method = c->candidate[i].method,
                               .node = node_name(r, c->candidate[i].node),
                               .translator = node_name(r, c->candidate[i].translator)};
  }
  return list;
}

static xs_status ask_validation(const node_candidate *x, uint64_t seed, xs_labelled_outputs *out) {
  train_set source;
  xs_images *made = NULL;
  xs_status status = judged_source(x, seed, XS_VALIDATION, &source, &made);
  if (!status) status = outputs_of_model(x->model, &source, out);
  train_set_release(&source);
  xs_images_close(made);
  return status;
}

/* What was chosen, and what thresholds are set by. */
static xs_status open_pair(collected *x, int pair) {
  const results_job *r = x->e.job;
  const xs_study *s = r->files.study;
  const study_pair *p = &s->pair[pair];
  const node_job *choice = &r->pair[pair];
  const uint64_t seed = (uint64_t)s->settings.seed;
  pair_choice *c = &x->choice[pair];
  pair_answers *a = &x->pair[pair];
  xs_status status = pair_choice_open(&r->files, pair, c);
  *a = (pair_answers){.source = s->site[p->source].name,
                      .target = s->site[p->target].name,
                      .class_name = seal_class_name(r->seal, p->source),
                      .choice = c->json,
                      .candidate = candidates_of(r, c),
                      .n = c->n,
                      .chosen = c->chosen,
                      .kept = NAN};
  if (status || !s->settings.operating.positive || !s->site[p->target].labelled) return status;
  status = ask_validation(&choice->unadapted, seed, &a->external_source);
  return status ? status : ask_validation(&choice->candidate[c->chosen], seed, &a->adapted_source);
}

static xs_status open_pairs(collected *x) {
  xs_status status = XS_OK;
  for (int i = 0; i < x->e.job->files.study->n_pairs && !status; i++) status = open_pair(x, i);
  return status;
}

/* ---- parts of results.json ----------------------------------------------------------------------
 */

static json_t *pairs_json(const collected *x) {
  json_t *list = json_array();
  for (int i = 0; i < x->e.job->files.study->n_pairs; i++) {
    json_array_append_new(list, pair_json(&x->e.settings, &x->measured[i]));
  }
  return list;
}

/* Of each labelled site as many as the classifier was trained on. */
static int64_t pooled_images(const results_job *r, const study_node *n) {
  int64_t images = 0;
  for (int i = 0; i < r->files.study->n_sites; i++) {
    if (!r->files.study->site[i].labelled) continue;
    images += llrint(ceil(n->amount / 100 * (double)seal_count(r->seal, i, XS_TRAIN)));
  }
  return images;
}

static xs_status measure_pool(collected *x, int node, json_t *list) {
  const results_job *r = x->e.job;
  const study_node *n = &r->files.list->node[node];
  test_answer **answer = memory_new((size_t)r->files.study->n_sites * sizeof(test_answer *));
  pooled_classifier p = {
      .node = n->name, .percent = n->amount, .images = pooled_images(r, n), .answer = answer};
  json_t *j = NULL;
  xs_status status = XS_OK;
  for (int i = 0; i < r->files.study->n_sites && !status; i++) {
    if (!r->files.study->site[i].labelled) continue;
    status = evaluation_answer(&x->e, node, &x->e.test[i], &answer[p.sites++]);
  }
  if (!status) status = pooled_json(&x->e.settings, &p, &j);
  if (j) json_array_append_new(list, j);
  free(answer);
  return status;
}

static xs_status add_pooled(collected *x, json_t *to) {
  const study_nodes *l = x->e.job->files.list;
  json_t *list = json_array();
  xs_status status = XS_OK;
  for (int i = 0; i < l->n && !status; i++) {
    if (l->node[i].kind == NODE_POOLED) status = measure_pool(x, i, list);
  }
  json_object_set_new(to, "pooled", list);
  return status;
}

/* Of a node with a curve of epochs; an aligned one has none, a choice has a candidate's: NULL. */
static xs_status training_of(const results_job *r, int node, json_t **training) {
  const study_node *n = &r->files.list->node[node];
  const bool trains = n->kind == NODE_BASELINE || n->kind == NODE_SOURCE ||
                      n->kind == NODE_POOLED || n->kind == NODE_LABELLED ||
                      n->kind == NODE_ADAPTED || n->kind == NODE_FOLD;
  *training = NULL;
  if (!trains) return XS_OK;
  char *dir = node_path(&r->files, node, NULL);
  xs_status status = run_training(dir, training);
  free(dir);
  if (json_object_get(*training, "trained_enough")) return status;
  json_decref(*training);
  *training = NULL;
  return status;
}

static xs_status add_classifiers(const results_job *r, json_t *to) {
  json_t *list = json_array();
  xs_status status = XS_OK;
  for (int i = 0; i < r->files.list->n && !status; i++) {
    json_t *training;
    status = training_of(r, i, &training);
    if (!training) continue;
    json_array_append_new(list, training_json(node_name(r, i), training));
    json_decref(training);
  }
  json_object_set_new(to, "classifiers", list);
  return status;
}

/* Of the first pair's source: all labelled sites have the same. */
static json_t *classes_json(const results_job *r) {
  const int site = r->files.study->pair[0].source;
  return option_texts_json(seal_class_name(r->seal, site), seal_classes(r->seal, site));
}

static json_t *left_out_json(const results_job *r) {
  json_t *list = json_array();
  for (int i = 0; i < r->files.study->n_sites; i++) {
    char *const *image;
    const int64_t n = seal_skipped(r->seal, i, &image);
    if (!n) continue;
    json_t *names = option_texts_json(image, n < XS_SKIPPED_NAMED ? n : XS_SKIPPED_NAMED);
    json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "site", r->files.study->site[i].name,
                                          "count", (json_int_t)n, "images", names));
  }
  return list;
}

static xs_status add_data_sets(const results_job *r, json_t *to) {
  json_t *sets;
  xs_status status = data_sets_describe(r, &sets);
  json_object_set_new(to, "data_sets", sets);
  return status;
}

/* {node: site} of the study's nodes that were made when test labels of the site had been opened;
 * only a study that was changed has any. */
static xs_status add_late(const results_job *r, json_t *to) {
  const char *node;
  json_t *all, *site, *late = json_object();
  xs_status status = seal_late(r->files.out, &all);
  json_object_foreach(all, node, site) {
    if (nodes_find(r->files.list, node) >= 0) json_object_set(late, node, site);
  }
  if (json_object_size(late)) json_object_set(to, "made_after_labels", late);
  json_decref(late);
  json_decref(all);
  return status;
}

/* One word where all parts are trained in the same precision. */
static char *used_precision(const study_settings *t) {
  const char *adapter = run_precision(t->adapter.precision),
             *classifier = run_precision(t->classifier.precision),
             *tune = run_precision(t->tune.precision);
  if (strcmp(adapter, classifier) == 0 && strcmp(adapter, tune) == 0) return text_copy(adapter);
  return text_format("adapter %s, classifier %s, tune %s", adapter, classifier, tune);
}

static xs_status results_json(collected *x, json_t **out) {
  const results_job *r = x->e.job;
  const xs_study *s = r->files.study;
  char *precision = used_precision(&s->settings);
  json_t *summary = NULL;
  *out = json_pack("{s:i, s:s, s:I, s:s, s:o, s:o}", "schema", 1, "study", s->settings.name, "seed",
                   (json_int_t)s->settings.seed, "precision", precision, "classes", classes_json(r),
                   "pairs", pairs_json(x));
  free(precision);
  xs_status status = summary_json(&x->e.settings, x->measured, s->n_pairs, &summary);
  json_object_set_new(*out, "summary", summary);
  if (!status) status = add_pooled(x, *out);
  json_object_set_new(*out, "labelled", labelled_json(x->labelled, x->n_labelled));
  if (!status) status = add_classifiers(r, *out);
  json_object_set_new(*out, "left_out", left_out_json(r));
  if (!status) status = add_data_sets(r, *out);
  return status ? status : add_late(r, *out);
}

/* ---- the node -----------------------------------------------------------------------------------
 */

static xs_status measure_all(collected *x, json_t **out) {
  xs_status status = open_labelled(x);
  if (!status) status = ask_pairs(x);
  if (!status) {
    status = pairs_measure(&x->e.settings, x->pair, x->e.job->files.study->n_pairs, x->measured);
  }
  return status ? status : results_json(x, out);
}

static void release(collected *x) {
  const xs_study *s = x->e.job->files.study;
  for (int i = 0; i < s->n_pairs; i++) {
    pair_result_release(&x->measured[i]);
    free(x->pair[i].candidate);
    outputs_release(&x->pair[i].external_source);
    outputs_release(&x->pair[i].adapted_source);
    pair_choice_release(&x->choice[i]);
  }
  for (int i = 0; i < s->n_sites; i++) json_decref(x->crossed[i]);
  free(x->crossed);
  free(x->labelled);
  free(x->measured);
  free(x->pair);
  free(x->choice);
  evaluation_release(&x->e);
}

xs_status node_results(const results_job *job, json_t **out) {
  const xs_study *s = job->files.study;
  const size_t pairs = (size_t)s->n_pairs;
  collected x = {.e = evaluation_new(job),
                 .choice = memory_new(pairs * sizeof *x.choice),
                 .pair = memory_new(pairs * sizeof *x.pair),
                 .measured = memory_new(pairs * sizeof *x.measured),
                 .crossed = memory_new((size_t)s->n_sites * sizeof(json_t *))};
  *out = NULL;
  xs_status status = open_pairs(&x);
  if (!status) status = evaluation_open(&x.e);
  if (!status) status = measure_all(&x, out);
  if (status) {
    json_decref(*out);
    *out = NULL;
  }
  release(&x);
  return status;
}
