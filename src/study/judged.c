/* judged.c: what a candidate says of the images by which it is judged. */
#include <stdlib.h>

#include "choice.h"

enum { MOST = 10000 }; /* images of the source: more do not change a judgement */

/* Replaces a set by its translation. */
static xs_status translate(const chooser *c, int node, judged *j) {
  char *path = run_node_path(c->run, node, "generator.safetensors");
  translator *g = NULL;
  train_set from = j->source;
  xs_status status = translator_load(path, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translator_apply(g, from.images, from.rows, from.n, 1, &j->made);
  if (!status) {
    train_set_made(&from, j->made, &j->source);
    train_set_release(&from);
  }
  translator_free(g);
  free(path);
  return status;
}

/* The site that a candidate starts from: the pair's source, or the derived one on its way. */
static int source_of(const chooser *c, const study_candidate *x) {
  const study_node *n = &c->run->nodes.node[x->node];
  const study_pair *p = &c->run->study->pair[c->node->pair];
  return n->kind == NODE_ADAPTED ? n->source : n->kind == NODE_CHOICE ? p->via : p->source;
}

xs_status judged_open(const chooser *c, const study_candidate *x, xs_split which, bool features,
                      judged *j) {
  char *model = run_node_path(c->run, x->node, "model.safetensors");
  *j = (judged){0};
  xs_status status = run_labelled(c->run, c->node, source_of(c, x), which, &j->source);
  if (!status) train_set_limit(&j->source, c->seed, MOST);
  if (!status && x->translator >= 0) status = translate(c, x->translator, j);
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
