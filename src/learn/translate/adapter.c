/* adapter.c: training the translator (method 4). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapter_plans.h"
#include "classifier.h"
#include "error.h"
#include "example_strips.h"
#include "file.h"
#include "memory.h"
#include "model_file.h"
#include "random.h"
#include "text.h"
#include "training_loop.h"
#include "training_run.h"
#include "translator.h"

typedef struct adapter {
  training t;
  const adapt_task *task;
  const xs_adapter_options *o;
  train_geometry geometry;
  xs_classifier *frozen; /* F_S as it was */
  adapter_nets nets;
  tg_store *store;
  adapter_plan plan[ADAPTER_PLANS];
  translator *translator; /* G as it is being trained */
  loader *source, *target[ADAPTER_TARGETS];
  const batch *from_source, *from_target[ADAPTER_TARGETS]; /* of this update, lent */
  /* kept in checkpoints */
  int64_t target_updates, source_updates;
  double gate[ADAPTER_TARGETS];
  /* losses of the last steps; those of the task networks NAN where they had none */
  double critic_loss[3], generator_loss[6], target_loss, source_loss;
} adapter;

static const char *const critic_names[] = {"critic", "penalty", "domain real"};
static const char *const generator_names[] = {
    "adversarial", "domain fake", "cycle", "semantic cycle", "semantic target", "semantic pseudo"};
static const char *const target_names[] = {"target net"};
static const char *const source_names[] = {"source net"};

/* ---- set up ---------------------------------------------------------------------------------- */

/* The semantic loss takes the source half of G(x,c') for images of the target's look. */
static bool is_untranslated(const xs_adapter_options *o) {
  return strcmp(o->translate, "permute") == 0 && strcmp(o->semantic, "off") != 0;
}

int adapter_check(const char *where, const xs_adapter_options *o, int targets) {
  if (is_untranslated(o)) {
    return fail(XS_USAGE,
                "%stranslate: 'permute' leaves some source images at their own site, but the "
                "semantic loss needs each of them translated; set semantic: off, or translate: "
                "other",
                where);
  }
  if (o->batch < 2 || o->batch % 2) {
    return fail(XS_USAGE, "%sbatch: %lld is odd, but half of a batch is source and half target",
                where, (long long)o->batch);
  }
  if (targets > ADAPTER_TARGETS) {
    return fail(XS_USAGE, "%s%d targets are more than one translator can have, which is %d", where,
                targets, ADAPTER_TARGETS);
  }
  if (o->batch / 2 % targets == 0) return 0;
  return fail(XS_USAGE, "%sbatch: %d targets share half of it evenly: %lld is no multiple of %d",
              where, targets, (long long)o->batch, 2 * targets);
}

static int check_options(const adapter *a) {
  if (adapter_check("adapter: ", a->o, a->task->targets)) return XS_USAGE;
  return nn_stargan_check(&a->nets.stargan);
}

static int describe_nets(adapter *a) {
  if (classifier_read(a->task->classifier, &a->frozen)) return 1;
  const train_geometry *seen = classifier_geometry(a->frozen);
  a->geometry = train_geometry_of(seen->size, seen->channels, "half");
  a->nets = adapter_nets_new(a->o, a->task->targets, classifier_description(a->frozen),
                             geometry_is_half(seen) ? NULL : &seen->norm);
  return check_options(a);
}

/* Parameters get their first values under their names; plans then find them in the store. */
static int give_first_values(adapter *a) {
  tg_graph *g = tg_graph_new();
  adapter_nets *n = &a->nets;
  tg_value x =
      tg_input(g, "x", tg_shape4(1, n->stargan.size, n->stargan.size, n->stargan.image_channels));
  nn_generator_build(g, n->g, &n->stargan, x,
                     tg_input(g, "to", tg_shape4(1, 1, 1, n->stargan.domains)));
  nn_discriminator_build(g, n->d, &n->stargan, x);
  nn_classifier_build(g, n->fs, &n->classifier, x);
  for (int t = 0; t < n->targets; t++) nn_classifier_build(g, n->ft[t], &n->classifier, x);
  int status = tg_graph_failure(g) ? fail(1, "%s", tg_graph_failure(g)) : 0;
  tg_graph_free(g);
  if (!status) status = nn_net_initialise(n->g, a->store, a->t.job->seed);
  if (!status) status = nn_net_initialise(n->d, a->store, a->t.job->seed);
  if (!status) status = model_parameters(a->task->classifier, n->fs, a->store);
  for (int t = 0; t < n->targets && !status; t++) {
    status = model_parameters(a->task->classifier, n->ft[t], a->store);
  }
  return status;
}

static int make_plans(adapter *a) {
  tg_plan_options p = training_plan_options(&a->t);
  if (adapter_plans_new(&a->nets, a->o, a->store, &p, a->plan)) return 1;
  p.memory = 0;
  return translator_share(&a->nets.stargan, &a->geometry, a->store, "G/", &p, &a->translator);
}

static int set_up(void *own) {
  adapter *a = own;
  return give_first_values(a) || make_plans(a);
}

static bool shares_batches(const adapter *a) {
  return strcmp(a->o->generator_batch, "critic") == 0;
}

/* Images of each target in a batch. */
static int64_t each_target(const adapter *a) { return a->o->batch / 2 / a->task->targets; }

static int load(adapter *a, train_set from, const char *side, int64_t images, loader **out) {
  loader_options o = {
      .sampler = {.mode = SAMPLER_RANDOM,
                  .batch = images,
                  .rows = from.rows,
                  .n = from.n,
                  .balanced = from.label && a->o->balanced,
                  .label = from.label,
                  .classes = a->nets.classifier.classes},
      .images = from.images,
      .label = from.label,
      .view[0].flip = a->o->flips,
  };
  const int64_t used = a->t.done * (a->o->critic_steps + (shares_batches(a) ? 0 : 1));
  return training_load(&a->t, side, &a->geometry, used, &o, out);
}

static int start(void *own) {
  adapter *a = own;
  const adapt_task *t = a->task;
  int status = load(a, t->source, "source", a->o->batch / 2, &a->source);
  for (int k = 0; k < t->targets && !status; k++) {
    const train_images *from = &t->target[k];
    const train_set target = {
        .images = from->images, .rows = (int64_t *)(uintptr_t)from->rows, .n = from->n};
    char *side = k ? text_format("target %d", k) : text_copy("target");
    status = load(a, target, side, each_target(a), &a->target[k]);
    free(side);
  }
  return status;
}

/* ---- steps ------------------------------------------------------------------------------------
 */

/* The rate until the share decay_start of the run, then linearly to 0; counted in critic updates
 * (Decision 8). */
static double falling(const adapter *a, double rate, double decay_start, int64_t update) {
  double total = (double)(a->o->generator_steps * a->o->critic_steps);
  double start = decay_start * total, at = (double)update;
  if (at < start || total <= start) return rate;
  return rate * (1 - (at - start) / (total - start));
}

static double rate_at(const adapter *a, int64_t update) {
  return falling(a, a->o->learning_rate, a->o->decay_start, update);
}

/* Of F_T and F_S (Decision 12). */
static double task_rate(const adapter *a) {
  const xs_adapter_options *o = a->o;
  return falling(a, o->target_learning_rate, o->target_decay_start, a->t.done * o->critic_steps);
}

static void set_one_hot(const adapter *a, tg_plan *p, tg_value v, int64_t i, int domain) {
  const int domains = a->nets.stargan.domains;
  float *x = tg_plan_data(p, v);
  for (int k = 0; k < domains; k++) x[domains * i + k] = k == domain;
}

/* Of the image at this place of a batch; and where it goes if no permutation says so: source images
 * to each target in equal parts, targets' images to the source. */
static int domain_at(const adapter *a, int64_t i) {
  const int64_t half = a->o->batch / 2;
  return i < half ? 0 : 1 + (int)((i - half) / each_target(a));
}

static int other_domain(const adapter *a, int64_t i) {
  return i < a->o->batch / 2 ? 1 + (int)(i / each_target(a)) : 0;
}

static void next_batches(adapter *a) {
  a->from_source = loader_next(a->source);
  for (int t = 0; t < a->task->targets; t++) a->from_target[t] = loader_next(a->target[t]);
}

static size_t image_bytes(const adapter *a, int64_t images) {
  const train_geometry *g = &a->geometry;
  return (size_t)(images * g->size * g->size * g->channels) * sizeof(float);
}

/* Fills domains and wanted domains (Decision 9) of a critic or generator update. */
static void set_domains(const adapter *a, adapter_plan *p, int64_t index) {
  const int64_t batch_size = a->o->batch;
  int64_t *wanted = memory_new((size_t)batch_size * sizeof *wanted);
  bool permute = strcmp(a->o->translate, "permute") == 0;
  if (permute)
    random_permutation(a->t.job->seed, random_stream("wanted domains"), (uint64_t)index, batch_size,
                       wanted);
  for (int64_t i = 0; i < batch_size; i++) {
    int from = domain_at(a, i), to = permute ? domain_at(a, wanted[i]) : other_domain(a, i);
    set_one_hot(a, p->plan, p->from, i, from);
    set_one_hot(a, p->plan, p->to, i, to);
    if (p->from_label) ((float *)tg_plan_data(p->plan, p->from_label))[i] = (float)from;
    if (p->to_label) ((float *)tg_plan_data(p->plan, p->to_label))[i] = (float)to;
  }
  free(wanted);
}

static void set_batch(const adapter *a, adapter_plan *p, int64_t index) {
  char *x = tg_plan_data(p->plan, p->x);
  const size_t bytes = image_bytes(a, each_target(a));
  memcpy(x, a->from_source->x, image_bytes(a, a->o->batch / 2));
  x += image_bytes(a, a->o->batch / 2);
  for (int t = 0; t < a->task->targets; t++)
    memcpy(x + (size_t)t * bytes, a->from_target[t]->x, bytes);
  set_domains(a, p, index);
}

static int update(adapter *a, adapter_plan *p, int64_t updates, double rate,
                  const char *const *name, double *loss) {
  const training_plan plan = {p->plan, p->rate, p->step, p->losses, p->loss, name};
  return training_update(&a->t, &plan, updates, rate, loss);
}

static int critic_step(adapter *a, int64_t updates) {
  next_batches(a);
  set_batch(a, &a->plan[PLAN_CRITIC], updates);
  return update(a, &a->plan[PLAN_CRITIC], updates, rate_at(a, updates), critic_names,
                a->critic_loss);
}

/* An update of a task network on n images of a value of the generator's plan, from the first on. */
static int task_step(adapter *a, adapter_plan *p, tg_value images, int64_t first, int64_t n,
                     int64_t updates, const char *const *name, double *loss) {
  const adapter_plan *g = &a->plan[PLAN_GENERATOR];
  const char *x = tg_plan_data(g->plan, images);
  const float *label = tg_plan_data(g->plan, g->label);
  memcpy(tg_plan_data(p->plan, p->x), x + image_bytes(a, first), image_bytes(a, n));
  memcpy(tg_plan_data(p->plan, p->label), label + first, (size_t)n * sizeof *label);
  return update(a, p, updates, task_rate(a), name, loss);
}

/* Each F_T on the source images that went to its target; the loss is their mean. */
static int target_steps(adapter *a) {
  const int64_t each = each_target(a);
  double sum = 0;
  for (int t = 0; t < a->task->targets; t++) {
    double loss;
    if (task_step(a, &a->plan[PLAN_TARGET + t], a->plan[PLAN_GENERATOR].fake, t * each, each,
                  a->target_updates, target_names, &loss)) {
      return 1;
    }
    sum += loss;
  }
  a->target_updates++;
  a->target_loss = sum / a->task->targets;
  return 0;
}

/* F_T learns from translated source images, F_S from them as they are. */
static int task_steps(adapter *a) {
  const int64_t done = a->t.done + 1;
  a->target_loss = a->source_loss = NAN;
  if (done % a->o->target_every == 0 && target_steps(a)) return 1;
  if (!adapter_source_learns(a->o) || done % a->o->source_every) return 0;
  return task_step(a, &a->plan[PLAN_SOURCE], a->plan[PLAN_GENERATOR].x, 0, a->o->batch / 2,
                   a->source_updates++, source_names, &a->source_loss);
}

static int generator_step(adapter *a) {
  const int64_t half = a->o->batch / 2, done = a->t.done;
  adapter_plan *g = &a->plan[PLAN_GENERATOR];
  if (shares_batches(a)) { /* as StarGAN's code: the images and wanted sites of the critic's last */
    set_batch(a, g, (done + 1) * a->o->critic_steps - 1);
  } else {
    next_batches(a);
    set_batch(a, g, ~done);
  }
  memcpy(tg_plan_data(g->plan, g->label), a->from_source->label, (size_t)half * sizeof(float));
  for (int t = 0; t < a->task->targets; t++) training_set_scalar(g->plan, g->gate[t], a->gate[t]);
  double rate = rate_at(a, done * a->o->critic_steps);
  if (update(a, g, done, rate, generator_names, a->generator_loss)) return 1;
  for (int t = 0; t < a->task->targets; t++) {
    a->gate[t] = training_scalar(g->plan, g->next_gate[t]);
  }
  return task_steps(a);
}

/* A generator step, after its critic steps. */
static int step(void *own) {
  adapter *a = own;
  const double *loss = a->generator_loss;
  for (int64_t k = 0; k < a->o->critic_steps; k++) {
    if (critic_step(a, a->t.done * a->o->critic_steps + k)) return 1;
  }
  if (generator_step(a)) return 1;
  training_show(&a->t, "critic", a->critic_loss[CRITIC_WASSERSTEIN]);
  training_show(&a->t, "adversarial", loss[GENERATOR_ADVERSARIAL]);
  training_show(&a->t, "cycle", loss[GENERATOR_CYCLE]);
  training_show(&a->t, "semantic",
                loss[GENERATOR_SEMANTIC_CYCLE] + loss[GENERATOR_SEMANTIC_TARGET]);
  return 0;
}

/* ---- checkpoints and files ----------------------------------------------------------------------
 */

static char *gate_name(int t) { return t ? text_format("gate%d", t) : text_copy("gate"); }

static json_t *save(const void *own) {
  const adapter *a = own;
  json_t *j = json_pack("{s:I, s:I}", "target_updates", (json_int_t)a->target_updates,
                        "source_updates", (json_int_t)a->source_updates);
  for (int t = 0; t < a->task->targets; t++) {
    char *name = gate_name(t);
    json_object_set_new(j, name, json_real(a->gate[t]));
    free(name);
  }
  return j;
}

static int restore(void *own, const json_t *counter) {
  adapter *a = own;
  int status = training_count(&a->t, counter, "target_updates", a->t.total, &a->target_updates) ||
               training_count(&a->t, counter, "source_updates", a->t.total, &a->source_updates);
  for (int t = 0; t < a->task->targets && !status; t++) {
    char *name = gate_name(t);
    status = training_number(&a->t, counter, name, &a->gate[t]);
    free(name);
  }
  return status;
}

static json_t *training_json(const adapter *a, const char *steps, int64_t n) {
  return json_pack("{s:s, s:I, s:I}", "task", a->t.job->task, "seed", (json_int_t)a->t.job->seed,
                   steps, (json_int_t)n);
}

/* The domains' names: of a translator that several pairs share. */
static json_t *sites_json(const adapt_task *task) {
  json_t *names = json_pack("[s]", task->source.images->name);
  for (int t = 0; t < task->targets; t++) {
    json_array_append_new(names, json_string(task->target[t].images->name));
  }
  return names;
}

static int save_stargan(const adapter *a, const nn_net *net, const char *kind) {
  char *name = text_format("%s.safetensors", kind), *path = run_path(a->t.job, name);
  json_t *metadata = translator_metadata(&a->nets.stargan, &a->geometry, kind);
  json_object_set_new(metadata, "training", training_json(a, "generator_steps", a->t.done));
  if (a->task->targets > 1) json_object_set_new(metadata, "sites", sites_json(a->task));
  int status = model_save(path, net, a->store, metadata);
  json_decref(metadata);
  free(path);
  free(name);
  return status;
}

static int save_target_net(const adapter *a, int t) {
  const xs_images *images = a->task->target[t].images;
  char *name = a->task->targets == 1 ? text_copy("target.safetensors")
                                     : text_format("target-%s.safetensors", images->name),
       *path = run_path(a->t.job, name);
  json_t *metadata = model_inherited(a->task->classifier);
  json_object_set_new(metadata, "preprocessing",
                      preprocessing_json(&images->how, a->geometry.size));
  json_object_set_new(metadata, "training", training_json(a, "target_updates", a->target_updates));
  int status = model_save(path, a->nets.ft[t], a->store, metadata);
  json_decref(metadata);
  free(path);
  free(name);
  return status;
}

/* Of several targets each pair shows its own examples. */
static int finish(void *own) {
  const adapter *a = own;
  const adapt_task *t = a->task;
  const train_images source = {t->validation.images, t->validation.rows, t->validation.n};
  int status = save_stargan(a, a->nets.g, "generator");
  if (!status) status = save_stargan(a, a->nets.d, "discriminator");
  for (int k = 0; k < t->targets && !status; k++) status = save_target_net(a, k);
  if (status || t->targets > 1) return status;
  return example_strips_write(a->t.job->dir, source, t->target[0], a->translator);
}

/* ---- the curve
 * ------------------------------------------------------------------------------------
 */

static const char header[] =
    "step\tcritic\tpenalty\tdomain_real\tadversarial\tdomain_fake\tcycle\tsemantic_cycle\t"
    "semantic_target\tsemantic_pseudo\ttarget_net\tsource_net\tkeeps_label\n";

static void add_row(adapter *a, double keeps) {
  const double *c = a->critic_loss;
  training_row(&a->t, "%lld\t%.6g\t%.6g\t%.6g", (long long)a->t.done, c[CRITIC_WASSERSTEIN],
               c[CRITIC_PENALTY], c[CRITIC_DOMAIN]);
  for (int i = 0; i < 6; i++) training_row(&a->t, "\t%.6g", a->generator_loss[i]);
  training_row(&a->t, "\t%.6g\t%.6g\t%.6g\n", a->target_loss, a->source_loss, keeps);
}

/* How many of n source validation images F_S gives the right label when they are translated. */
static int count_kept(adapter *a, int64_t n, int domain, double *kept) {
  const train_set *v = &a->task->validation;
  xs_images *made = NULL;
  float *logit = memory_new((size_t)(n * a->nets.classifier.classes + 1) * sizeof *logit);
  int32_t *label = memory_new((size_t)(n + 1) * sizeof *label);
  for (int64_t i = 0; i < n; i++) label[i] = v->label[v->rows[i]];
  int status = (int)translator_apply(a->translator, v->images, v->rows, n, domain, &made);
  if (!status) status = (int)xs_classifier_logits(a->frozen, made, NULL, n, logit);
  if (!status) *kept = xs_accuracy(logit, label, n, a->nets.classifier.classes);
  xs_images_close(made);
  free(label);
  free(logit);
  return status;
}

/* The share, in per cent; the mean over the targets. */
static int measure_kept(adapter *a, double *kept) {
  const int64_t n = a->task->validation.n < 200 ? a->task->validation.n : 200;
  double sum = 0, one = NAN;
  for (int t = 0; t < a->task->targets; t++) {
    if (count_kept(a, n, 1 + t, &one)) return 1;
    sum += one;
  }
  *kept = 100 * (sum / a->task->targets);
  return 0;
}

static int measure(void *own) {
  adapter *a = own;
  double kept = NAN;
  if ((a->t.done % 50 == 0 || a->t.done == a->t.total) && measure_kept(a, &kept)) return 1;
  if (training_has_row(&a->t)) add_row(a, kept);
  return 0;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

static const trainer adapter_trainer = {.unit = "generator step",
                                        .set_up = set_up,
                                        .start = start,
                                        .step = step,
                                        .measure = measure,
                                        .save = save,
                                        .restore = restore,
                                        .finish = finish};

static void release(adapter *a) {
  adapter_plans_free(a->plan);
  translator_free(a->translator);
  tg_store_free(a->store);
  adapter_nets_free(&a->nets);
  xs_classifier_free(a->frozen);
}

xs_status train_adapt(const train_job *job, const adapt_task *task) {
  const xs_adapter_options *o = task->options;
  adapter a = {.task = task, .o = o, .store = tg_store_new(job->device)};
  a.t = (training){.job = job,
                   .trainer = &adapter_trainer,
                   .own = &a,
                   .precision = o->precision,
                   .part = {{"", a.store}},
                   .total = o->generator_steps};
  xs_status status = (xs_status)describe_nets(&a);
  if (!status) {
    training_row(&a.t, "%s", header);
    status = training_loop(&a.t);
  }
  release(&a);
  return status;
}
