/* estimate.c: steps of each node, times what a step takes. */
#include "estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "choice.h"
#include "domain.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "shift.h"
#include "step_timing.h"
#include "text.h"

/* Of a site that was opened: images of each split and bytes of all; NAN where it was not. */
typedef struct site_size {
  double images[3], bytes;
} site_size;

/* What a node's process needs beside: libraries, batches ahead, models being read; as measured. */
static const double program_bytes = 60e6;

/* A step that has been rehearsed. */
typedef struct known_step {
  char *key;
  rehearsal r;
} known_step;

struct estimator {
  const xs_study *study;
  const study_nodes *nodes;
  stage stage;
  site_size *size; /* [n_sites] */
  char *missing;
  bool refused; /* a site whose images are here */
  seal *sites;  /* those that were opened, all of them unless one is missing */
  known_step *step;
  int steps;
};

/* ---- images -------------------------------------------------------------------------------------
 */

static double images_bytes(const xs_images *x) {
  return (double)x->n * x->height * x->width * x->channels * x->bytes;
}

static xs_status measure_site(const xs_site *site, split_rule rule, site_size *size) {
  xs_status status = XS_OK;
  size->bytes = images_bytes(&site->images);
  for (int i = XS_TRAIN; i <= XS_TEST && !status; i++) {
    int64_t *rows, n;
    status = xs_split_rows(&site->images, rule.seed, rule.by_image, (xs_split)i, &rows, &n);
    if (status) break;
    size->images[i] = (double)n;
    free(rows);
  }
  return status;
}

/* Whether a site that could not be opened has its images on this machine. */
static bool has_images(const char *file, const char *data_dir) {
  domain d;
  const bool there = !domain_open(file, data_dir, &d) && file_exists(d.images.text[0]);
  domain_close(&d);
  return there;
}

static void open_site(estimator *e, int i, const xs_run_options *o) {
  const study_settings *t = &e->study->settings;
  const xs_site_options options = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .limit = t->limit,
                                   .size = (int)t->size,
                                   .cache = o->cache};
  xs_site *site = NULL;
  xs_status status = xs_site_open(e->study->site[i].file, &options, &site);
  if (!status && site->classes) e->stage.classifier.classes = site->classes;
  if (!status) status = measure_site(site, study_split(e->study), &e->size[i]);
  if (status && !e->missing) {
    e->missing = text_copy(fail_message());
    e->refused = has_images(e->study->site[i].file, o->data_dir);
  }
  if (status) {
    xs_site_close(site);
  } else {
    seal_add(e->sites, site);
  }
}

static estimator *new_estimator(const xs_study *s, const study_nodes *l, const xs_run_options *o) {
  estimator *e = memory_new(sizeof *e);
  *e = (estimator){.study = s,
                   .nodes = l,
                   .stage = {.classifier = {.architecture = s->settings.classifier.architecture,
                                            .size = (int)s->settings.size,
                                            .channels = (int)s->settings.image_channels,
                                            .classes = 2},
                             .effort = o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                             .memory = (size_t)o->memory}};
  e->size = memory_new((size_t)s->n_sites * sizeof *e->size);
  for (int i = 0; i < s->n_sites; i++) e->size[i] = (site_size){{NAN, NAN, NAN}, 0};
  return e;
}

estimator *estimator_new(const xs_study *s, const study_nodes *l, const xs_run_options *o) {
  estimator *e = new_estimator(s, l, o);
  e->sites = seal_new(".", study_split(s));
  for (int i = 0; i < s->n_sites; i++) open_site(e, i, o);
  return e;
}

void estimator_free(estimator *e) {
  if (!e) return;
  for (int i = 0; i < e->steps; i++) free(e->step[i].key);
  free(e->step);
  free(e->size);
  free(e->missing);
  seal_free(e->sites);
  free(e);
}

const char *estimator_missing(const estimator *e) { return e->missing; }

xs_status estimator_refused(const estimator *e) {
  return e->refused ? (xs_status)fail(XS_FAILED, "%s", e->missing) : XS_OK;
}

const seal *estimator_sites(const estimator *e) { return e->missing ? NULL : e->sites; }

static double count(const estimator *e, int site, xs_split which) {
  return e->size[e->study->site[site].images_of].images[which];
}

/* Training and validation images of a site once more, translated: 16-bit values. */
static double made_bytes(const estimator *e, double images) {
  const nn_classifier *c = &e->stage.classifier;
  return isnan(images) ? 0 : 2 * images * c->size * c->size * c->channels;
}

/* ---- steps --------------------------------------------------------------------------------------
 */

/* The step of this name, rehearsed at the first time; takes key over. */
static int step(estimator *e, char *key, rehearse *how, const void *options, rehearsal *r) {
  for (int i = 0; i < e->steps; i++) {
    if (strcmp(e->step[i].key, key) != 0) continue;
    free(key);
    *r = e->step[i].r;
    return 0;
  }
  *r = (rehearsal){0};
  int status = how(&e->stage, options, r);
  e->step = memory_grow(e->step, (size_t)(e->steps + 1) * sizeof *e->step);
  e->step[e->steps++] = (known_step){key, *r};
  return status;
}

/* A section of the settings decides how long its steps take. */
static char *section_key(const char *kind, const study_settings *t, const char *section) {
  json_t *all = option_json(&settings_table, t);
  char *text = json_dumps(json_object_get(all, section), JSON_COMPACT);
  char *key = text_format("%s %s %s", kind, section, text);
  free(text);
  json_decref(all);
  return key;
}

static int fit_step(estimator *e, const xs_classifier_options *o, rehearsal *r) {
  char *key = text_format("fit %lld %s", (long long)o->batch, o->precision);
  return step(e, key, rehearse_fit, o, r);
}

static int answer(estimator *e, rehearsal *r) {
  return step(e, text_copy("answer"), rehearse_answer, NULL, r);
}

/* ---- nodes --------------------------------------------------------------------------------------
 */

static void add(node_cost *c, double times, rehearsal r) {
  c->seconds += times * r.seconds;
  c->bytes = fmax(c->bytes, r.bytes);
}

/* All epochs on so many images. */
static int add_fit(estimator *e, const xs_classifier_options *o, double train, double validation,
                   node_cost *c) {
  rehearsal update, look;
  if (fit_step(e, o, &update) || answer(e, &look)) return 1;
  double steps = (double)o->steps_per_epoch;
  if (steps == 0) steps = isnan(train) ? NAN : fmax(1, floor(train / (double)o->batch));
  add(c, (double)o->epochs * steps, update);
  add(c, (double)o->epochs * validation, look);
  c->at_most = true;
  return 0;
}

static int add_few(estimator *e, double train, double validation, node_cost *c) {
  xs_classifier_options o = e->study->settings.classifier;
  if (!isnan(train)) node_fit_few(&o, llrint(train));
  return add_fit(e, &o, train, validation, c);
}

static int add_labelled(estimator *e, const study_node *n, node_cost *c) {
  double train = count(e, n->source, XS_TRAIN), validation = count(e, n->source, XS_VALIDATION);
  double part = fmin(1, n->amount / (train + validation));
  if (isnan(train)) part = NAN;
  return add_few(e, ceil(part * train), floor(part * validation), c);
}

static int add_pooled(estimator *e, const study_node *n, node_cost *c) {
  double train = 0, validation = 0;
  for (int i = 0; i < e->study->n_sites; i++) {
    if (!e->study->site[i].labelled) continue;
    train += ceil(n->amount / 100 * count(e, i, XS_TRAIN));
    validation += count(e, i, XS_VALIDATION);
  }
  c->bytes += made_bytes(e, train + validation);
  return add_few(e, train, validation, c);
}

static int translation(estimator *e, const study_settings *t, rehearsal *r) {
  return step(e, section_key("translation", t, "adapter"), rehearse_translation, &t->adapter, r);
}

/* Translating images by a method's translator; matching costs next to nothing beside networks. */
static int add_translation(estimator *e, const study_node *n, const char *method, double images,
                           node_cost *c) {
  char *first = method ? method_translator(method) : NULL;
  const bool trained = first && method_last(first) == METHOD_STARGAN;
  rehearsal r;
  if (first) c->bytes += made_bytes(e, images);
  free(first);
  if (!trained) return 0;
  if (translation(e, node_settings(e->study, n), &r)) return 1;
  add(c, images, r);
  return 0;
}

/* Of one target or of several; a pair's copy of a shared translator costs nothing. */
static int add_translator(estimator *e, const study_node *n, int targets, node_cost *c) {
  const study_settings *t = node_settings(e->study, n);
  rehearsal r = {0};
  if (method_last(n->method) != METHOD_STARGAN || targets == 0) return 0;
  char *section = section_key("step", t, "adapter"),
       *key = text_format("%s for %d targets", section, targets);
  free(section);
  e->stage.targets = targets;
  if (step(e, key, rehearse_adapter, &t->adapter, &r)) return 1;
  add(c, (double)t->adapter.generator_steps, r);
  return 0;
}

static int add_alignment(estimator *e, const study_node *n, node_cost *c) {
  const study_settings *t = node_settings(e->study, n);
  char *method = method_last_name(n->method);
  xs_align_options o = *(const xs_align_options *)method_options(t, method);
  o.method = method;
  rehearsal r;
  int status = step(e, section_key("step", t, method), rehearse_align, &o, &r);
  if (!status) add(c, (double)o.steps, r);
  if (!status && align_needs_source(method)) {
    status = add_translation(e, n, n->method, count(e, n->source, XS_TRAIN), c);
  }
  free(method);
  return status;
}

static int add_adapted(estimator *e, const study_node *n, node_cost *c) {
  const double train = count(e, n->source, XS_TRAIN),
               validation = count(e, n->source, XS_VALIDATION);
  if (!method_is_translator(method_last(n->method))) return add_alignment(e, n, c);
  if (add_translation(e, n, n->method, train + validation, c)) return 1;
  return add_fit(e, &node_settings(e->study, n)->tune, train, validation, c);
}

/* NAN stays NAN, as it does not in fmin. */
static double at_most_judged(double images) { return images > JUDGED_MOST ? JUDGED_MOST : images; }

/* Of a target that decide a choice: all without labels, else those of no test side. */
static double count_deciding(const estimator *e, int site) {
  const double learnt = count(e, site, XS_TRAIN) + count(e, site, XS_VALIDATION);
  const double test = e->study->site[site].labelled ? 0 : count(e, site, XS_TEST);
  return at_most_judged(learnt + test);
}

/* Every candidate on both sites, and two of them on all shifts of the source. */
static int add_choice(estimator *e, const study_node *n, node_cost *c) {
  const double source = at_most_judged(count(e, n->source, XS_VALIDATION)),
               target = count_deciding(e, n->target);
  rehearsal look;
  int candidates, status = answer(e, &look);
  study_candidate *x = nodes_candidates(e->study, e->nodes, n->pair, &candidates);
  for (int i = 0; i < candidates && !status; i++) {
    if (x[i].translator < 0) continue;
    status = add_translation(e, n, e->nodes->node[x[i].translator].method, source, c);
  }
  if (!status) add(c, candidates * (source + target) + 2 * shift_count() * source, look);
  nodes_candidates_free(x, candidates);
  return status;
}

static double count_all(const estimator *e, int site) {
  return count(e, site, XS_TRAIN) + count(e, site, XS_VALIDATION) + count(e, site, XS_TEST);
}

/* Every classifier on the test images of its site; a pair's candidates on the target's, and the
 * unadapted one on all of them. */
static int add_results(estimator *e, node_cost *c) {
  rehearsal look;
  if (answer(e, &look)) return 1;
  for (int i = 0; i < e->nodes->n; i++) {
    const study_node *n = &e->nodes->node[i];
    const int site = n->target >= 0 ? n->target : n->source;
    if (node_is_translator(n) || n->kind == NODE_RESULTS) continue;
    for (int k = 0; k < e->study->n_sites; k++) {
      if (n->kind == NODE_POOLED || k == site) add(c, count(e, k, XS_TEST), look);
    }
  }
  for (int i = 0; i < e->study->n_pairs; i++) add(c, count_all(e, e->study->pair[i].target), look);
  return 0;
}

xs_status estimate_node(estimator *e, int node, node_cost *c) {
  const study_node *n = &e->nodes->node[node];
  *c = (node_cost){0};
  int status =
      n->kind == NODE_LABELLED ? add_labelled(e, n, c)
      : n->kind == NODE_POOLED ? add_pooled(e, n, c)
      : n->kind == NODE_TRANSLATOR
          ? add_translator(e, n, study_shares(e->study, n->method) ? 0 : 1, c)
      : n->kind == NODE_SHARED  ? add_translator(e, n, study_targets(e->study, n->source, NULL), c)
      : n->kind == NODE_ADAPTED ? add_adapted(e, n, c)
      : n->kind == NODE_CHOICE  ? add_choice(e, n, c)
      : n->kind == NODE_RESULTS
          ? add_results(e, c)
          : add_few(e, count(e, n->source, XS_TRAIN), count(e, n->source, XS_VALIDATION), c);
  c->bytes += program_bytes;
  for (int i = 0; i < e->study->n_sites; i++) c->bytes += e->size[i].bytes;
  return status ? (xs_status)fail_context(XS_FAILED, "%s: ", n->name) : XS_OK;
}

xs_status estimate_check(const xs_study *s, const study_nodes *l, const xs_run_options *o,
                         int classes, const node_state *state) {
  estimator *e = new_estimator(s, l, o);
  node_cost cost;
  xs_status status = XS_OK;
  e->stage.classifier.classes = classes;
  e->stage.effort = TG_ESTIMATE;
  e->stage.only_planned = true;
  for (int i = 0; i < l->n && !status; i++) {
    if (state[i] != NODE_DONE && state[i] != NODE_UNPUBLISHED) status = estimate_node(e, i, &cost);
  }
  estimator_free(e);
  return status;
}
