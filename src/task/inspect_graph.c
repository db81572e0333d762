/* inspect_graph.c: the nodes, or the planned steps, of one of the networks. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "nn.h"
#include "task_tables.h"
#include "text.h"
#include "xsite.h"

static const option rows[] = {
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, size, "32", 1, 4096,
                       "height and width of the images"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, image_channels, "3", 1, 3, "1 or 3"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, batch, "1", 1, 65536, "images at a time"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, channels, "64", 1, 4096,
                       "channels of the first layer of a generator or discriminator"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, blocks, "4", 0, 1000,
                       "residual blocks of a generator"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, critic_layers, "0", 0, 6,
                       "layers of a discriminator; 0: as many as the size allows, at most 6"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, domains, "2", 2, 1000,
                       "sites of a generator or discriminator"),
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, classes, "10", 2, 100000,
                       "classes of a classifier"),
    OPTION_FLAG_ROW(NULL, 0, xs_inspect_graph_task, plan,
                    "the planned steps with kernels and buffers instead of the nodes"),
};
enum { ROWS = sizeof rows / sizeof *rows };

static nn_stargan stargan_of(const xs_inspect_graph_task *o) {
  return (nn_stargan){.size = (int)o->size,
                      .image_channels = (int)o->image_channels,
                      .domains = (int)o->domains,
                      .channels = o->channels,
                      .blocks = o->blocks,
                      .critic_layers = o->critic_layers};
}

static int build_generator(const xs_inspect_graph_task *o, tg_graph *g, nn_net *net, tg_value x,
                           tg_value *outputs) {
  nn_stargan s = stargan_of(o);
  if (nn_stargan_check(&s)) return XS_USAGE;
  tg_value domain = tg_input(g, "domain", tg_shape4(o->batch, 1, 1, o->domains));
  outputs[0] = nn_generator_build(g, net, &s, x, domain);
  return XS_OK;
}

static int build_discriminator(const xs_inspect_graph_task *o, tg_graph *g, nn_net *net, tg_value x,
                               tg_value *outputs) {
  nn_stargan s = stargan_of(o);
  if (nn_stargan_check(&s)) return XS_USAGE;
  nn_verdict v = nn_discriminator_build(g, net, &s, x);
  outputs[0] = v.source;
  outputs[1] = v.domain;
  return XS_OK;
}

static int build_classifier(const xs_inspect_graph_task *o, tg_graph *g, nn_net *net,
                            const char *name, tg_value x, tg_value *outputs) {
  nn_classifier c = {.architecture = name,
                     .size = (int)o->size,
                     .channels = (int)o->image_channels,
                     .classes = (int)o->classes};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "%s: %s; the others are generator and discriminator", name, why);
  outputs[0] = nn_classifier_build(g, net, &c, x);
  return XS_OK;
}

static int build(const xs_inspect_graph_task *o, const char *name, tg_graph *g, nn_net *net,
                 tg_value outputs[2]) {
  tg_value x = tg_input(g, "x", tg_shape4(o->batch, o->size, o->size, o->image_channels));
  if (strcmp(name, "generator") == 0) return build_generator(o, g, net, x, outputs);
  if (strcmp(name, "discriminator") == 0) return build_discriminator(o, g, net, x, outputs);
  return build_classifier(o, g, net, name, x, outputs);
}

static xs_status describe_plan(tg_graph *g, int n, const tg_value *outputs, char **text) {
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *p = NULL;
  xs_status status = tg_plan_new(g, s, n, outputs, NULL, &p) ? XS_FAILED : XS_OK;
  if (!status) {
    char *steps = tg_plan_dump(p);
    *text =
        text_format("%s%.3f MB of intermediate values\n", steps, 1e-6 * (double)tg_plan_bytes(p));
    free(steps);
  }
  tg_plan_free(p);
  tg_store_free(s);
  return status;
}

static xs_status describe_nodes(const tg_graph *g, const nn_net *net, char **text) {
  char *nodes = tg_graph_dump(g);
  *text = text_format("%s%lld parameters\n", nodes, (long long)nn_net_count(net));
  free(nodes);
  return XS_OK;
}

const option_table task_inspect_graph_table = {.what = "inspect graph", .row = rows, .n = ROWS};

void xs_inspect_graph_defaults(xs_inspect_graph_task *t) {
  *t = (xs_inspect_graph_task){0};
  option_defaults_lent(&task_inspect_graph_table, t);
}

xs_status xs_inspect_graph(const xs_inspect_graph_task *o, const char *network, char **text) {
  tg_value outputs[2] = {TG_NONE, TG_NONE};
  *text = NULL;
  if (task_check(&task_inspect_graph_table, o)) return XS_USAGE;
  if (o->image_channels == 2) {
    return (xs_status)fail(XS_USAGE, "--image-channels: 2 is not 1 or 3");
  }
  tg_graph *g = tg_graph_new();
  nn_net *net = nn_net_new("");
  xs_status status = (xs_status)build(o, network, g, net, outputs);
  if (!status && tg_graph_failure(g)) {
    status = (xs_status)fail(XS_USAGE, "%s", tg_graph_failure(g));
  }
  if (!status) {
    status = o->plan ? describe_plan(g, outputs[1] == TG_NONE ? 1 : 2, outputs, text)
                     : describe_nodes(g, net, text);
  }
  nn_net_free(net);
  tg_graph_free(g);
  return status;
}
