/* bench_classifier.c: how long a training step of a classifier takes here, on made-up images.
 */
#include "classifier_plan.h"
#include "error.h"
#include "task_tables.h"
#include "timed_step.h"
#include "training_loop.h"

static const option rows[] = {
    OPTION_CHOICE_ROW(NULL, 0, xs_bench_task, model, "lenet", architecture_choices + 1, "NAME",
                      "the network"),
    BENCH_INTEGER_ROW(batch, "128", 1, 65536, "images per step"),
    BENCH_ROWS,
    BENCH_DATA_ROWS,
};
enum { ROWS = sizeof rows / sizeof *rows };

static int run(const xs_bench_task *o, FILE *f) {
  const xs_classifier_options usual = xs_classifier_defaults();
  const nn_classifier c = {o->model, (int)o->size, 3, 10, usual.dropout, true};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "size %lld: %s", (long long)o->size, why);
  if (bench_check(o, f)) return XS_FAILED;
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p;
  const tg_plan_options options = bench_plan_options(o);
  int status = fit_plan_new(net, &c, o->batch, usual.weight_decay, s, &options, &p);
  if (!status) status = nn_net_initialise(net, s, 1);
  if (!status) {
    bench_fill_uniform(p.plan, p.x, o->batch * o->size * o->size * 3);
    training_set_scalar(p.plan, p.rate, usual.learning_rate);
    training_set_scalar(p.plan, p.step, 1);
    const bench_step step = {"classifier step", "step_ms", 1, {p.plan}, {p.x}, {o->batch}};
    status = bench_run(o, 1, &step, f);
  }
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(s);
  return status;
}

const option_table task_bench_classifier_table = {
    .what = "bench classifier", .row = rows, .n = ROWS};

xs_status xs_bench_classifier(const xs_bench_task *o, char **text) {
  return bench_task(&task_bench_classifier_table, o, run, text);
}
