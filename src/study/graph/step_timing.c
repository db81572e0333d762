/* step_timing.c: one function a kind of step. */
#include "step_timing.h"

#include <math.h>
#include <time.h>

#include "adapter_plans.h"
#include "align.h"
#include "classifier.h"
#include "classifier_plan.h"
#include "inference.h"
#include "memory_left.h"
#include "training_loop.h"
#include "training_run.h"
#include "translator.h"

enum { RUNS = 3 };            /* that count, after a first one */
static const double LONG = 2; /* seconds after which a plan is not run again */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The first run counts only where there is no other. */
static int time_plan(tg_plan *p, double *seconds) {
  const double begin = now();
  if (tg_plan_run(p, 0)) return 1;
  const double first = now();
  int runs = 0;
  while (runs < RUNS && now() - begin < LONG) {
    if (tg_plan_run(p, (uint64_t)++runs)) return 1;
  }
  *seconds = runs ? (now() - first) / runs : first - begin;
  return 0;
}

/* copies: of the parameters, with Adam's moments. */
static double net_bytes(const nn_net *net, int copies) {
  double numbers = 0;
  for (int i = 0; i < net->n; i++) numbers += (double)tg_count(net->param[i].shape);
  return numbers * copies * (double)sizeof(float);
}

/* Adds `times` runs of a plan; plans of one store share their block. */
static int add_plan(const stage *s, rehearsal *r, tg_plan *p, double times) {
  double block = (double)tg_plan_bytes(p), seconds = s->only_planned ? 0 : NAN;
  int status = 0;
  if (!s->only_planned && block < memory_left()) status = time_plan(p, &seconds);
  r->seconds += times * seconds;
  r->bytes = fmax(r->bytes, block);
  return status;
}

static int give_numbers(const stage *s, const nn_net *net, tg_store *store) {
  return s->only_planned ? 0 : nn_net_initialise(net, store, 1);
}

static tg_plan_options plan_options(const stage *s, const char *precision) {
  return (tg_plan_options){
      .effort = s->effort, .seed = 1, .memory = s->memory, .bf16 = run_rounds(precision)};
}

int rehearse_fit(const stage *s, const void *options, rehearsal *out) {
  const xs_classifier_options *o = options;
  const tg_plan_options plan = plan_options(s, o->precision);
  nn_classifier c = s->classifier;
  tg_store *store = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p = {0};
  c.dropout = o->dropout;
  *out = (rehearsal){0};
  int status = fit_plan_new(net, &c, o->batch, o->weight_decay, store, &plan, &p);
  if (!status) status = give_numbers(s, net, store);
  if (!status) training_set_scalar(p.plan, p.step, 1);
  if (!status) status = add_plan(s, out, p.plan, 1);
  out->bytes += net_bytes(net, 4); /* the best epoch's are kept, too */
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(store);
  return status;
}

/* ---- adapters -----------------------------------------------------------------------------------
 */

static nn_stargan stargan_of(const stage *s, const xs_adapter_options *o) {
  return (nn_stargan){.size = s->classifier.size,
                      .image_channels = s->classifier.channels,
                      .domains = 2,
                      .channels = o->channels,
                      .blocks = o->blocks,
                      .critic_layers = o->critic_layers};
}

static int initialise(const stage *s, const adapter_nets *n, tg_store *store, rehearsal *out) {
  const nn_net *net[] = {n->g, n->d, n->fs, n->ft};
  int status = 0;
  for (int i = 0; i < 4 && !status; i++) {
    status = give_numbers(s, net[i], store);
    out->bytes += net_bytes(net[i], net[i] == n->fs ? 1 : 3);
  }
  return status;
}

int rehearse_adapter(const stage *s, const void *options, rehearsal *out) {
  const xs_adapter_options *o = options;
  adapter_nets n = {.stargan = stargan_of(s, o),
                    .classifier = s->classifier,
                    .dropout = o->target_dropout,
                    .g = nn_net_new("G/"),
                    .d = nn_net_new("D/"),
                    .fs = nn_net_new("FS/"),
                    .ft = nn_net_new("FT/")};
  const double times[ADAPTER_PLANS] = {(double)o->critic_steps, 1, 1 / (double)o->target_every};
  tg_store *store = tg_store_new(tg_device_cpu());
  const tg_plan_options planning = plan_options(s, o->precision);
  adapter_plan plan[ADAPTER_PLANS];
  rehearsal nets = {0};
  *out = (rehearsal){0};
  int status = adapter_plans_new(&n, o, store, &planning, plan);
  if (!status) status = initialise(s, &n, store, &nets);
  for (int i = 0; i < ADAPTER_PLANS && !status; i++) {
    training_set_scalar(plan[i].plan, plan[i].step, 1);
    status = add_plan(s, out, plan[i].plan, times[i]);
  }
  out->bytes += nets.bytes;
  adapter_plans_free(plan);
  tg_store_free(store);
  nn_net_free(n.g);
  nn_net_free(n.d);
  nn_net_free(n.fs);
  nn_net_free(n.ft);
  return status;
}

int rehearse_align(const stage *s, const void *options, rehearsal *out) {
  const xs_align_options *o = options;
  const tg_plan_options plan = plan_options(s, o->precision);
  tg_store *store = tg_store_new(tg_device_cpu());
  align_rehearsal a;
  *out = (rehearsal){0};
  int status = align_rehearse(o, &s->classifier, store, &plan, &a);
  if (!status) status = add_plan(s, out, a.plan, 1);
  out->bytes += net_bytes(a.net, 3) + (a.other ? net_bytes(a.other, 3) : 0);
  tg_plan_free(a.plan);
  tg_store_free(store);
  nn_net_free(a.net);
  nn_net_free(a.other);
  return status;
}

/* ---- answers ------------------------------------------------------------------------------------
 */

/* Of a planned network that takes `images` at once. */
static int rehearse_inference(const stage *s, nn_net *net, tg_store *store, inference_plan *p,
                              int64_t images, rehearsal *out) {
  int status = give_numbers(s, net, store);
  if (!status) status = add_plan(s, out, p->plan, 1 / (double)images);
  out->bytes += net_bytes(net, 1);
  return status;
}

int rehearse_answer(const stage *s, const void *options, rehearsal *out) {
  (void)options;
  const tg_plan_options plan = {.effort = s->effort};
  const int64_t images = classifier_batch(s->classifier.size);
  tg_store *store = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  inference_plan p = {0};
  *out = (rehearsal){0};
  int status = inference_plan_classifier(net, &s->classifier, images, store, &plan, &p);
  if (!status) status = rehearse_inference(s, net, store, &p, images, out);
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(store);
  return status;
}

int rehearse_translation(const stage *s, const void *options, rehearsal *out) {
  const xs_adapter_options *o = options;
  const tg_plan_options plan = {.effort = s->effort};
  const nn_stargan g = stargan_of(s, o);
  tg_store *store = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  inference_plan p = {0};
  *out = (rehearsal){0};
  int status = inference_plan_generator(net, &g, TRANSLATOR_BATCH, store, &plan, &p);
  if (!status) status = rehearse_inference(s, net, store, &p, TRANSLATOR_BATCH, out);
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(store);
  return status;
}
