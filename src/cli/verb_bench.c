/* verb_bench.c: how long a training step takes here, on made-up images. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "adapter_plans.h"
#include "cli.h"
#include "error.h"
#include "fit_plan.h"
#include "random.h"

typedef struct bench_options {
  int64_t channels, batch, size, blocks, repeats, threads;
  char *precision, *model;
  bool json, plan, measure_kernels;
} bench_options;

#define FIELD(name) offsetof(bench_options, name)
#define COMMON_ROWS                                                                                \
  {.name = "size",                                                                                 \
   .type = OPTION_INTEGER,                                                                         \
   .offset = FIELD(size),                                                                          \
   .fallback = "32",                                                                               \
   .low = 1,                                                                                       \
   .high = 4096,                                                                                   \
   .value = "N",                                                                                   \
   .help = "Height and width of the images."},                                                     \
      {.name = "precision",                                                                        \
       .type = OPTION_CHOICE,                                                                      \
       .offset = FIELD(precision),                                                                 \
       .fallback = "f32",                                                                          \
       .choices = "f32",                                                                           \
       .value = "NAME",                                                                            \
       .help = "Number format of activations and products."},                                      \
      {.name = "repeats",                                                                          \
       .type = OPTION_INTEGER,                                                                     \
       .offset = FIELD(repeats),                                                                   \
       .fallback = "7",                                                                            \
       .low = 1,                                                                                   \
       .high = 10000,                                                                              \
       .value = "N",                                                                               \
       .help = "Timed steps; the median is printed."},                                             \
      {.name = "threads",                                                                          \
       .type = OPTION_INTEGER,                                                                     \
       .offset = FIELD(threads),                                                                   \
       .fallback = "0",                                                                            \
       .high = 1024,                                                                               \
       .value = "N",                                                                               \
       .help = "Threads; 0 means one for each processor."},                                        \
      {.name = "measure_kernels",                                                                  \
       .type = OPTION_FLAG,                                                                        \
       .offset = FIELD(measure_kernels),                                                           \
       .fallback = "false",                                                                        \
       .help = "Time the candidate kernels once and keep the fastest."},                           \
      {.name = "plan",                                                                             \
       .type = OPTION_FLAG,                                                                        \
       .offset = FIELD(plan),                                                                      \
       .fallback = "false",                                                                        \
       .help = "Print the planned steps and their mean times too."},                               \
  {                                                                                                \
    .name = "json", .type = OPTION_FLAG, .offset = FIELD(json), .fallback = "false",               \
    .help = "Print JSON."                                                                          \
  }

static const option step_rows[] = {
    {.name = "channels",
     .type = OPTION_INTEGER,
     .offset = FIELD(channels),
     .fallback = "64",
     .low = 1,
     .high = 4096,
     .value = "N",
     .help = "Channels of the first generator and critic layer."},
    {.name = "batch",
     .type = OPTION_INTEGER,
     .offset = FIELD(batch),
     .fallback = "32",
     .low = 2,
     .high = 65536,
     .value = "N",
     .help = "Images per step, half source, half target."},
    {.name = "blocks",
     .type = OPTION_INTEGER,
     .offset = FIELD(blocks),
     .fallback = "4",
     .high = 1000,
     .value = "N",
     .help = "Residual blocks."},
    COMMON_ROWS,
};

static const option classifier_rows[] = {
    {.name = "model",
     .type = OPTION_CHOICE,
     .offset = FIELD(model),
     .fallback = "lenet",
     .choices = "lenet|lenet5",
     .value = "NAME",
     .help = "The network."},
    {.name = "batch",
     .type = OPTION_INTEGER,
     .offset = FIELD(batch),
     .fallback = "128",
     .low = 1,
     .high = 65536,
     .value = "N",
     .help = "Images per step."},
    COMMON_ROWS,
};

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const double *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

/* Median milliseconds of running the plans in turn, after two runs that warm up. */
static double time_plans(const bench_options *o, int n, tg_plan *const *plan) {
  double *took = calloc((size_t)o->repeats, sizeof *took);
  if (!took) return 0;
  for (int64_t i = -2; i < o->repeats; i++) {
    double start = now_ms();
    for (int k = 0; k < n; k++) tg_plan_run(plan[k], (uint64_t)(i + 2));
    if (i >= 0) took[i] = now_ms() - start;
  }
  qsort(took, (size_t)o->repeats, sizeof *took, by_value);
  double median = took[o->repeats / 2];
  free(took);
  return median;
}

static void fill_uniform(tg_plan *p, tg_value v, int64_t count) {
  float *x = tg_plan_data(p, v);
  for (int64_t i = 0; x && i < count; i++) {
    x[i] = 2 * random_uniform(1, random_stream("bench"), 0, (uint64_t)i) - 1;
  }
}

static void set_scalar(tg_plan *p, tg_value v, float x) { *(float *)tg_plan_data(p, v) = x; }

static void print_plan(const bench_options *o, const char *title, const tg_plan *p) {
  if (!o->plan) return;
  char *text = tg_plan_dump(p);
  printf("%s, %.1f MB of intermediate values:\n%s\n", title, (double)tg_plan_bytes(p) / 1e6, text);
  free(text);
}

static double peak_bytes(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return 1024.0 * (double)u.ru_maxrss;
}

static void print_results(const bench_options *o, json_t *j) {
  json_object_set_new(j, "peak_bytes", json_real(peak_bytes()));
  json_object_set_new(j, "threads", json_integer(tg_threads()));
  const char *key;
  json_t *value;
  if (o->json) {
    json_dumpf(j, stdout, JSON_PRESERVE_ORDER);
    putchar('\n');
  } else {
    json_object_foreach(j, key, value) printf("%-14s %.4g\n", key, json_number_value(value));
  }
  json_decref(j);
}

static tg_plan_options plan_options(const bench_options *o) {
  return (tg_plan_options){
      .effort = o->measure_kernels ? TG_MEASURE : TG_ESTIMATE, .seed = 1, .timed = o->plan};
}

/* ---- critic and generator steps ---------------------------------------------------------------
 */

static int initialise(const adapter_nets *n, tg_store *s) {
  const nn_net *net[] = {n->g, n->d, n->fs, n->ft};
  for (int i = 0; i < 4; i++) {
    if (nn_net_initialise(net[i], s, 1)) return 1;
  }
  return 0;
}

static void fill_inputs(const bench_options *o, adapter_plan *p) {
  int64_t each = o->size * o->size * 3;
  fill_uniform(p->plan, p->x, (p->from ? o->batch : o->batch / 2) * each);
  float *from = p->from ? tg_plan_data(p->plan, p->from) : NULL;
  float *to = p->to ? tg_plan_data(p->plan, p->to) : NULL;
  for (int64_t i = 0; i < 2 * o->batch; i++) {
    if (from) from[i] = (float)((i + i / o->batch) % 2 == 0);
    if (to) to[i] = (float)((i + i / o->batch) % 2 == 1);
  }
  set_scalar(p->plan, p->rate, 1e-4f);
  set_scalar(p->plan, p->step, 1);
}

static int make_step_plans(const bench_options *o, adapter_nets *n, tg_store *s,
                           adapter_plan plan[3]) {
  const xs_adapter_options a = {.channels = o->channels,
                                .blocks = o->blocks,
                                .batch = o->batch,
                                .beta1 = 0.5,
                                .beta2 = 0.999,
                                .gradient_penalty = 10,
                                .penalty_epsilon = 1e-12,
                                .classification = 1,
                                .cycle = 10,
                                .semantic = (char[]){"paper"},
                                .semantic_cycle = 1,
                                .semantic_target = 1,
                                .semantic_pseudo = 1,
                                .pseudo_threshold = 1};
  const tg_plan_options p = plan_options(o);
  if (adapter_plan_critic(n, &a, s, &p, &plan[0])) return 1;
  if (adapter_plan_generator(n, &a, s, &p, &plan[1])) return 1;
  if (adapter_plan_target(n, &a, s, &p, &plan[2])) return 1;
  return initialise(n, s);
}

static int time_steps(const bench_options *o, adapter_nets *n, tg_store *s) {
  adapter_plan plan[3] = {{0}};
  int status = make_step_plans(o, n, s, plan);
  if (!status) {
    tg_plan *critic[] = {plan[0].plan}, *generator[] = {plan[1].plan, plan[2].plan};
    for (int i = 0; i < 3; i++) fill_inputs(o, &plan[i]);
    double d = time_plans(o, 1, critic), g = time_plans(o, 2, generator);
    print_plan(o, "critic step", plan[0].plan);
    print_plan(o, "generator step", plan[1].plan);
    print_results(o, json_pack("{s:f, s:f}", "critic_ms", d, "generator_ms", g));
  }
  for (int i = 0; i < 3; i++) tg_plan_free(plan[i].plan);
  return status;
}

static int run_step(void *record, int words, const char **word) {
  (void)words;
  (void)word;
  const bench_options *o = record;
  adapter_nets n = {.stargan = {(int)o->size, 3, 2, o->channels, o->blocks, 0},
                    .classifier = {"lenet", (int)o->size, 3, 10, 0},
                    .dropout = 0.5,
                    .g = nn_net_new("G/"),
                    .d = nn_net_new("D/"),
                    .fs = nn_net_new("FS/"),
                    .ft = nn_net_new("FT/")};
  const char *why = nn_classifier_impossible(&n.classifier);
  int status = why ? fail(XS_USAGE, "size %lld: %s", (long long)o->size, why) : 0;
  if (!status && o->batch % 2)
    status = fail(XS_USAGE, "batch %lld is odd: half is source, half target", (long long)o->batch);
  if (!status) status = nn_stargan_check(&n.stargan);
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  if (!status) status = time_steps(o, &n, s);
  tg_store_free(s);
  nn_net_free(n.g);
  nn_net_free(n.d);
  nn_net_free(n.fs);
  nn_net_free(n.ft);
  return status;
}

/* ---- classifier step
 * ----------------------------------------------------------------------------- */

static int run_classifier(void *record, int words, const char **word) {
  (void)words;
  (void)word;
  const bench_options *o = record;
  nn_classifier c = {o->model, (int)o->size, 3, 10, 0.5};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "size %lld: %s", (long long)o->size, why);
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p;
  const tg_plan_options options = plan_options(o);
  int status = fit_plan_new(net, &c, o->batch, 0, s, &options, &p);
  if (!status) status = nn_net_initialise(net, s, 1);
  if (!status) {
    fill_uniform(p.plan, p.x, o->batch * o->size * o->size * 3);
    set_scalar(p.plan, p.rate, 1e-3f);
    set_scalar(p.plan, p.step, 1);
    double ms = time_plans(o, 1, &p.plan);
    print_plan(o, "classifier step", p.plan);
    print_results(o, json_pack("{s:f}", "step_ms", ms));
  }
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(s);
  return status;
}

const cli_verb verb_bench_step = {.name = "bench step",
                                  .words = "",
                                  .summary =
                                      "Time a critic step and a generator step of an adapter.",
                                  .options = step_rows,
                                  .n_options = sizeof step_rows / sizeof *step_rows,
                                  .record = sizeof(bench_options),
                                  .computes = true,
                                  .run = run_step};

const cli_verb verb_bench_classifier = {.name = "bench classifier",
                                        .words = "",
                                        .summary = "Time a training step of a classifier.",
                                        .options = classifier_rows,
                                        .n_options =
                                            sizeof classifier_rows / sizeof *classifier_rows,
                                        .record = sizeof(bench_options),
                                        .computes = true,
                                        .run = run_classifier};
