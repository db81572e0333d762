/* bench_step.c: how long a critic step and a generator step take here, on made-up images. */
#include "adapter_plans.h"
#include "error.h"
#include "task_tables.h"
#include "timed_step.h"
#include "training_loop.h"

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

static void fill_inputs(const xs_bench_task *o, const xs_adapter_options *a, adapter_plan *p) {
  int64_t each = o->size * o->size * o->image_channels;
  bench_fill_uniform(p->plan, p->x, (p->from ? o->batch : o->batch / 2) * each);
  float *from = p->from ? tg_plan_data(p->plan, p->from) : NULL;
  float *to = p->to ? tg_plan_data(p->plan, p->to) : NULL;
  for (int64_t i = 0; i < 2 * o->batch; i++) {
    if (from) from[i] = (float)((i + i / o->batch) % 2 == 0);
    if (to) to[i] = (float)((i + i / o->batch) % 2 == 1);
  }
  training_set_scalar(p->plan, p->rate, a->learning_rate);
  training_set_scalar(p->plan, p->step, 1);
}

static int time_steps(const xs_bench_task *o, const xs_adapter_options *a, adapter_nets *n,
                      tg_store *s, FILE *f) {
  const tg_plan_options p = bench_plan_options(o);
  adapter_plan plan[ADAPTER_PLANS];
  int status = adapter_plans_new(n, a, s, &p, plan);
  if (!status) status = adapter_nets_initialise(n, s, 1);
  if (!status) {
    const bench_step step[] = {
        {"critic step",
         "critic_ms",
         1,
         {plan[PLAN_CRITIC].plan},
         {plan[PLAN_CRITIC].x},
         {o->batch}},
        {"generator step",
         "generator_ms",
         2,
         {plan[PLAN_GENERATOR].plan, plan[PLAN_TARGET].plan},
         {plan[PLAN_GENERATOR].x, plan[PLAN_TARGET].x},
         {o->batch, o->batch / 2}},
    };
    for (int i = 0; i < ADAPTER_PLANS; i++)
      if (plan[i].plan) fill_inputs(o, a, &plan[i]);
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
  const nn_classifier c = {o->model, (int)o->size, (int)o->image_channels, 10, 0, false};
  xs_adapter_options a = xs_adapter_defaults();
  a.source_every = 0; /* F_S frozen, as in the peer's step */
  a.channels = o->channels;
  a.blocks = o->blocks;
  a.batch = o->batch;
  adapter_nets n = adapter_nets_new(&a, 1, &c, NULL);
  int status = check(o, &n, f);
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  if (!status) status = time_steps(o, &a, &n, s, f);
  tg_store_free(s);
  adapter_nets_free(&n);
  return status;
}

const option_table task_bench_step_table = {.what = "bench step", .row = rows, .n = ROWS};

xs_status xs_bench_step(const xs_bench_task *o, char **text) {
  return bench_task(&task_bench_step_table, o, run, text);
}
