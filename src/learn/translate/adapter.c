/* adapter.c: training the translator (method 4). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapter_plans.h"
#include "batch.h"
#include "classifier.h"
#include "error.h"
#include "example_strips.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "random.h"
#include "text.h"
#include "training_run.h"
#include "translator.h"

typedef struct adapter {
  const train_job *job;
  const adapt_task *task;
  const xs_adapter_options *o;
  train_geometry geometry;
  xs_classifier *frozen; /* F_S */
  adapter_nets nets;
  tg_store *store;
  adapter_plan critic, generator, target;
  translator *translator; /* G as it is being trained */
  loader *source, *targets;
  /* state of the run, kept in checkpoints */
  int64_t done, saved; /* generator steps */
  int64_t target_updates;
  double gate;
  curve curve;
  double critic_loss[3]; /* of the last critic step */
} adapter;

static const char *const critic_names[] = {"critic", "penalty", "domain real"};
static const char *const generator_names[] = {
    "adversarial", "domain fake", "cycle", "semantic cycle", "semantic target", "semantic pseudo"};
static const char *const target_names[] = {"target net"};

/* ---- set up ---------------------------------------------------------------------------------- */

/* The semantic loss takes the source half of G(x,c') for images of the target's look. */
static bool is_untranslated(const xs_adapter_options *o) {
  return strcmp(o->translate, "permute") == 0 && strcmp(o->semantic, "off") != 0;
}

int adapter_check(const char *where, const xs_adapter_options *o) {
  if (is_untranslated(o)) {
    return fail(XS_USAGE,
                "%stranslate: 'permute' leaves some source images at their own site, but the "
                "semantic loss needs each of them translated; set semantic: off, or translate: "
                "other",
                where);
  }
  if (o->batch >= 2 && o->batch % 2 == 0) return 0;
  return fail(XS_USAGE, "%sbatch: %lld is odd, but half of a batch is source and half target",
              where, (long long)o->batch);
}

static int check_options(const adapter *a) {
  if (adapter_check("adapter: ", a->o)) return XS_USAGE;
  return nn_stargan_check(&a->nets.stargan);
}

static int describe_nets(adapter *a) {
  if (xs_classifier_load(a->task->classifier, &a->frozen)) return 1;
  const train_geometry *seen = classifier_geometry(a->frozen);
  a->geometry = train_geometry_of(seen->size, seen->channels, "half");
  a->nets = (adapter_nets){
      .stargan = {.size = a->geometry.size,
                  .image_channels = a->geometry.channels,
                  .domains = 2,
                  .channels = a->o->channels,
                  .blocks = a->o->blocks,
                  .critic_layers = a->o->critic_layers},
      .classifier = *classifier_description(a->frozen),
      .dropout = a->o->target_dropout,
      .norm = geometry_is_half(seen) ? NULL : &seen->norm,
      .g = nn_net_new("G/"),
      .d = nn_net_new("D/"),
      .fs = nn_net_new("FS/"),
      .ft = nn_net_new("FT/"),
  };
  return check_options(a);
}

/* Parameters get their first values under their names; plans then find them in the store. */
static int initialise(adapter *a) {
  tg_graph *g = tg_graph_new();
  adapter_nets *n = &a->nets;
  tg_value x =
      tg_input(g, "x", tg_shape4(1, n->stargan.size, n->stargan.size, n->stargan.image_channels));
  nn_generator_build(g, n->g, &n->stargan, x, tg_input(g, "to", tg_shape4(1, 1, 1, 2)));
  nn_discriminator_build(g, n->d, &n->stargan, x);
  nn_classifier_build(g, n->fs, &n->classifier, x);
  nn_classifier_build(g, n->ft, &n->classifier, x);
  int status = tg_graph_failure(g) ? fail(1, "%s", tg_graph_failure(g)) : 0;
  tg_graph_free(g);
  if (!status) status = nn_net_initialise(n->g, a->store, a->job->seed);
  if (!status) status = nn_net_initialise(n->d, a->store, a->job->seed);
  if (!status) status = model_load(a->task->classifier, n->fs, a->store);
  if (!status) status = model_load(a->task->classifier, n->ft, a->store);
  return status;
}

static int make_plans(adapter *a) {
  tg_plan_options p = {.effort = a->job->effort,
                       .kernels = a->job->kernels,
                       .seed = a->job->seed,
                       .memory = a->job->memory,
                       .bf16 = run_rounds(a->o->precision)};
  adapter_plan plan[ADAPTER_PLANS];
  if (adapter_plans_new(&a->nets, a->o, a->store, &p, plan)) return 1;
  a->critic = plan[0];
  a->generator = plan[1];
  a->target = plan[2];
  p.memory = 0;
  return translator_share(&a->nets.stargan, &a->geometry, a->store, "G/", &p, &a->translator);
}

static int start_loader(adapter *a, const xs_images *images, const int32_t *label,
                        const int64_t *rows, int64_t n, const char *side, loader **out) {
  char *stream = text_format("%s %s", a->job->task, side);
  loader_options o = {
      .sampler = {.seed = a->job->seed,
                  .stream = stream,
                  .mode = SAMPLER_RANDOM,
                  .batch = a->o->batch / 2,
                  .rows = rows,
                  .n = n,
                  .balanced = label && a->o->balanced,
                  .label = label,
                  .classes = a->nets.classifier.classes},
      .images = images,
      .label = label,
      .size = a->geometry.size,
      .channels = a->geometry.channels,
      .norm = a->geometry.norm,
      .view[0].flip = a->o->flips,
  };
  int status = loader_new(&o, a->done * (a->o->critic_steps + 1), out);
  free(stream);
  return status ? fail_context(1, "%s: %s images: ", a->job->task, side) : 0;
}

static int start_loaders(adapter *a) {
  const adapt_task *t = a->task;
  if (start_loader(a, t->source.images, t->source.label, t->source.rows, t->source.n, "source",
                   &a->source))
    return 1;
  return start_loader(a, t->target, NULL, t->target_rows, t->target_n, "target", &a->targets);
}

/* ---- steps ------------------------------------------------------------------------------------
 */

/* lr until decay_start of the run, then linearly to 0; counted in critic updates (Decision 8). */
static double rate_at(const adapter *a, int64_t update) {
  double total = (double)(a->o->generator_steps * a->o->critic_steps);
  double start = a->o->decay_start * total, at = (double)update;
  if (at < start || total <= start) return a->o->learning_rate;
  return a->o->learning_rate * (1 - (at - start) / (total - start));
}

static void set_one_hot(tg_plan *p, tg_value v, int64_t i, int domain) {
  float *x = tg_plan_data(p, v);
  x[2 * i] = domain == 0;
  x[2 * i + 1] = domain == 1;
}

/* Fills images, domains and wanted domains (Decision 9) of a critic or generator step. */
static const batch *set_batch(adapter *a, adapter_plan *p, int64_t index) {
  int64_t half = a->o->batch / 2, batch_size = a->o->batch;
  size_t pixels = (size_t)(half * a->geometry.size * a->geometry.size * a->geometry.channels);
  const batch *s = loader_next(a->source), *t = loader_next(a->targets);
  float *x = tg_plan_data(p->plan, p->x);
  memcpy(x, s->x, pixels * sizeof *x);
  memcpy(x + pixels, t->x, pixels * sizeof *x);
  int64_t *wanted = memory_new((size_t)batch_size * sizeof *wanted);
  bool permute = strcmp(a->o->translate, "permute") == 0;
  if (permute)
    random_permutation(a->job->seed, random_stream("wanted domains"), (uint64_t)index, batch_size,
                       wanted);
  for (int64_t i = 0; i < batch_size; i++) {
    int from = i >= half, to = permute ? wanted[i] >= half : !from;
    set_one_hot(p->plan, p->from, i, from);
    set_one_hot(p->plan, p->to, i, to);
    if (p->from_label) ((float *)tg_plan_data(p->plan, p->from_label))[i] = (float)from;
    if (p->to_label) ((float *)tg_plan_data(p->plan, p->to_label))[i] = (float)to;
  }
  free(wanted);
  return s;
}

static int run_plan(adapter *a, adapter_plan *p, int64_t index, int64_t update, double rate,
                    const char *const *name, double *loss) {
  run_set_scalar(p->plan, p->rate, rate);
  run_set_scalar(p->plan, p->step, (double)(update + 1));
  if (tg_plan_run(p->plan, (uint64_t)index)) return 1;
  for (int i = 0; i < p->losses; i++) loss[i] = run_scalar(p->plan, p->loss[i]);
  return run_check_losses(a->job, a->done, p->losses, name, loss);
}

static int critic_step(adapter *a, int64_t update) {
  set_batch(a, &a->critic, update);
  return run_plan(a, &a->critic, update, update, rate_at(a, update), critic_names, a->critic_loss);
}

static int target_step(adapter *a, const float *label, double *loss) {
  int64_t half = a->o->batch / 2;
  size_t pixels = (size_t)(half * a->geometry.size * a->geometry.size * a->geometry.channels);
  memcpy(tg_plan_data(a->target.plan, a->target.x),
         tg_plan_data(a->generator.plan, a->generator.fake), pixels * sizeof(float));
  memcpy(tg_plan_data(a->target.plan, a->target.label), label, (size_t)half * sizeof(float));
  int64_t update = a->target_updates++;
  return run_plan(a, &a->target, update, update, a->o->target_learning_rate, target_names, loss);
}

static int generator_step(adapter *a, double *loss, double *target_loss) {
  int64_t half = a->o->batch / 2;
  const batch *s = set_batch(a, &a->generator, ~a->done);
  memcpy(tg_plan_data(a->generator.plan, a->generator.label), s->label,
         (size_t)half * sizeof(float));
  run_set_scalar(a->generator.plan, a->generator.gate, a->gate);
  double rate = rate_at(a, a->done * a->o->critic_steps);
  if (run_plan(a, &a->generator, a->done, a->done, rate, generator_names, loss)) return 1;
  a->gate = run_scalar(a->generator.plan, a->generator.next_gate);
  if ((a->done + 1) % a->o->target_every) return 0;
  return target_step(a, s->label, target_loss);
}

/* ---- checkpoints and files ----------------------------------------------------------------------
 */

static int save(adapter *a) {
  checkpoint_part part = {"", a->store};
  json_t *state = json_pack("{s:I, s:I, s:f, s:s}", "done", (json_int_t)a->done, "target_updates",
                            (json_int_t)a->target_updates, "gate", a->gate, "curve", a->curve.text);
  a->saved = a->done;
  return run_save(a->job, a->done, 1, &part, state);
}

static int restore(adapter *a, const json_t *state) {
  checkpoint_part part = {"", a->store};
  const char *text;
  if (run_state_count(a->job, state, "done", a->o->generator_steps, &a->done) ||
      run_state_count(a->job, state, "target_updates", a->o->generator_steps, &a->target_updates) ||
      run_state_number(a->job, state, "gate", &a->gate) ||
      run_state_text(a->job, state, "curve", &text)) {
    return 1;
  }
  a->saved = a->done;
  curve_restore(&a->curve, text);
  if (run_restore(a->job, 1, &part)) return 1;
  run_note(a->job, "continues after generator step %lld", (long long)a->done);
  return 0;
}

static json_t *training_json(const adapter *a, const char *steps, int64_t n) {
  return json_pack("{s:s, s:I, s:I}", "task", a->job->task, "seed", (json_int_t)a->job->seed, steps,
                   (json_int_t)n);
}

static int save_stargan(const adapter *a, const nn_net *net, const char *kind) {
  char *name = text_format("%s.safetensors", kind), *path = run_path(a->job, name);
  json_t *metadata = translator_metadata(&a->nets.stargan, &a->geometry, kind);
  json_object_set_new(metadata, "training", training_json(a, "generator_steps", a->done));
  int status = model_save(path, net, a->store, metadata);
  json_decref(metadata);
  free(path);
  free(name);
  return status;
}

static int save_target_net(const adapter *a) {
  char *path = run_path(a->job, "target.safetensors");
  json_t *metadata = NULL;
  int status = model_metadata(a->task->classifier, "classifier", &metadata);
  if (!status) {
    model_forget_site(metadata);
    json_object_set_new(metadata, "preprocessing",
                        preprocessing_json(&a->task->target->how, a->geometry.size));
    json_object_set_new(metadata, "training",
                        training_json(a, "target_updates", a->target_updates));
    status = model_save(path, a->nets.ft, a->store, metadata);
  }
  json_decref(metadata);
  free(path);
  return status;
}

static int finish(adapter *a) {
  const adapt_task *t = a->task;
  const train_images source = {t->validation.images, t->validation.rows, t->validation.n},
                     target = {t->target, t->target_rows, t->target_n};
  char *table = run_path(a->job, "curve.tsv");
  int status = save_stargan(a, a->nets.g, "generator");
  if (!status) status = save_stargan(a, a->nets.d, "discriminator");
  if (!status) status = save_target_net(a);
  if (!status) status = file_write_atomic(table, a->curve.text, a->curve.size);
  if (!status) status = gallery_write(a->job->dir, source, target, a->translator);
  free(table);
  return status;
}

/* ---- the run ------------------------------------------------------------------------------------
 */

static void add_curve(adapter *a, const double *generator, double target, double keeps) {
  const double *c = a->critic_loss;
  curve_add(&a->curve, "%lld\t%.6g\t%.6g\t%.6g", (long long)a->done, c[CRITIC_WASSERSTEIN],
            c[CRITIC_PENALTY], c[CRITIC_DOMAIN]);
  for (int i = 0; i < 6; i++) curve_add(&a->curve, "\t%.6g", generator[i]);
  curve_add(&a->curve, "\t%.6g\t%.6g\n", target, keeps);
}

/* Share, in per cent, of translated source validation images that F_S gives the right label. */
static int measure_kept(adapter *a, double *kept) {
  const train_set *v = &a->task->validation;
  xs_images *made = NULL;
  int64_t n = v->n < 200 ? v->n : 200;
  float *logit = memory_new((size_t)(n * a->nets.classifier.classes + 1) * sizeof *logit);
  int32_t *label = memory_new((size_t)(n + 1) * sizeof *label);
  for (int64_t i = 0; i < n; i++) label[i] = v->label[v->rows[i]];
  int status = (int)translator_apply(a->translator, v->images, v->rows, n, 1, &made);
  if (!status) status = (int)xs_classifier_logits(a->frozen, made, NULL, n, logit);
  if (!status) *kept = 100 * xs_accuracy(logit, label, n, a->nets.classifier.classes);
  xs_images_close(made);
  free(label);
  free(logit);
  return status;
}

static int cycle(adapter *a, run_clock *clock) {
  double loss[6], target = NAN, kept = NAN, shown[8];
  const char *names[8] = {"critic", "adversarial", "cycle", "semantic"};
  int64_t last = a->o->generator_steps;
  for (int64_t k = 0; k < a->o->critic_steps; k++) {
    if (critic_step(a, a->done * a->o->critic_steps + k)) return 1;
  }
  if (generator_step(a, loss, &target)) return 1;
  a->done++;
  if (a->done % 50 == 0 || a->done == last) {
    if (measure_kept(a, &kept)) return 1;
  }
  if (a->done % 10 == 0 || a->done == last) add_curve(a, loss, target, kept);
  shown[0] = a->critic_loss[CRITIC_WASSERSTEIN];
  shown[1] = loss[GENERATOR_ADVERSARIAL];
  shown[2] = loss[GENERATOR_CYCLE];
  shown[3] = loss[GENERATOR_SEMANTIC_CYCLE] + loss[GENERATOR_SEMANTIC_TARGET];
  clock->waited = loader_waited(a->source) + loader_waited(a->targets);
  run_report(a->job, clock, a->done, last, 4, names, shown);
  return 0;
}

static xs_status train(adapter *a) {
  run_clock clock = run_clock_start();
  run_note_precision(a->job, a->o->precision);
  while (a->done < a->o->generator_steps) {
    if (cycle(a, &clock)) return XS_FAILED;
    bool stopped = run_stopped(a->job);
    if ((stopped || a->done - a->saved >= a->job->checkpoint_every) && save(a)) return XS_FAILED;
    if (stopped) return run_interrupted(a->job, a->done);
  }
  run_note_waiting(a->job, &clock);
  return XS_OK;
}

static xs_status run(adapter *a) {
  json_t *state = NULL;
  int status = describe_nets(a);
  if (!status) status = run_saved_state(a->job, &state);
  if (!status) status = initialise(a);
  if (!status) status = make_plans(a);
  if (!status && state) status = restore(a, state);
  json_decref(state);
  if (status) return (xs_status)status;
  if (start_loaders(a)) return XS_FAILED;
  xs_status trained = train(a);
  if (trained) return trained;
  return finish(a) ? XS_FAILED : XS_OK;
}

xs_status train_adapt(const train_job *job, const adapt_task *task) {
  adapter a = {.job = job, .task = task, .o = task->options, .store = tg_store_new(job->device)};
  curve_start(&a.curve,
              "step\tcritic\tpenalty\tdomain_real\tadversarial\tdomain_fake\tcycle\tsemantic_"
              "cycle\tsemantic_target\tsemantic_pseudo\ttarget_net\tkeeps_label");
  xs_status status = run(&a);
  loader_free(a.source);
  loader_free(a.targets);
  tg_plan_free(a.critic.plan);
  tg_plan_free(a.generator.plan);
  tg_plan_free(a.target.plan);
  translator_free(a.translator);
  tg_store_free(a.store);
  nn_net_free(a.nets.g);
  nn_net_free(a.nets.d);
  nn_net_free(a.nets.fs);
  nn_net_free(a.nets.ft);
  xs_classifier_free(a.frozen);
  curve_free(&a.curve);
  return status;
}
