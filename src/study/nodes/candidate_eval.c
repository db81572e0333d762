/* candidate_eval.c: what a candidate says of the images by which it is judged. */
#include <stdlib.h>

#include "choice.h"

/* Replaces a set by its translation. */
static xs_status translate(const study_run *r, int node, train_set *source, xs_images **made) {
  char *path = run_node_path(r, node, "generator.safetensors");
  translator *g = NULL;
  train_set from = *source;
  xs_status status = translator_load(path, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translator_apply(g, from.images, from.rows, from.n, 1, made);
  if (!status) {
    train_set_made(&from, *made, source);
    train_set_release(&from);
  }
  translator_free(g);
  free(path);
  return status;
}

/* The site that a candidate starts from: the pair's source, or the derived one on its way. */
static int source_of(const study_run *r, const study_pair *p, const study_candidate *x) {
  const study_node *n = &r->nodes.node[x->node];
  return n->kind == NODE_ADAPTED ? n->source : n->kind == NODE_CHOICE ? p->via : p->source;
}

xs_status judged_source(study_run *r, const study_node *n, int pair, const study_candidate *x,
                        xs_split which, train_set *source, xs_images **made) {
  const uint64_t seed = (uint64_t)r->study->settings.seed;
  *made = NULL;
  xs_status status = run_labelled(r, n, source_of(r, &r->study->pair[pair], x), which, source);
  if (!status) train_set_limit(source, seed, JUDGED_MOST);
  if (!status && x->translator >= 0) status = translate(r, x->translator, source, made);
  return status;
}

study_candidate judged_unadapted(const study_run *r, int source) {
  return (study_candidate){
      .method = "none", .node = nodes_start(r->study, &r->nodes, source), .translator = -1};
}

xs_status judged_open(const chooser *c, const study_candidate *x, xs_split which, bool features,
                      judged *j) {
  char *model = run_node_path(c->run, x->node, "model.safetensors");
  *j = (judged){0};
  xs_status status = judged_source(c->run, c->node, c->node->pair, x, which, &j->source, &j->made);
  if (!status) {
    status = answers_open(model, seal_images(c->run->seal, c->node->target), c->rows, c->n_rows,
                          &j->source, features, &j->answers);
  }
  free(model);
  return status;
}

void judged_release(judged *j) {
  answers_release(&j->answers);
  train_set_release(&j->source);
  xs_images_close(j->made);
}

xs_status judged_keeping(const chooser *c, const study_candidate *x, xs_interval *overall,
                         xs_interval *per_class) {
  const study_candidate frozen = judged_unadapted(c->run, c->node->source);
  char *model = run_node_path(c->run, frozen.node, "model.safetensors");
  xs_labelled_outputs kept = {0};
  train_set translated;
  xs_images *made;
  xs_status status =
      judged_source(c->run, c->node, c->node->pair, x, XS_VALIDATION, &translated, &made);
  if (!status) status = outputs_of_model(model, &translated, &kept);
  if (!status) status = xs_label_keeping(&kept, overall, per_class);
  outputs_release(&kept);
  train_set_release(&translated);
  xs_images_close(made);
  free(model);
  return status;
}
