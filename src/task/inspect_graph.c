/* inspect_graph.c: the nodes, or the planned steps, of one of the networks. */
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "classifier_plan.h"
#include "error.h"
#include "memory.h"
#include "model_file.h"
#include "nn.h"
#include "task_tables.h"
#include "text.h"
#include "xsite.h"

static const char classes_help[] = "classes of a classifier; NETWORK is "
#define ARCHITECTURE(id, name, ...) name ", "
#include "xsite/architectures.def"
                                   "generator, discriminator or a classifier's model file";

static const option rows[] = {
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, size, "0", 0, 4096,
                       "height and width of the images; 0: the model file's, or 32"),
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
    OPTION_INTEGER_ROW(NULL, 0, xs_inspect_graph_task, classes, "10", 2, 100000, classes_help),
    OPTION_FLAG_ROW(NULL, 0, xs_inspect_graph_task, plan,
                    "the planned steps with kernels and buffers instead of the nodes"),
    OPTION_FLAG_ROW(NULL, 0, xs_inspect_graph_task, dot,
                    "the nodes in the DOT language, for Graphviz to draw: | dot -Tsvg > graph.svg"),
    OPTION_FLAG_ROW(NULL, 0, xs_inspect_graph_task, training,
                    "a classifier's training step, with loss, gradients and updates"),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* What is shown. */
typedef struct network {
  tg_graph *g;
  nn_net *net;
  tg_value *output; /* [n], owned */
  int n;
} network;

static int64_t size_of(const xs_inspect_graph_task *o) { return o->size ? o->size : 32; }

static tg_value input_of(const xs_inspect_graph_task *o, tg_graph *g) {
  return tg_input(g, "x", tg_shape4(o->batch, size_of(o), size_of(o), o->image_channels));
}

static void add_output(network *w, tg_value v) {
  w->output = memory_grow(w->output, (size_t)(w->n + 1) * sizeof *w->output);
  w->output[w->n++] = v;
}

static nn_stargan stargan_of(const xs_inspect_graph_task *o) {
  return (nn_stargan){.size = (int)size_of(o),
                      .image_channels = (int)o->image_channels,
                      .domains = (int)o->domains,
                      .channels = o->channels,
                      .blocks = o->blocks,
                      .critic_layers = o->critic_layers};
}

static int build_stargan(const xs_inspect_graph_task *o, bool generator, network *w) {
  nn_stargan s = stargan_of(o);
  if (o->training) return fail(XS_USAGE, "--training is for classifiers");
  if (nn_stargan_check(&s)) return XS_USAGE;
  const tg_value x = input_of(o, w->g);
  if (generator) {
    const tg_value domain = tg_input(w->g, "domain", tg_shape4(o->batch, 1, 1, o->domains));
    add_output(w, nn_generator_build(w->g, w->net, &s, x, domain));
  } else {
    const nn_verdict v = nn_discriminator_build(w->g, w->net, &s, x);
    add_output(w, v.source);
    add_output(w, v.domain);
  }
  return XS_OK;
}

static int build_classifier(const xs_inspect_graph_task *o, const nn_classifier *c, network *w) {
  if (o->training) {
    const xs_classifier_options usual = xs_classifier_defaults();
    nn_classifier trained = *c;
    fit_plan step;
    trained.dropout = usual.dropout;
    w->output = fit_graph(w->g, w->net, &trained, o->batch, usual.weight_decay, &step);
    w->n = w->net->n + 1;
  } else {
    const tg_shape s = tg_shape4(o->batch, c->size, c->size, c->channels);
    add_output(w, nn_classifier_build(w->g, w->net, c, tg_input(w->g, "x", s)));
  }
  return XS_OK;
}

static int build_named(const xs_inspect_graph_task *o, const char *name, network *w) {
  const nn_classifier c = {.architecture = name,
                           .size = (int)size_of(o),
                           .channels = (int)o->image_channels,
                           .classes = (int)o->classes};
  const char *why = nn_classifier_impossible(&c);
  if (!why) return build_classifier(o, &c, w);
  return fail(XS_USAGE,
              "%s: %s; others are generator and discriminator, and model files have theirs", name,
              why);
}

/* Of its metadata: the weights are not read. */
static int build_file(const xs_inspect_graph_task *o, const char *path, network *w) {
  model_file file;
  xs_classifier *described = NULL;
  int status = model_open(path, "classifier", &file) || classifier_describe(&file, &described)
                   ? XS_FAILED
                   : XS_OK;
  model_close(&file);
  if (status) return status;
  const nn_classifier *c = classifier_description(described);
  status = o->size && o->size != c->size ? fail(XS_USAGE, "--size %d: %s has images of %d pixels",
                                                (int)o->size, path, c->size)
                                         : build_classifier(o, c, w);
  xs_classifier_free(described);
  return status;
}

static int build(const xs_inspect_graph_task *o, const char *name, network *w) {
  if (strcmp(name, "generator") == 0) return build_stargan(o, true, w);
  if (strcmp(name, "discriminator") == 0) return build_stargan(o, false, w);
  return strpbrk(name, "./") ? build_file(o, name, w) : build_named(o, name, w);
}

static xs_status describe_plan(const network *w, char **text) {
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *p = NULL;
  xs_status status = tg_plan_new(w->g, s, w->n, w->output, NULL, &p) ? XS_FAILED : XS_OK;
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

static char *describe_nodes(const network *w) {
  char *nodes = tg_graph_dump(w->g);
  char *text = text_format("%s%lld parameters\n", nodes, (long long)nn_net_count(w->net));
  free(nodes);
  return text;
}

static xs_status describe(const xs_inspect_graph_task *o, const network *w, char **text) {
  const char *why = tg_graph_failure(w->g);
  if (why) return (xs_status)fail(XS_USAGE, "%s", why);
  if (o->plan) return describe_plan(w, text);
  *text = o->dot ? tg_graph_dot(w->g) : describe_nodes(w);
  return XS_OK;
}

const option_table task_inspect_graph_table = {.what = "inspect graph", .row = rows, .n = ROWS};

void xs_inspect_graph_defaults(xs_inspect_graph_task *t) {
  *t = (xs_inspect_graph_task){0};
  option_defaults_lent(&task_inspect_graph_table, t);
}

static xs_status check(const xs_inspect_graph_task *o) {
  if (task_options_check(&task_inspect_graph_table, o)) return XS_USAGE;
  if (o->image_channels == 2) {
    return (xs_status)fail(XS_USAGE, "--image-channels: 2 is not 1 or 3");
  }
  if (!o->plan || !o->dot) return XS_OK;
  return (xs_status)fail(XS_USAGE,
                         "--dot draws the nodes, not the planned steps: leave out --plan");
}

xs_status xs_inspect_graph(const xs_inspect_graph_task *o, const char *network_name, char **text) {
  *text = NULL;
  if (check(o)) return XS_USAGE;
  network w = {.g = tg_graph_new(), .net = nn_net_new("")};
  xs_status status = (xs_status)build(o, network_name, &w);
  if (!status) status = describe(o, &w, text);
  free(w.output);
  nn_net_free(w.net);
  tg_graph_free(w.g);
  return status;
}
