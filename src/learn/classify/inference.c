#include "inference.h"

#include "error.h"

/* The network as it answers: nothing is dropped, norms have their running statistics. */
static nn_classifier answering(const nn_classifier *c) {
  nn_classifier still = *c;
  still.dropout = 0;
  still.training = false;
  return still;
}

static inference_plan begin(tg_graph *g, const nn_classifier *c, int64_t batch) {
  return (inference_plan){.x = tg_input(g, "x", tg_shape4(batch, c->size, c->size, c->channels))};
}

static inference_plan begin_generator(tg_graph *g, const nn_stargan *s, int64_t batch) {
  return (inference_plan){
      .x = tg_input(g, "x", tg_shape4(batch, s->size, s->size, s->image_channels)),
      .domain = tg_input(g, "domain", tg_shape4(batch, 1, 1, s->domains))};
}

static int end_list(tg_graph *g) {
  const char *why = tg_graph_failure(g);
  const int status = why ? fail(1, "%s", why) : 0;
  tg_graph_free(g);
  return status;
}

int inference_list_classifier(nn_net *net, const nn_classifier *c) {
  tg_graph *g = tg_graph_new();
  const nn_classifier still = answering(c);
  nn_classifier_build(g, net, &still, begin(g, c, 1).x);
  return end_list(g);
}

int inference_list_generator(nn_net *net, const nn_stargan *s) {
  tg_graph *g = tg_graph_new();
  const inference_plan one = begin_generator(g, s, 1);
  nn_generator_build(g, net, s, one.x, one.domain);
  return end_list(g);
}

int inference_plan_classifier(nn_net *net, const nn_classifier *c, int64_t batch, tg_store *s,
                              const tg_plan_options *options, inference_plan *out) {
  tg_graph *g = tg_graph_new();
  const nn_classifier still = answering(c);
  *out = begin(g, c, batch);
  out->features = nn_classifier_features(g, net, &still, out->x);
  out->y = nn_classifier_last(g, net, &still, out->features);
  const tg_value outputs[] = {out->y, out->features};
  out->width = (int)tg_shape_of(g, out->features).d[3];
  int status = tg_plan_new(g, s, 2, outputs, options, &out->plan);
  tg_graph_free(g);
  return status ? 1 : 0;
}

int inference_plan_last(nn_net *net, const nn_classifier *c, int64_t batch, int width, tg_store *s,
                        const tg_plan_options *options, inference_plan *out) {
  tg_graph *g = tg_graph_new();
  *out = (inference_plan){.x = tg_input(g, "x", tg_shape4(batch, 1, 1, width)), .width = width};
  out->y = nn_classifier_last(g, net, c, out->x);
  int status = tg_plan_new(g, s, 1, &out->y, options, &out->plan);
  tg_graph_free(g);
  return status ? 1 : 0;
}

int inference_plan_texture(nn_net *net, const nn_classifier *c, int64_t batch, tg_store *s,
                           const tg_plan_options *options, inference_plan *out) {
  tg_graph *g = tg_graph_new();
  const nn_classifier still = answering(c);
  *out = begin(g, c, batch);
  out->y = nn_classifier_texture(g, net, &still, out->x);
  out->width = (int)tg_shape_of(g, out->y).d[3];
  int status = tg_plan_new(g, s, 1, &out->y, options, &out->plan);
  tg_graph_free(g);
  return status ? 1 : 0;
}

int inference_plan_generator(nn_net *net, const nn_stargan *s, int64_t batch, tg_store *store,
                             const tg_plan_options *options, inference_plan *out) {
  tg_graph *g = tg_graph_new();
  *out = begin_generator(g, s, batch);
  out->y = nn_generator_build(g, net, s, out->x, out->domain);
  int status = tg_plan_new(g, store, 1, &out->y, options, &out->plan);
  tg_graph_free(g);
  return status ? 1 : 0;
}
