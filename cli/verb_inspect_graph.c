/* verb_inspect_graph.c: the nodes, or the planned steps, of one of the networks. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "nn.h"

typedef struct graph_options {
  int64_t size, image_channels, batch, channels, blocks, critic_layers, domains, classes;
  bool plan;
} graph_options;

static const option rows[] = {
    OPTION_INTEGER_ROW(NULL, 0, graph_options, size, "32", 1, 4096,
                       "height and width of the images"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, image_channels, "3", 1, 3, "1 or 3"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, batch, "1", 1, 65536, "images at a time"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, channels, "64", 1, 4096,
                       "channels of the first layer of a generator or discriminator"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, blocks, "4", 0, 1000,
                       "residual blocks of a generator"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, critic_layers, "0", 0, 6,
                       "layers of a discriminator; 0: as many as the size allows, at most 6"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, domains, "2", 2, 1000,
                       "sites of a generator or discriminator"),
    OPTION_INTEGER_ROW(NULL, 0, graph_options, classes, "10", 2, 100000, "classes of a classifier"),
    OPTION_FLAG_ROW(NULL, 0, graph_options, plan,
                    "the planned steps with kernels and buffers instead of the nodes"),
};

static nn_stargan stargan_of(const graph_options *o) {
  return (nn_stargan){.size = (int)o->size,
                      .image_channels = (int)o->image_channels,
                      .domains = (int)o->domains,
                      .channels = o->channels,
                      .blocks = o->blocks,
                      .critic_layers = o->critic_layers};
}

static int build_generator(const graph_options *o, tg_graph *g, nn_net *net, tg_value x,
                           tg_value *outputs) {
  nn_stargan s = stargan_of(o);
  if (nn_stargan_check(&s)) return XS_USAGE;
  tg_value domain = tg_input(g, "domain", tg_shape4(o->batch, 1, 1, o->domains));
  outputs[0] = nn_generator_build(g, net, &s, x, domain);
  return XS_OK;
}

static int build_discriminator(const graph_options *o, tg_graph *g, nn_net *net, tg_value x,
                               tg_value *outputs) {
  nn_stargan s = stargan_of(o);
  if (nn_stargan_check(&s)) return XS_USAGE;
  nn_verdict v = nn_discriminator_build(g, net, &s, x);
  outputs[0] = v.source;
  outputs[1] = v.domain;
  return XS_OK;
}

static int build_classifier(const graph_options *o, tg_graph *g, nn_net *net, const char *name,
                            tg_value x, tg_value *outputs) {
  nn_classifier c = {.architecture = name,
                     .size = (int)o->size,
                     .channels = (int)o->image_channels,
                     .classes = (int)o->classes};
  const char *why = nn_classifier_impossible(&c);
  if (why) return fail(XS_USAGE, "%s: %s; the others are generator and discriminator", name, why);
  outputs[0] = nn_classifier_build(g, net, &c, x);
  return XS_OK;
}

static int build(const graph_options *o, const char *name, tg_graph *g, nn_net *net,
                 tg_value outputs[2]) {
  tg_value x = tg_input(g, "x", tg_shape4(o->batch, o->size, o->size, o->image_channels));
  if (strcmp(name, "generator") == 0) return build_generator(o, g, net, x, outputs);
  if (strcmp(name, "discriminator") == 0) return build_discriminator(o, g, net, x, outputs);
  return build_classifier(o, g, net, name, x, outputs);
}

static int print_plan(tg_graph *g, int n, const tg_value *outputs) {
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *p = NULL;
  int status = tg_plan_new(g, s, n, outputs, NULL, &p) ? XS_FAILED : XS_OK;
  char *text = status ? NULL : tg_plan_dump(p);
  if (text) {
    printf("%s%.3f MB of intermediate values\n", text, 1e-6 * (double)tg_plan_bytes(p));
  }
  free(text);
  tg_plan_free(p);
  tg_store_free(s);
  return status;
}

static int print_nodes(const tg_graph *g, const nn_net *net) {
  char *text = tg_graph_dump(g);
  printf("%s%lld parameters\n", text, (long long)nn_net_count(net));
  free(text);
  return XS_OK;
}

static int run(void *record, int n, const char **word) {
  (void)n;
  const graph_options *o = record;
  tg_value outputs[2] = {TG_NONE, TG_NONE};
  if (o->image_channels == 2) return fail(XS_USAGE, "--image-channels: 2 is not 1 or 3");
  tg_graph *g = tg_graph_new();
  nn_net *net = nn_net_new("");
  int status = build(o, word[0], g, net, outputs);
  if (!status && tg_graph_failure(g)) status = fail(XS_USAGE, "%s", tg_graph_failure(g));
  if (!status) {
    status = o->plan ? print_plan(g, outputs[1] == TG_NONE ? 1 : 2, outputs) : print_nodes(g, net);
  }
  nn_net_free(net);
  tg_graph_free(g);
  return status;
}

const cli_verb verb_inspect_graph = {
    .name = "inspect graph",
    .words = "NETWORK",
    .least = 1,
    .most = 1,
    .summary =
        "Print the nodes of a generator, discriminator or classifier (lenet, densenet121, ...).",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(graph_options),
    .run = run};
