/* step_timing.c: one function a kind of step. */
#include "step_timing.h"

#include <math.h>

#include "adapter_plans.h"
#include "align.h"
#include "classifier.h"
#include "classifier_plan.h"
#include "clock.h"
#include "inference.h"
#include "memory_left.h"
#include "training_loop.h"
#include "training_run.h"
#include "translator.h"

enum { RUNS = 3 };            /* that count, after a first one */
static const double LONG = 2; /* seconds after which a plan is not run again */

/* The first run counts only where there is no other. */
static int time_plan(tg_plan *p, double *seconds) {
  const double begin = clock_seconds();
  if (tg_plan_run(p, 0)) return 1;
  const double first = clock_seconds();
  int runs = 0;
  while (runs < RUNS && clock_seconds() - begin < LONG) {
    if (tg_plan_run(p, (uint64_t)++runs)) return 1;
  }
  *seconds = runs ? (clock_seconds() - first) / runs : first - begin;
  return 0;
}

enum { NETS = 3 + ADAPTER_TARGETS };

/* What a step is made of: networks, of each of which so many numbers are kept, and plans. */
typedef struct step {
  tg_store *store;
  nn_net *net[NETS]; /* NULL: there is none */
  int copies[NETS];  /* of the parameters, with Adam's moments */
  int plans;
  tg_plan *plan[ADAPTER_PLANS];
  tg_value count[ADAPTER_PLANS]; /* Adam's step, or TG_NONE */
  double times[ADAPTER_PLANS];
} step;

static double net_bytes(const nn_net *net) {
  double numbers = 0;
  for (int i = 0; i < net->n; i++) numbers += (double)tg_count(net->param[i].shape);
  return numbers * (double)sizeof(float);
}

/* Adds `times` runs of a plan; plans of one store share their block. */
static int add_plan(const stage *s, rehearsal *r, tg_plan *p, tg_value count, double times) {
  double block = (double)tg_plan_bytes(p), seconds = s->only_planned ? 0 : NAN;
  int status = 0;
  if (count != TG_NONE) training_set_scalar(p, count, 1);
  if (!s->only_planned && block < memory_left()) status = time_plan(p, &seconds);
  r->seconds += times * seconds;
  r->bytes = fmax(r->bytes, block);
  return status;
}

static int run_step(const stage *s, const step *t, rehearsal *out) {
  int status = 0;
  for (int i = 0; i < NETS && !status && !s->only_planned; i++) {
    if (t->net[i]) status = nn_net_initialise(t->net[i], t->store, 1);
  }
  for (int i = 0; i < t->plans && !status; i++) {
    status = add_plan(s, out, t->plan[i], t->count[i], t->times[i]);
  }
  for (int i = 0; i < NETS; i++) {
    if (t->net[i]) out->bytes += t->copies[i] * net_bytes(t->net[i]);
  }
  return status;
}

static tg_plan_options plan_options(const stage *s, const char *precision) {
  return (tg_plan_options){
      .effort = s->effort, .seed = 1, .memory = s->memory, .bf16 = run_rounds(precision)};
}

/* ---- training -----------------------------------------------------------------------------------
 */

int rehearse_fit(const stage *s, const void *options, rehearsal *out) {
  const xs_classifier_options *o = options;
  const tg_plan_options plan = plan_options(s, o->precision);
  nn_classifier c = s->classifier;
  tg_store *store = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p;
  c.dropout = o->dropout;
  int status = fit_plan_new(net, &c, o->batch, o->weight_decay, store, &plan, &p);
  const step t = {store, {net}, {4}, 1, {p.plan}, {p.step}, {1}}; /* the best epoch's are kept */
  if (!status) status = run_step(s, &t, out);
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(store);
  return status;
}

/* Its networks, and how often each of its plans runs for a generator step. */
static step adapter_step(const xs_adapter_options *o, const adapter_nets *n, tg_store *store,
                         const adapter_plan p[ADAPTER_PLANS]) {
  const bool learns = adapter_source_learns(o);
  step t = {store, {n->g, n->d, n->fs}, {3, 3, learns ? 3 : 1}, 0, {0}, {0}, {0}};
  for (int i = 0; i < n->targets; i++) {
    t.net[3 + i] = n->ft[i];
    t.copies[3 + i] = 3;
  }
  for (int i = 0; i < PLAN_TARGET + n->targets; i++) {
    if (!p[i].plan) continue;
    t.plan[t.plans] = p[i].plan;
    t.count[t.plans] = p[i].step;
    t.times[t.plans++] = i == PLAN_CRITIC      ? (double)o->critic_steps
                         : i == PLAN_GENERATOR ? 1
                         : i == PLAN_SOURCE    ? 1 / (double)o->source_every
                                               : 1 / (double)o->target_every;
  }
  return t;
}

int rehearse_adapter(const stage *s, const void *options, rehearsal *out) {
  const xs_adapter_options *o = options;
  adapter_nets n = adapter_nets_new(o, s->targets ? s->targets : 1, &s->classifier, NULL);
  tg_store *store = tg_store_new(tg_device_cpu());
  const tg_plan_options planning = plan_options(s, o->precision);
  adapter_plan p[ADAPTER_PLANS];
  int status = adapter_plans_new(&n, o, store, &planning, p);
  const step t = adapter_step(o, &n, store, p);
  if (!status) status = run_step(s, &t, out);
  adapter_plans_free(p);
  tg_store_free(store);
  adapter_nets_free(&n);
  return status;
}

int rehearse_align(const stage *s, const void *options, rehearsal *out) {
  const xs_align_options *o = options;
  const tg_plan_options plan = plan_options(s, o->precision);
  tg_store *store = tg_store_new(tg_device_cpu());
  align_plan p;
  int status = align_plan_new(o, &s->classifier, store, &plan, &p);
  const step t = {store, {p.net, p.other}, {3, 3}, 1, {p.plan}, {p.step}, {1}};
  if (!status) status = run_step(s, &t, out);
  tg_plan_free(p.plan);
  tg_store_free(store);
  nn_net_free(p.net);
  nn_net_free(p.other);
  return status;
}

/* ---- answers ------------------------------------------------------------------------------------
 */

int rehearse_answer(const stage *s, const void *options, rehearsal *out) {
  (void)options;
  const tg_plan_options plan = {.effort = s->effort};
  const int64_t images = classifier_batch(s->classifier.size);
  tg_store *store = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  inference_plan p = {0};
  int status = inference_plan_classifier(net, &s->classifier, images, store, &plan, &p);
  const step t = {store, {net}, {1}, 1, {p.plan}, {TG_NONE}, {1 / (double)images}};
  if (!status) status = run_step(s, &t, out);
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(store);
  return status;
}

int rehearse_translation(const stage *s, const void *options, rehearsal *out) {
  adapter_nets n = adapter_nets_new(options, 1, &s->classifier, NULL);
  const tg_plan_options plan = {.effort = s->effort};
  tg_store *store = tg_store_new(tg_device_cpu());
  inference_plan p = {0};
  int status = inference_plan_generator(n.g, &n.stargan, TRANSLATOR_BATCH, store, &plan, &p);
  const step t = {store, {n.g}, {1}, 1, {p.plan}, {TG_NONE}, {1 / (double)TRANSLATOR_BATCH}};
  if (!status) status = run_step(s, &t, out);
  tg_plan_free(p.plan);
  tg_store_free(store);
  adapter_nets_free(&n);
  return status;
}
