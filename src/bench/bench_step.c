/* bench_step.c: how long a critic step and a generator step take here, on made-up images. */
#include "adapter_plans.h"
#include "bench.h"
#include "error.h"
#include "task_tables.h"

static const option rows[] = {
    BENCH_INTEGER_ROW(channels, "64", 1, 4096, "channels of the first generator and critic layer"),
    BENCH_INTEGER_ROW(batch, "32", 2, 65536, "images per step, half source, half target"),
    BENCH_INTEGER_ROW(blocks, "4", 0, 1000, "residual blocks"),
    BENCH_INTEGER_ROW(image_channels, "3", 1, 3, "1 or 3"),
    OPTION_CHOICE_ROW(NULL, 0, xs_bench_task, model, "lenet", architecture_choices + 1, "NAME",
                      "network of the classifiers F_S and F_T"),
    BENCH_ROWS,
    BENCH_DATA_ROWS,
};
enum { ROWS = sizeof rows / sizeof *rows };

static int initialise(const adapter_nets *n, tg_store *s) {
  const nn_net *net[] = {n->g, n->d, n->fs, n->ft};
  for (int i = 0; i < 4; i++) {
    if (nn_net_initialise(net[i], s, 1)) return 1;
  }
  return 0;
}

static void fill_inputs(const xs_bench_task *o, adapter_plan *p) {
  int64_t each = o->size * o->size * o->image_channels;
  bench_fill_uniform(p->plan, p->x, (p->from ? o->batch : o->batch / 2) * each);
  float *from = p->from ? tg_plan_data(p->plan, p->from) : NULL;
  float *to = p->to ? tg_plan_data(p->plan, p->to) : NULL;
  for (int64_t i = 0; i < 2 * o->batch; i++) {
    if (from) from[i] = (float)((i + i / o->batch) % 2 == 0);
    if (to) to[i] = (float)((i + i / o->batch) % 2 == 1);
  }
  bench_set_scalar(p->plan, p->rate, 1e-4f);
  bench_set_scalar(p->plan, p->step, 1);
}

static int make_step_plans(const xs_bench_task *o, adapter_nets *n, tg_store *s,
                           adapter_plan plan[ADAPTER_PLANS]) {
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
  const tg_plan_options p = bench_plan_options(o);
  int status = adapter_plans_new(n, &a, s, &p, plan);
  return status ? status : initialise(n, s);
}

static int time_steps(const xs_bench_task *o, adapter_nets *n, tg_store *s, FILE *f) {
  adapter_plan plan[ADAPTER_PLANS];
  int status = make_step_plans(o, n, s, plan);
  if (!status) {
    const bench_step step[] = {
        {"critic step", "critic_ms", 1, {plan[0].plan}, {plan[0].x}, {o->batch}},
        {"generator step",
         "generator_ms",
         2,
         {plan[1].plan, plan[2].plan},
         {plan[1].x, plan[2].x},
         {o->batch, o->batch / 2}},
    };
    for (int i = 0; i < ADAPTER_PLANS; i++) fill_inputs(o, &plan[i]);
    status = bench_run(o, 2, step, f);
  }
  adapter_plans_free(plan);
  return status;
}

static int check(const xs_bench_task *o, const adapter_nets *n, FILE *f) {
  const char *why = nn_classifier_impossible(&n->classifier);
  if (o->image_channels == 2) return fail(XS_USAGE, "--image-channels: 2 is not 1 or 3");
  if (why) return fail(XS_USAGE, "size %lld: %s", (long long)o->size, why);
  if (o->batch % 2) {
    return fail(XS_USAGE, "batch %lld is odd: half is source, half target", (long long)o->batch);
  }
  int status = nn_stargan_check(&n->stargan);
  return status ? status : bench_check(o, f);
}

static int run(const xs_bench_task *o, FILE *f) {
  const int channels = (int)o->image_channels;
  adapter_nets n = {.stargan = {(int)o->size, channels, 2, o->channels, o->blocks, 0},
                    .classifier = {o->model, (int)o->size, channels, 10, 0, false},
                    .dropout = 0.5,
                    .g = nn_net_new("G/"),
                    .d = nn_net_new("D/"),
                    .fs = nn_net_new("FS/"),
                    .ft = nn_net_new("FT/")};
  int status = check(o, &n, f);
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  if (!status) status = time_steps(o, &n, s, f);
  tg_store_free(s);
  nn_net_free(n.g);
  nn_net_free(n.d);
  nn_net_free(n.fs);
  nn_net_free(n.ft);
  return status;
}

const option_table task_bench_step_table = {.what = "bench step", .row = rows, .n = ROWS};

xs_status xs_bench_step(const xs_bench_task *o, char **text) {
  return bench_task(&task_bench_step_table, o, run, text);
}
