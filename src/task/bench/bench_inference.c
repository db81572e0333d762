/* bench_inference.c: how long a network's answer takes here, on made-up images. */
#include <string.h>

#include "error.h"
#include "inference.h"
#include "task_tables.h"
#include "timed_step.h"

#define ARCHITECTURE(id, name, ...) name "|"
static const char networks[] =
#include "xsite/architectures.def"
    "generator";

static const option rows[] = {
    OPTION_CHOICE_ROW(NULL, 0, xs_bench_task, model, "lenet", networks, "NAME", "the network"),
    BENCH_INTEGER_ROW(batch, "1", 1, 65536, "images at a time"),
    BENCH_INTEGER_ROW(channels, "64", 1, 4096, "channels of the generator's first layer"),
    BENCH_INTEGER_ROW(blocks, "4", 0, 1000, "the generator's residual blocks"),
    BENCH_ROWS,
};
enum { ROWS = sizeof rows / sizeof *rows };

static int plan_generator(const xs_bench_task *o, nn_net *net, tg_store *s,
                          const tg_plan_options *options, inference_plan *p) {
  const nn_stargan g = {(int)o->size, 3, 2, o->channels, o->blocks, 0};
  if (nn_stargan_check(&g)) return XS_USAGE;
  if (inference_plan_generator(net, &g, o->batch, s, options, p)) return XS_FAILED;
  float *domain = tg_plan_data(p->plan, p->domain);
  for (int64_t i = 0; i < o->batch; i++) domain[2 * i + 1] = 1;
  return XS_OK;
}

static int plan_classifier(const xs_bench_task *o, nn_net *net, tg_store *s,
                           const tg_plan_options *options, inference_plan *p) {
  const nn_classifier c = {o->model, (int)o->size, 3, 10, 0, false};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "size %lld: %s", (long long)o->size, why);
  return inference_plan_classifier(net, &c, o->batch, s, options, p);
}

static int run(const xs_bench_task *o, FILE *f) {
  if (bench_check(o, f)) return XS_FAILED;
  tg_set_threads((int)o->threads);
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  inference_plan p = {0};
  const tg_plan_options options = bench_plan_options(o);
  bool generator = strcmp(o->model, "generator") == 0;
  int status = (generator ? plan_generator : plan_classifier)(o, net, s, &options, &p);
  if (!status) status = nn_net_initialise(net, s, 1);
  if (!status) {
    bench_fill_uniform(p.plan, p.x, o->batch * o->size * o->size * 3);
    const bench_step step = {
        .name = "inference", .key = "inference_ms", .plans = 1, .plan = {p.plan}};
    status = bench_run(o, 1, &step, f);
  }
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(s);
  return status;
}

const option_table task_bench_inference_table = {.what = "bench inference", .row = rows, .n = ROWS};

xs_status xs_bench_inference(const xs_bench_task *o, char **text) {
  return bench_task(&task_bench_inference_table, o, run, text);
}
